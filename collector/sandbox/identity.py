"""IAM Identity (`/v1` of IAM): service IDs, their groups, trusted profiles and their trust."""

from .exchange import Listing
from .rows import find, sort_rows

#: The action that a caller needs for each operation; a refusal names it.
ACTIONS = {
    "service_ids": "iam-identity.serviceid.list",
    "service_id": "iam-identity.serviceid.get",
    "service_id_groups": "iam-identity.serviceid-group.list",
    "profiles": "iam-identity.profile.list",
    "profile": "iam-identity.profile.get",
    "profile_links": "iam-identity.profile.listLinks",
    "profile_rules": "iam-identity.profile.listRules",
    "profile_identities": "iam-identity.profile.listIdentities",
}


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
    return service_id_item(request, robot)


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
    return find(request.account.profiles, request.variables["id"], "id")


def profile_links(request):
    """The compute resources that may become the profile."""
    return Listing(request.account.links.get(profile(request)["id"], []))


def profile_rules(request):
    """The conditions under which people or compute resources may become the profile."""
    return Listing(request.account.claim_rules.get(profile(request)["id"], []))


def profile_identities(request):
    """The identities that may assume the profile."""
    return Listing(request.account.profile_identities.get(profile(request)["id"], []))


def _sorted(request, rows):
    order = request.choice("order", ("asc", "desc"), "asc")
    fields = ("name", "description", "created_at", "modified_at")
    sort = request.query.get("sort", "")
    return sort_rows(rows, f"-{sort}" if order == "desc" else sort, fields)
