"""Enterprise Management: the enterprise of the account, its account groups and accounts.

For an account that belongs to none, every listing is empty.
"""

from .exchange import Listing


def enterprises(request):
    """The enterprise, if the account belongs to one; `account_id` is any account in it."""
    account, query = request.account, request.query
    rows = [row for row in account.enterprises if _has(row, query, "enterprise_account_id")]
    for name, inside in (
        ("account_id", account.enterprise_accounts),
        ("account_group_id", account.account_groups),
    ):
        if query.get(name):
            found = {row["enterprise_id"] for row in inside if row["id"] == query[name]}
            rows = [row for row in rows if row["id"] in found]
    return Listing(rows)


def account_groups(request):
    """The account groups of the enterprise, or those in one place of it."""
    return Listing(_inside(request, request.account.account_groups, "parent_account_group_id"))


def enterprise_accounts(request):
    """The accounts of the enterprise, or those in one place of it."""
    return Listing(_inside(request, request.account.enterprise_accounts, "account_group_id"))


def _inside(request, rows, group_filter):
    query = request.query
    group_id, deleted = query.get(group_filter), request.flag("include_deleted")
    return [
        row
        for row in rows
        if _has(row, query, "enterprise_id", "parent")
        and (not group_id or row["parent"].endswith(f":account-group:{group_id}"))
        and (deleted or row.get("state") != "DELETED")
    ]


def _has(row, query, *names):
    return all(query.get(name) in (None, "", row.get(name)) for name in names)
