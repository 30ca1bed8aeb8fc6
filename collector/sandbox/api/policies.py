"""IAM Policy Management (`/v1/policies`, `/v2/policies`, `/v2/roles` of IAM)."""

from dataclasses import asdict

from ..account import catalogue
from ..account.naming import hex_of
from ..account.policy_shapes import as_v1, as_v2, made_as_v1, named_role, policy_parts
from .errors import ApiError
from .exchange import Listing, Reply
from .rows import find, sort_rows

#: What `/v2/roles` takes for the name of a service and means all of them by.
ALL_SERVICES = "alliamserviceroles"

_SORTABLE = (
    *("id", "type", "created_at", "created_by_id", "last_modified_at"),
    *("last_modified_by_id", "state", "last_permit_at", "last_permit_frequency"),
)

# Filter of the listing: (subject 0 or resource 1, attribute). The two lists share the first three.
_FILTERS = {
    "iam_id": (0, "iam_id"),
    "access_group_id": (0, "access_group_id"),
    "service_type": (1, "serviceType"),
}
_V2_FILTERS = _FILTERS | {
    "service_name": (1, "serviceName"),
    "service_group_id": (1, "service_group_id"),
}


def v1_policies(request):
    """All policies: those made with v2 are not left out, but come as placeholders."""
    wanted_tag = {
        index: request.query[name]
        for index, name in ((0, "tag_name"), (2, "tag_value"))
        if request.query.get(name)
    }
    rows = [
        policy
        for policy in _matching(request, _FILTERS)
        if not wanted_tag
        or any(
            all(tag[index] == value for index, value in wanted_tag.items())
            for tag in policy_parts(policy)[2]
        )
    ]
    return Listing(rows, v1_item)


def v2_policies(request):
    """All policies, those made with v1 converted."""
    return Listing(_matching(request, _V2_FILTERS), v2_item)


def v1_item(request, policy):
    """A policy in the v1 shape, where roles have their names in any case."""
    return _item(request, policy, as_v1(policy))


def v2_item(request, policy):
    """A policy in the v2 shape, where roles are ids alone unless `format=display` asks for more."""
    shown = _item(request, policy, as_v2(policy))
    if request.query.get("format") == "display":
        roles = [_enriched(request, policy, role) for role in shown["control"]["grant"]["roles"]]
        shown["control"] = {"grant": {"roles": roles}}
    return shown


def v1_policy(request):
    """One policy in the v1 shape."""
    return _single(request, v1_item)


def v2_policy(request):
    """One policy in the v2 shape."""
    return _single(request, v2_item)


def roles(request):
    """Platform, service and custom roles; those of one service only if it is named.

    Without a service the shared service roles come without actions: their actions differ from
    service to service. A service that does not exist has no roles.
    """
    query, account = request.query, request.account
    if query.get("account_id"):
        request.check_account(query["account_id"])
    if "service_name" in query and "service_group_id" in query:
        raise ApiError(
            "bad_parameter", "Only one of service_name and service_group_id can be given."
        )
    system, of_services, custom = _roles_for(account, query)
    if query.get("policy_type") == "authorization":
        system = [catalogue.DELEGATOR]
    return {
        "custom_roles": [_custom_role(request, role) for role in custom],
        "service_roles": [_role(role) for role in of_services],
        "system_roles": [_role(role) for role in system],
    }


def _roles_for(account, query):
    """(system, service, custom) roles for the service or service group in the query."""
    service = query.get("service_name")
    if "service_group_id" in query:
        return catalogue.platform_roles(), [], []
    if service is None:
        return (
            *(catalogue.platform_roles(), catalogue.shared_service_roles()),
            account.custom_roles,
        )
    if service == ALL_SERVICES:
        return catalogue.platform_roles(), catalogue.shared_service_roles(), []
    if service not in catalogue.SERVICES:
        return [], [], []
    own = catalogue.own_roles(service)
    return (
        catalogue.platform_roles() + [role for role in own if ":role:" in role.crn],
        catalogue.shared_service_roles(service)
        + [role for role in own if ":serviceRole:" in role.crn],
        [role for role in account.custom_roles if role["service_name"] == service],
    )


def custom_role(request):
    """One custom role; no other kind of role has an id."""
    role = find(
        request.account.custom_roles,
        request.variables["id"],
        "id",
        message="The role does not exist.",
        code="role_not_found",
    )
    return _custom_role(request, role)


def access_settings(request):
    """What identities of other accounts may do with their access here."""
    request.check_account(request.variables["account_id"])
    interaction = {"identity_types": request.account.external_access}
    return {"external_account_identity_interaction": interaction}


def _matching(request, filters):
    """The policies that the parameters of a listing leave, in the order asked for."""
    request.require_account()
    request.choice("format", ("include_last_permit", "display"))
    state = request.choice("state", ("active", "deleted"), "active")
    kind = request.choice("type", ("access", "authorization"))
    wanted = {
        place: request.query[name] for name, place in filters.items() if request.query.get(name)
    }
    rows = [
        policy
        for policy in request.account.policies
        if policy.get("state", "active") == state
        and kind in (None, policy.get("type"))
        and (not wanted or _has_attributes(policy, wanted))
    ]
    return sort_rows(rows, request.query.get("sort"), _SORTABLE)


def _has_attributes(policy, wanted):
    parts = policy_parts(policy)
    return all(
        any((key, value) == (attribute, text) for key, _, value in parts[index])
        for (index, attribute), text in wanted.items()
    )


def _item(request, policy, shape):
    """`shape` with its link; when the policy last permitted something is told on request only."""
    version = "v1" if made_as_v1(policy) else "v2"
    shown = {**shape, "href": request.link(f"/{version}/policies/{policy.get('id')}")}
    if request.query.get("format") != "include_last_permit":
        shown.pop("last_permit_at", None)
        shown.pop("last_permit_frequency", None)
    return shown


def _single(request, item):
    policy_id = request.variables["id"]
    policy = find(
        request.account.policies,
        policy_id,
        "id",
        message=f"Policy with id {policy_id} is not found.",
        code="policy_not_found",
    )
    tag = hex_of(policy_id, policy.get("last_modified_at"))
    return Reply(item(request, policy), {"ETag": f'"1-{tag}"'})


def _enriched(request, policy, role):
    """A role with what `format=display` adds: names, and actions on the policy's service."""
    role_id = role["role_id"]
    service = {key: value for key, _, value in policy_parts(policy)[1]}.get("serviceName")
    actions = [
        action
        for known in _roles_on(request.account, service)
        if known["crn"] == role_id
        for action in known["actions"]
    ]
    return {
        **named_role(role_id, request.account.custom_roles),
        "actions": [{"id": a, "display_name": a, "description": ""} for a in actions],
    }


def _roles_on(account, service):
    known = catalogue.platform_roles() + catalogue.shared_service_roles(service)
    known += catalogue.own_roles(service)
    return account.custom_roles + [_role(role) for role in known]


def _role(role):
    return {**asdict(role), "actions": list(role.actions)}


def _custom_role(request, role):
    return {**role, "href": request.link(f"/v2/roles/{role['id']}")}
