"""User Management: the people of an account. Service IDs and profiles are not among them."""

from .activity import with_activity
from .exchange import Listing
from .rows import find

# What `search` calls a field: what the user object calls it.
_SEARCHABLE = {
    **{name: name for name in ("firstname", "lastname", "email", "state", "iam_id", "realm")},
    "substate": "sub_state",
    "userId": "user_id",
}


def users(request):
    """The users of the account, or those that `search` and `user_id` find."""
    request.check_account(request.variables["account_id"])
    rows = request.account.users
    if request.query.get("user_id"):
        rows = [person for person in rows if person.get("user_id") == request.query["user_id"]]
    if request.query.get("search"):
        wanted = [part.partition(":") for part in request.query["search"].split(",")]
        rows = [person for person in rows if any(_found(person, *part) for part in wanted)]
    return Listing(rows, user_item)


def user_item(request, person):
    """A user as sent; settings are told on request only."""
    shown = {key: value for key, value in person.items() if key != "settings"}
    if request.flag("include_settings"):
        shown["settings"] = _settings(request, person)
    return shown


def user(request):
    """One user."""
    person = _user(request)
    return with_activity(request, user_item(request, person), person)


def user_settings(request):
    """The settings of one user."""
    return _settings(request, _user(request))


def _user(request):
    request.check_account(request.variables["account_id"])
    message = "The user is not a member of the account."
    return find(request.account.users, request.variables["iam_id"], "iam_id", message=message)


def _settings(request, person):
    defaults = {
        "language": "",
        "notification_language": "",
        "allowed_ip_addresses": "",
        "self_manage": False,
    }
    own = request.account.user_options.get(person.get("iam_id"), {})
    return {**defaults, **person.get("settings", {}), **own}


def _found(person, field, _colon, text):
    return text.lower() in str(person.get(_SEARCHABLE.get(field), "")).lower()
