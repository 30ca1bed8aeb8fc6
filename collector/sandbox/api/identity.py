"""IAM Identity (`/v1` of IAM): API keys, service IDs and their groups, trusted profiles."""

from ..account.identities import member_type
from .activity import with_activity
from .errors import ApiError
from .exchange import Listing
from .rows import find, sort_rows

#: The action that a caller needs for each operation; a refusal names it.
ACTIONS = {
    "api_keys": "iam-identity.apikey.list",
    "api_key": "iam-identity.apikey.get",
    "service_ids": "iam-identity.serviceid.list",
    "service_id": "iam-identity.serviceid.get",
    "service_id_groups": "iam-identity.serviceid-group.list",
    "profiles": "iam-identity.profile.list",
    "profile": "iam-identity.profile.get",
    "profile_links": "iam-identity.profile.listLinks",
    "profile_rules": "iam-identity.profile.listRules",
    "profile_identities": "iam-identity.profile.listIdentities",
    "identity_settings": "iam-identity.account.get",
    "effective_identity_settings": "iam-identity.account.get",
    "identity_limits": "iam-identity.account.get",
    "start_mfa_report": "iam-identity.mfa-status.get",
    "mfa_report": "iam-identity.mfa-status.get",
    "start_activity_report": "iam-identity.report.create",
    "activity_report": "iam-identity.report.get",
}


def api_keys(request):
    """The caller's own keys, or with `scope=account` everybody's.

    Keys of service IDs are those of one service ID group: of the default group if the request
    names none. To keys of users the group does not matter.
    """
    request.require_account()
    owner = request.query.get("iam_id")
    if request.choice("scope", ("entity", "account"), "entity") == "entity":
        owner = owner or request.caller
        kind = None
        if member_type(owner) == "user" and owner != request.caller:
            raise ApiError("forbidden")
    else:
        kind = request.choice("type", ("user", "serviceid"))
    group_id, identities = request.query.get("group_id"), request.account.identities

    def wanted(key):
        iam_id = key.get("iam_id", "")
        if owner not in (None, "", iam_id):
            return False
        if member_type(iam_id) == "user":
            return kind in (None, "user")
        in_group = identities.get(iam_id, {}).get("group_id") == group_id
        return in_group and kind in (None, "serviceid")

    rows = [key for key in request.account.api_keys if wanted(key)]
    return Listing(_sorted(request, rows, _KEY_ORDER), api_key_item)


def api_key_item(request, key):
    """A key as sent: the secret of another user's key is never shown."""
    iam_id = key.get("iam_id", "")
    if member_type(iam_id) == "user" and iam_id != request.caller and key.get("apikey"):
        return {**key, "apikey": ""}
    return key


def api_key(request):
    """One API key, of whomever."""
    key = find(request.account.api_keys, request.variables["id"], "id")
    return with_activity(request, api_key_item(request, key), key)


def service_ids(request):
    """Those of one service ID group; of the default group if the request names none."""
    request.require_account()
    wanted = {"group_id": request.query.get("group_id")}
    if request.query.get("name"):
        wanted["name"] = request.query["name"]
    rows = [
        robot
        for robot in request.account.service_ids
        if all(robot.get(key) == value for key, value in wanted.items())
    ]
    return Listing(_sorted(request, rows), service_id_item)


def service_id_item(request, robot):
    """A service ID as sent: its group is named on request only, and the default one never is."""
    if request.flag("show_group_id"):
        return robot
    return {key: value for key, value in robot.items() if key != "group_id"}


def service_id(request):
    """One service ID, of whatever group."""
    robot = find(request.account.service_ids, request.variables["id"], "id")
    return with_activity(request, service_id_item(request, robot), robot)


def service_id_groups(request):
    """The groups beside the default one."""
    request.require_account()
    return Listing(request.account.service_id_groups)


def profiles(request):
    """The trusted profiles of the account."""
    request.require_account()
    name = request.query.get("name")
    rows = [row for row in request.account.profiles if name in (None, "", row.get("name"))]
    return Listing(_sorted(request, rows))


def profile(request):
    """One trusted profile."""
    row = _profile(request)
    return with_activity(request, row, row)


def profile_links(request):
    """The compute resources that may become the profile."""
    return Listing(request.account.links.get(_profile(request)["id"], []))


def profile_rules(request):
    """The conditions under which people or compute resources may become the profile."""
    return Listing(request.account.claim_rules.get(_profile(request)["id"], []))


def profile_identities(request):
    """The identities that may assume the profile."""
    return Listing(request.account.profile_identities.get(_profile(request)["id"], []))


_ORDER = ("name", "description", "created_at", "modified_at")
_KEY_ORDER = ("name", "description", "created_at", "created_by")


def _profile(request):
    return find(request.account.profiles, request.variables["id"], "id")


def _sorted(request, rows, fields=_ORDER):
    order = request.choice("order", ("asc", "desc"), "asc")
    sort = request.query.get("sort", "")
    return sort_rows(rows, f"-{sort}" if order == "desc" else sort, fields)
