"""IAM Access Groups (`/v2/groups` of IAM): groups, members, dynamic rules, settings."""

from ..account.identities import PUBLIC_ACCESS_ID
from ..account.naming import make_crn
from .exchange import Listing
from .rows import find, sort_rows

_MEMBERSHIP_TYPES = ("static", "dynamic", "all")


def groups(request):
    """The account's groups, the Public Access group included unless it is hidden."""
    request.require_account()
    rows = request.account.groups
    if request.flag("hide_public_access"):
        rows = [group for group in rows if group.get("id") != PUBLIC_ACCESS_ID]
    if request.query.get("iam_id"):
        rows = [group for group in rows if _has_member(request, group, request.query["iam_id"])]
    field, _, text = request.query.get("search", "").partition(":")
    if field in ("id", "name", "description") and text:
        rows = [group for group in rows if text.lower() in (group.get(field) or "").lower()]
    rows = sort_rows(rows, request.query.get("sort"), ("id", "name", "description"))
    return Listing(rows, group_item)


def group_item(request, group):
    """A group as sent; whether it has rules, and its CRN, are told on request only."""
    group_id = group.get("id")
    shown = {**group, "href": request.link(f"/v2/groups/{group_id}")}
    if request.flag("show_federated"):
        shown["is_federated"] = bool(request.account.group_rules.get(group_id))
    if request.flag("show_crn"):
        account_id = request.account.account_id
        shown["crn"] = make_crn("iam-groups", account_id, kind="groups", resource=group_id)
    return shown


def group(request):
    """One group."""
    return group_item(request, _group(request))


def members(request):
    """The members of a group: without `membership_type` only those put in by hand."""
    rows = _members(request, _group(request)["id"])
    kind = request.choice("type", ("user", "service", "profile"))
    if kind:
        rows = [member for member in rows if member.get("type") == kind]
    if request.flag("verbose"):
        rows = [{**member, **_names(request, member)} for member in rows]
        sort = request.query.get("sort", "").replace("id", "iam_id")
        rows = sort_rows(rows, sort, ("iam_id", "name", "email"))
    return Listing(rows, member_item)


def member_item(request, member):
    """A membership as sent."""
    path = f"/v2/groups/{request.variables['id']}/members/{member.get('iam_id')}"
    return {**member, "href": request.link(path)}


def group_rules(request):
    """The dynamic rules of a group."""
    return Listing(request.account.group_rules.get(_group(request)["id"], []))


def group_settings(request):
    """Whether the account's resources can be open to everybody."""
    request.require_account()
    account = request.account
    return {
        "account_id": account.account_id,
        "last_modified_at": "2024-03-05T09:41:22.000Z",
        "last_modified_by_id": account.owner["iam_id"],
        "public_access_enabled": account.public_access_enabled,
    }


def _group(request):
    message = "The access group does not exist."
    return find(request.account.groups, request.variables["id"], "id", message=message)


def _members(request, group_id):
    wanted = request.choice("membership_type", _MEMBERSHIP_TYPES, "static")
    return [
        member
        for member in request.account.members.get(group_id, ())
        if wanted in ("all", member.get("membership_type"))
    ]


def _has_member(request, group, iam_id):
    return any(member.get("iam_id") == iam_id for member in _members(request, group.get("id")))


def _names(request, member):
    """What `verbose` adds; nothing for a member that no longer exists."""
    who = request.account.identities.get(member.get("iam_id"), {})
    if "firstname" in who:
        return {"name": f"{who['firstname']} {who['lastname']}".strip(), "email": who.get("email")}
    return {key: who[key] for key in ("name", "description") if key in who}
