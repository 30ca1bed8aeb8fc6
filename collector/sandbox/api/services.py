"""What the sandbox serves: each service, where it is mounted, and each of its operations."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import (
    access_groups,
    accounts,
    enterprise,
    errors,
    identity,
    identity_reports,
    identity_settings,
    policies,
    resources,
    restrictions,
    search,
    tokens,
    users,
)
from .paging import (
    Paging,
    counted,
    next_docid,
    offset_links,
    page_token,
    plain_offset,
    search_cursor,
    start_cursor,
    start_token,
    underscore_start,
    whole,
    whole_with_next_url,
)

#: The path under which each host of IBM Cloud is mounted, and the variables that point there.
#: For enterprises IBM's own value has the version in it.
MOUNTS = {
    "/iam": ("IBMCLOUD_IAM_API_ENDPOINT",),
    "/accounts": ("IBMCLOUD_ACCOUNT_MANAGEMENT_API_ENDPOINT",),
    "/user-management": ("IBMCLOUD_USER_MANAGEMENT_ENDPOINT",),
    "/resource-controller": (
        "IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT",
        "IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT",
    ),
    "/enterprise/v1": ("IBMCLOUD_ENTERPRISE_API_ENDPOINT",),
    "/search": ("IBMCLOUD_GS_API_ENDPOINT",),
    "/tags": ("IBMCLOUD_GT_API_ENDPOINT",),
    "/cbr": ("IBMCLOUD_CONTEXT_BASED_RESTRICTIONS_ENDPOINT",),
}


@dataclass(frozen=True)
class Service:
    """A family of operations on one host that word their refusals alike."""

    name: str
    mount: str
    error_body: Callable


GATEWAY = Service("gateway", "/iam", errors.gateway_page)
TOKENS = Service("iam-token", "/iam", errors.token_error)
IDENTITY = Service("iam-identity", "/iam", errors.identity_error)
GROUPS = Service("iam-groups", "/iam", errors.groups_error)
POLICIES = Service("iam-policies", "/iam", errors.policies_error)
ACCOUNTS = Service("accounts", "/accounts", errors.users_error)
USERS = Service("user-management", "/user-management", errors.users_error)
RESOURCES = Service("resource-controller", "/resource-controller", errors.resources_error)
ENTERPRISE = Service("enterprise", "/enterprise", errors.users_error)
SEARCH = Service("global-search", "/search", errors.search_error)
TAGS = Service("global-tagging", "/tags", errors.search_error)
RESTRICTIONS = Service("context-based-restrictions", "/cbr", errors.groups_error)


class Route:
    """One operation, named like the function that answers it.

    A variable of the path stands in braces; `[/]` is a slash that may be there or not. The
    handler of a route with `paging` returns a Listing, that of one without it the whole body.
    """

    def __init__(self, service, path, handler, paging: Paging | None = None, method="GET"):
        self.service = service
        self.path = path
        self.handler = handler
        self.paging = paging
        self.name = handler.__name__
        self.method = method
        self.action = identity.ACTIONS.get(self.name, "")
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path.replace("[/]", "/?"))
        self._pattern = re.compile(pattern)

    def variables(self, path):
        """The variables in a path as it came, still quoted; None if it is not this route's."""
        found = self._pattern.fullmatch(path)
        return found and found.groupdict()

    def called(self, names):
        """Whether `names` has this route's name, its path, or its service's name."""
        return not names.isdisjoint((self.name, self.path, self.service.name))


_PROFILE = "/v1/profiles/{id}"
_ACCOUNT = "/v1/accounts/{account_id}"
_MFA = "/v1/mfa/accounts/{account_id}/report"
_ACTIVITY = "/v1/activity/accounts/{account_id}/report"

ROUTES = (
    Route(TOKENS, "/identity/token", tokens.token, method="POST"),
    Route(IDENTITY, "/v1/apikeys", identity.api_keys, page_token("apikeys")),
    Route(IDENTITY, "/v1/apikeys/{id}", identity.api_key),
    Route(IDENTITY, "/v1/serviceids[/]", identity.service_ids, page_token("serviceids")),
    Route(IDENTITY, "/v1/serviceids/{id}", identity.service_id),
    Route(IDENTITY, "/v1/serviceid_groups", identity.service_id_groups, whole("serviceid_groups")),
    Route(IDENTITY, "/v1/profiles", identity.profiles, page_token("profiles")),
    Route(IDENTITY, _PROFILE, identity.profile),
    Route(IDENTITY, f"{_PROFILE}/links", identity.profile_links, whole("links")),
    Route(IDENTITY, f"{_PROFILE}/rules", identity.profile_rules, whole("rules")),
    Route(IDENTITY, f"{_PROFILE}/identities", identity.profile_identities, whole("identities")),
    Route(IDENTITY, f"{_ACCOUNT}/settings/identity", identity_settings.identity_settings),
    Route(
        IDENTITY,
        f"{_ACCOUNT}/effective_settings/identity",
        identity_settings.effective_identity_settings,
    ),
    Route(IDENTITY, f"{_ACCOUNT}/limits/identity", identity_settings.identity_limits),
    Route(IDENTITY, _MFA, identity_reports.start_mfa_report, method="POST"),
    Route(IDENTITY, f"{_MFA}/{{reference}}", identity_reports.mfa_report),
    Route(IDENTITY, _ACTIVITY, identity_reports.start_activity_report, method="POST"),
    Route(IDENTITY, f"{_ACTIVITY}/{{reference}}", identity_reports.activity_report),
    Route(GROUPS, "/v2/groups", access_groups.groups, offset_links("groups")),
    Route(GROUPS, "/v2/groups/settings", access_groups.group_settings),
    Route(GROUPS, "/v2/groups/{id}", access_groups.group),
    Route(GROUPS, "/v2/groups/{id}/members", access_groups.members, offset_links("members")),
    Route(GROUPS, "/v2/groups/{id}/rules", access_groups.group_rules, whole("rules")),
    Route(POLICIES, "/v1/policies", policies.v1_policies, start_token("policies")),
    Route(POLICIES, "/v1/policies/{id}", policies.v1_policy),
    Route(POLICIES, "/v2/policies", policies.v2_policies, start_token("policies")),
    Route(POLICIES, "/v2/policies/{id}", policies.v2_policy),
    Route(POLICIES, "/v2/roles", policies.roles),
    Route(POLICIES, "/v2/roles/{id}", policies.custom_role),
    Route(POLICIES, f"{_ACCOUNT}/settings/access_management", policies.access_settings),
    Route(ACCOUNTS, "/v4/accounts/{account_id}", accounts.v4_account),
    Route(ACCOUNTS, "/v1/accounts", accounts.v1_accounts, whole_with_next_url("resources")),
    Route(ACCOUNTS, "/v1/accounts/{account_id}", accounts.v1_account),
    Route(USERS, "/v2/accounts/{account_id}/users", users.users, underscore_start("resources")),
    Route(USERS, "/v2/accounts/{account_id}/users/{iam_id}", users.user),
    Route(USERS, "/v2/accounts/{account_id}/users/{iam_id}/settings", users.user_settings),
    Route(RESOURCES, "/v2/resource_groups", resources.resource_groups, whole("resources")),
    Route(RESOURCES, "/v2/resource_groups/{id}", resources.resource_group),
    Route(RESOURCES, "/v2/resource_instances", resources.instances, start_cursor("resources")),
    Route(RESOURCES, "/v2/resource_instances/{id}", resources.instance),
    Route(
        RESOURCES,
        "/v2/resource_instances/{id}/resource_keys",
        resources.instance_keys,
        start_cursor("resources"),
    ),
    Route(RESOURCES, "/v2/resource_keys", resources.resource_keys, start_cursor("resources")),
    Route(RESOURCES, "/v1/reclamations", resources.reclamations, whole("resources")),
    Route(ENTERPRISE, "/v1/enterprises", enterprise.enterprises, next_docid()),
    Route(ENTERPRISE, "/v1/account-groups", enterprise.account_groups, next_docid()),
    Route(ENTERPRISE, "/v1/accounts", enterprise.enterprise_accounts, next_docid()),
    Route(SEARCH, "/v3/resources/search", search.search, search_cursor("items"), method="POST"),
    Route(TAGS, "/v3/tags", search.tags, plain_offset("items")),
    Route(RESTRICTIONS, "/v1/zones", restrictions.zones, counted("zones")),
    Route(RESTRICTIONS, "/v1/zones/{id}", restrictions.zone),
    Route(RESTRICTIONS, "/v1/rules", restrictions.cbr_rules, counted("rules")),
    Route(RESTRICTIONS, "/v1/rules/{id}", restrictions.cbr_rule),
    Route(RESTRICTIONS, "/v1/account_settings/{account_id}", restrictions.cbr_settings),
)

# Who answers for a path that no route has: in front of IAM, the gateway.
_FALLBACKS = {
    service.mount: service
    for service in (
        *(GATEWAY, ACCOUNTS, USERS, RESOURCES),
        *(ENTERPRISE, SEARCH, TAGS, RESTRICTIONS),
    )
}


def find_route(mount, path):
    """(service, route, variables of the path); without a route, the service that says so."""
    for route in ROUTES:
        if route.service.mount == mount:
            variables = route.variables(path)
            if variables is not None:
                return route.service, route, variables
    return _FALLBACKS.get(mount, GATEWAY), None, {}


def check_names(names):
    """`names` as a set; ValueError if one of them is no route's name or path and no service."""
    unknown = set(names) - {
        name for route in ROUTES for name in (route.name, route.path, route.service.name)
    }
    if unknown:
        known = ", ".join(route.name for route in ROUTES)
        raise ValueError(f"No such operation: {', '.join(sorted(unknown))}. There are: {known}.")
    return frozenset(names)
