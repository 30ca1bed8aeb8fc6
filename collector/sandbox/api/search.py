"""Global Search and Global Tagging: every resource with its tags, and the tags by themselves."""

import re
from fnmatch import fnmatchcase

from ..account.tags import TAG_KINDS
from .errors import ApiError
from .exchange import Listing

_DEFAULT_FIELDS = ("account_id", "name", "type", "family", "crn")
_STATES = {"removed": "is_deleted", "pending_reclamation": "is_reclaimed"}
_TERM = re.compile(r'([\w.]+):(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+))')


def search(request):
    """The resources that a query finds, deleted and reclaimed ones on request only."""
    account, asked = request.account, request.document
    if request.query.get("account_id"):
        request.check_account(request.query["account_id"])
    shown = {
        name: request.choice(name, ("false", "true", "any"), "false") for name in _STATES.values()
    }
    conditions = _conditions(asked.get("query") or "*")
    rows = [row for row in account.instances if "crn" in row and _is_shown(row, shown)]
    if "true" not in shown.values():
        rows += account.searchables
    if conditions:
        rows = [row for row in rows if _matches(search_row(account, row), conditions)]
    return Listing(rows, search_item)


def search_item(request, row):
    """A resource with the fields that the request wants; the CRN always comes."""
    full = search_row(request.account, row)
    fields = request.document.get("fields") or _DEFAULT_FIELDS
    if "*" in fields:
        return full
    return {key: value for key, value in full.items() if key in fields or key == "crn"}


def search_row(account, row):
    """All that search knows of a resource."""
    tags = account.tags.get(row["crn"], {})
    attached = {
        ("tags" if kind == "user" else f"{kind}_tags"): tags.get(kind, []) for kind in TAG_KINDS
    }
    if "guid" not in row:
        return {**row, **attached}
    return {
        "crn": row["crn"],
        "name": row.get("name"),
        "type": "resource-instance",
        "family": "resource_controller",
        "service_name": row["crn"].split(":")[4],
        "region": row.get("region_id"),
        "resource_group_id": row.get("resource_group_id"),
        "account_id": row.get("account_id"),
        "creation_date": row.get("created_at"),
        "modification_date": row.get("updated_at"),
        **attached,
    }


def tags(request):
    """The tags of one kind; of user tags if the request names none."""
    kind = request.choice("tag_type", TAG_KINDS, "user")
    if kind == "service" and not request.query.get("account_id"):
        raise ApiError("missing_parameter", "The query parameter account_id is required.")
    if request.query.get("account_id"):
        request.check_account(request.query["account_id"])
    names = _tag_names(request, kind)
    if request.choice("order_by_name", ("asc", "desc"), "asc") == "desc":
        names.reverse()
    return Listing([{"name": name} for name in names])


def _tag_names(request, kind):
    account = request.account
    crn = request.query.get("attached_to")
    if crn:
        if not request.query.get("providers"):
            raise ApiError("missing_parameter", "The query parameter providers is required.")
        return sorted(account.tags.get(crn, {}).get(kind, []))
    if request.flag("attached_only"):
        return sorted({name for row in account.tags.values() for name in row[kind]})
    return sorted(account.tag_names[kind])


def _is_shown(row, shown):
    """Whether an instance's state is one that `is_deleted` and `is_reclaimed` let through."""
    flag = _STATES.get(row.get("state"))
    if flag:
        return shown[flag] in ("true", "any")
    return "true" not in shown.values()


def _conditions(query):
    """The (field, pattern) pairs of a query; of Lucene's syntax only `field:value AND …`."""
    pairs = []
    for term in query.split(" AND "):
        if term.strip() in ("*", "*:*"):
            continue
        found = _TERM.fullmatch(term.strip())
        if found is None:
            raise ApiError("bad_parameter", "The sandbox understands field:value AND … alone.")
        name, quoted, bare = found.groups()
        pairs.append((name, re.sub(r"\\(.)", r"\1", bare if quoted is None else quoted)))
    return pairs


def _matches(full, conditions):
    for name, pattern in conditions:
        value = full.get(name) or ""
        values = value if isinstance(value, list) else [value]
        if not any(fnmatchcase(str(one), pattern) for one in values):
            return False
    return True
