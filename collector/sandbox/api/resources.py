"""Resource Manager and Resource Controller: resource groups, instances, their credentials."""

from .errors import ApiError
from .exchange import Listing
from .rows import find

#: The states of instances that a listing without `state` shows.
DEFAULT_STATES = ("active", "provisioning")


def resource_groups(request):
    """The groups that the token may see; instances can be in others."""
    if request.query.get("account_id"):
        request.check_account(request.query["account_id"])
    account, query = request.account, request.query
    rows = [
        group
        for group in account.resource_groups
        if group.get("id") not in account.unlisted_resource_groups
        and query.get("name") in (None, group.get("name"))
        and query.get("default") in (None, str(group.get("default")).lower())
    ]
    return Listing(rows)


def resource_group(request):
    """One resource group."""
    group_id = request.variables["id"]
    if group_id in request.account.unlisted_resource_groups:
        raise ApiError("forbidden")
    message = "The resource group does not exist."
    return find(request.account.resource_groups, group_id, "id", message=message)


def instances(request):
    """The instances in one state; without `state` the active and provisioning ones."""
    query = request.query
    states = (query["state"],) if query.get("state") else DEFAULT_STATES
    wanted = [(name, query[name]) for name in _FILTERS if name in query]
    rows = [
        instance
        for instance in request.account.instances
        if instance.get("state", "active") in states
        and all(instance.get(name) == value for name, value in wanted)
        and _updated_when_wanted(query, instance)
    ]
    return Listing(rows)


def instance(request):
    """One instance in any state, by GUID or CRN."""
    message = "The resource instance does not exist."
    key = request.variables["id"]
    return find(request.account.instances, key, "guid", "crn", message=message)


def resource_keys(request):
    """The service credentials of the account, secrets included."""
    query = request.query
    wanted = [(name, query[name]) for name in _KEY_FILTERS if name in query]
    rows = [
        key
        for key in request.account.resource_keys
        if all(key.get(name) == value for name, value in wanted)
        and _updated_when_wanted(query, key)
    ]
    return Listing(rows)


def instance_keys(request):
    """The service credentials of one instance."""
    crn = instance(request).get("crn")
    return Listing([key for key in request.account.resource_keys if key.get("source_crn") == crn])


def reclamations(request):
    """The instances that wait for their deletion."""
    filters = ("account_id", "resource_instance_id", "resource_group_id")
    rows = [
        row
        for row in request.account.reclamations
        if all(request.query.get(name) in (None, row.get(name)) for name in filters)
    ]
    return Listing(rows)


# The account is a filter here like any other: another one's id finds nothing.
_FILTERS = (
    *("account_id", "guid", "name", "resource_group_id", "resource_id", "resource_plan_id"),
    *("type", "sub_type"),
)
_KEY_FILTERS = ("guid", "name", "resource_group_id", "resource_id")


def _updated_when_wanted(query, row):
    """Whether a row changed between `updated_from` and `updated_to`, each a day or a time."""
    updated = row.get("updated_at") or ""
    return query.get("updated_from", "") <= updated and updated[:10] <= query.get(
        "updated_to", "9999"
    )
