"""What is asked of IBM Cloud: one entry for each API resource, and nothing but entries.

The next resource is one more entry here, with a function in rows.py only if its objects are
not flat. Paging is no field: the client takes every form of "next" there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..store.schema import PUBLIC_ACCESS_GROUP, TABLE
from . import rows
from .endpoints import (
    ACCOUNTS,
    ENTERPRISE,
    IAM,
    RESOURCE_CONTROLLER,
    RESOURCE_MANAGER,
    RESTRICTIONS,
    SEARCH,
    TAGGING,
    USERS,
    Service,
)

ACCOUNT, KEY = "{account}", "{key}"
_PAGE_SIZES = ("limit", "pagesize")

_INSTANCE_STATES = (
    "active",
    "provisioning",
    "pre_provisioning",
    "inactive",
    "failed",
    "pending_reclamation",
    "removed",
)


_FOUND_FIELDS = (
    *("crn", "name", "family", "type", "service_name", "region", "resource_group_id"),
    *("creation_date", "tags", "access_tags", "service_tags"),
)


@dataclass(frozen=True)
class Each:
    """Ask once for each key found in the objects of another part, such as each group's ID.

    With `by_name` the key is not the object's own but something that it names.
    """

    part: str
    keys: Callable[[Mapping[str, Any]], Iterable[str]]
    by_name: bool = False


@dataclass(frozen=True)
class Resource:
    """One listing of the API.

    `part` names what it belongs to, after the table it fills (the name that `--only` and
    collection_steps use). `items` is the envelope's field, None if the body is the object.
    `path` and the values of `params` may hold {account} and {key}. `variants` are asked one
    by one. `last` waits for the other listings of its part, and leaves alone what they brought.
    `optional` are the status codes that mean that the account has no such feature. `fallback`
    is asked if this one is refused, whatever the reason. `role` is the IAM role that allows it.
    `post` is a JSON body to ask with. `then` is asked for the report whose reference this one
    answers with.
    """

    part: str
    service: Service
    path: str
    items: str | None
    rows: rows.RowFunction
    role: str
    params: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[Mapping[str, str], ...] = ({},)
    each: Each | None = None
    last: bool = False
    optional: tuple[int, ...] = ()
    fallback: Resource | None = None
    post: Mapping[str, Any] | None = None
    then: Resource | None = None

    def __post_init__(self) -> None:
        if self.part not in TABLE:
            raise ValueError(
                f"{self.path} fills the table {self.part}, which store/schema.py does not declare."
            )

    @property
    def may_be_empty(self) -> bool:
        """Whether an empty object is a good answer: that of a child without anything to list.

        What comes in pages has the size of a page in it, and what is one object has its fields.
        """
        return bool(self.each and self.items) and self.params.keys().isdisjoint(_PAGE_SIZES)


def _id(item: Mapping[str, Any]) -> Iterable[str]:
    return [item["id"]]


def _id_unless_public(item: Mapping[str, Any]) -> Iterable[str]:
    # Everybody is in the Public Access group: it has no list of members worth asking for.
    return [] if item["id"] == PUBLIC_ACCESS_GROUP else [item["id"]]


def _id_if_federated(item: Mapping[str, Any]) -> Iterable[str]:
    # The listing tells which groups have dynamic rules; where it does not, ask.
    return [] if item.get("is_federated") is False else _id_unless_public(item)


_ACCOUNT_VIEWER = "Viewer on Account Management (All Account Management services)"
_IDENTITY_VIEWER = "Viewer on IAM Identity"
_GROUPS_VIEWER = "Viewer on IAM Access Groups"
_ROLES_VIEWER = "Viewer on IAM Access Management"
_POLICY_VIEWER = (
    "Viewer on All Account Management services and on All Identity and Access enabled services"
)

_KEYS_READER = "Operator or API key reviewer on IAM Identity"
_REPORTS_READER = "Administrator or Service Configuration Reader on IAM Identity"
_RESTRICTIONS_VIEWER = "Viewer on Context-based restrictions"
_RESOURCES_VIEWER = "Viewer on All Identity and Access enabled services"
_ENTERPRISE_VIEWER = "Viewer on Enterprise"

_OLD_ACCOUNT = Resource(
    "accounts", ACCOUNTS, "/v1/accounts/{account}", None, rows.old_account_rows, _ACCOUNT_VIEWER
)

_IDENTITY_SETTINGS = Resource(
    "account_settings",
    IAM,
    "/v1/accounts/{account}/settings/identity",
    None,
    rows.identity_setting_rows,
    _IDENTITY_VIEWER,
)


def _report(part: str, kind: str, row_function: rows.RowFunction, **params: str) -> Resource:
    """A report that IBM Cloud has to make first: ask for it, then for its result.

    The newest of those made before does if it takes too long or is refused; there may be none.
    """
    path = f"/v1/{kind}/accounts/{{account}}/report"
    latest = Resource(part, IAM, f"{path}/latest", None, row_function, _REPORTS_READER)
    result = Resource(
        part, IAM, f"{path}/{{key}}", None, row_function, _REPORTS_READER, fallback=latest
    )
    return Resource(
        part,
        IAM,
        path,
        None,
        rows.no_rows,
        _REPORTS_READER,
        params,
        post={},
        then=result,
        fallback=latest,
    )


RESOURCES: tuple[Resource, ...] = (
    Resource(
        "accounts",
        ACCOUNTS,
        "/v4/accounts/{account}",
        items=None,
        rows=rows.account_rows,
        role=_ACCOUNT_VIEWER,
        fallback=_OLD_ACCOUNT,
    ),
    Resource(
        "users",
        USERS,
        "/v2/accounts/{account}/users",
        items="resources",
        rows=rows.user_rows,
        role="Viewer on User Management",
        params={"limit": "100", "include_settings": "true"},
    ),
    Resource(
        "serviceid_groups",
        IAM,
        "/v1/serviceid_groups",
        items="serviceid_groups",
        rows=rows.flat("serviceid_groups", listed=True),
        role=_IDENTITY_VIEWER,
        params={"account_id": ACCOUNT},
        optional=(404,),
    ),
    # Without a group only the service IDs of the default group are listed.
    Resource(
        "serviceids",
        IAM,
        "/v1/serviceids",
        items="serviceids",
        rows=rows.service_id_rows,
        role=_IDENTITY_VIEWER,
        params={"account_id": ACCOUNT, "pagesize": "100", "show_group_id": "true"},
    ),
    Resource(
        "serviceids",
        IAM,
        "/v1/serviceids",
        items="serviceids",
        rows=rows.service_id_rows,
        role=_IDENTITY_VIEWER,
        params={
            "account_id": ACCOUNT,
            "pagesize": "100",
            "show_group_id": "true",
            "group_id": KEY,
        },
        each=Each("serviceid_groups", _id),
    ),
    Resource(
        "trustedprofiles",
        IAM,
        "/v1/profiles",
        items="profiles",
        rows=rows.profile_rows,
        role=_IDENTITY_VIEWER,
        params={"account_id": ACCOUNT, "pagesize": "100"},
    ),
    Resource(
        "trustedprofile_links",
        IAM,
        "/v1/profiles/{key}/links",
        items="links",
        rows=rows.link_rows,
        role=_IDENTITY_VIEWER,
        each=Each("trustedprofiles", _id),
    ),
    Resource(
        "access_groups",
        IAM,
        "/v2/groups",
        items="groups",
        rows=rows.group_rows,
        role=_GROUPS_VIEWER,
        params={
            "account_id": ACCOUNT,
            "limit": "100",
            "show_federated": "true",
            "show_crn": "true",
        },
    ),
    Resource(
        "access_group_members",
        IAM,
        "/v2/groups/{key}/members",
        items="members",
        rows=rows.member_rows,
        role=_GROUPS_VIEWER,
        params={"membership_type": "all", "limit": "100"},
        each=Each("access_groups", _id_unless_public),
    ),
    Resource(
        "policies",
        IAM,
        "/v2/policies",
        items="policies",
        rows=rows.policy_rows,
        role=_POLICY_VIEWER,
        params={"account_id": ACCOUNT, "limit": "100", "format": "include_last_permit"},
    ),
    Resource(
        "policies",
        IAM,
        "/v1/policies",
        items="policies",
        rows=rows.old_policy_rows,
        role=_POLICY_VIEWER,
        params={"account_id": ACCOUNT, "limit": "100", "format": "include_last_permit"},
        last=True,
        optional=(404,),
    ),
    Resource(
        "roles",
        IAM,
        "/v2/roles",
        items=None,
        rows=rows.role_rows,
        role=_ROLES_VIEWER,
        params={"account_id": ACCOUNT},
    ),
    # The roles of single services, and what a role allows in one, come only when asked by name.
    Resource(
        "roles",
        IAM,
        "/v2/roles",
        items=None,
        rows=rows.role_rows,
        role=_ROLES_VIEWER,
        params={"account_id": ACCOUNT, "service_name": KEY},
        each=Each("policies", rows.services_of_policy, by_name=True),
    ),
    Resource(
        "resource_groups",
        RESOURCE_MANAGER,
        "/v2/resource_groups",
        items="resources",
        rows=rows.flat("resource_groups", {"resource_group_id": "id"}, listed=True),
        role="Viewer on each resource group",
        params={"account_id": ACCOUNT},
    ),
    Resource(
        "resource_service_instances",
        RESOURCE_CONTROLLER,
        "/v2/resource_instances",
        items="resources",
        rows=rows.instance_rows,
        role=_RESOURCES_VIEWER,
        params={"account_id": ACCOUNT, "limit": "100"},
        # Without a state only active and provisioning instances are listed.
        variants=tuple({"state": state} for state in _INSTANCE_STATES),
    ),
    Resource(
        "apikeys",
        IAM,
        "/v1/apikeys",
        items="apikeys",
        rows=rows.flat("apikeys"),
        role=_KEYS_READER,
        params={"account_id": ACCOUNT, "scope": "account", "pagesize": "100"},
        variants=({"type": "user"}, {"type": "serviceid"}),
    ),
    # Without a group only the keys of service IDs of the default group are listed.
    Resource(
        "apikeys",
        IAM,
        "/v1/apikeys",
        items="apikeys",
        rows=rows.flat("apikeys"),
        role=_KEYS_READER,
        params={
            "account_id": ACCOUNT,
            "scope": "account",
            "pagesize": "100",
            "type": "serviceid",
            "group_id": KEY,
        },
        each=Each("serviceid_groups", _id),
    ),
    Resource(
        "trustedprofile_rules",
        IAM,
        "/v1/profiles/{key}/rules",
        items="rules",
        rows=rows.profile_rule_rows,
        role=_IDENTITY_VIEWER,
        each=Each("trustedprofiles", _id),
    ),
    Resource(
        "trustedprofile_identities",
        IAM,
        "/v1/profiles/{key}/identities",
        items="identities",
        rows=rows.profile_identity_rows,
        role=_IDENTITY_VIEWER,
        each=Each("trustedprofiles", _id),
    ),
    Resource(
        "access_group_rules",
        IAM,
        "/v2/groups/{key}/rules",
        items="rules",
        rows=rows.group_rule_rows,
        role=_GROUPS_VIEWER,
        each=Each("access_groups", _id_if_federated),
    ),
    Resource(
        "access_group_settings",
        IAM,
        "/v2/groups/settings",
        items=None,
        rows=rows.flat("access_group_settings"),
        role=_GROUPS_VIEWER,
        params={"account_id": ACCOUNT},
    ),
    Resource(
        "account_settings",
        IAM,
        "/v1/accounts/{account}/effective_settings/identity",
        items=None,
        rows=rows.identity_setting_rows,
        role=_IDENTITY_VIEWER,
        fallback=_IDENTITY_SETTINGS,
    ),
    Resource(
        "external_identity_settings",
        IAM,
        "/v1/accounts/{account}/settings/access_management",
        items=None,
        rows=rows.external_identity_rows,
        role=_ROLES_VIEWER,
        optional=(404,),
    ),
    _report("mfa_enrollments", "mfa", rows.mfa_report_rows, type="mfa_status"),
    _report(
        *("inactive_identities", "activity", rows.inactivity_report_rows),
        type="inactive",
        duration="720",
    ),
    Resource(
        "resource_keys",
        RESOURCE_CONTROLLER,
        "/v2/resource_keys",
        items="resources",
        rows=rows.resource_key_rows,
        role=_RESOURCES_VIEWER,
        params={"limit": "100"},
    ),
    Resource(
        "cbr_zones",
        RESTRICTIONS,
        "/v1/zones",
        items="zones",
        rows=rows.zone_rows,
        role=_RESTRICTIONS_VIEWER,
        params={"account_id": ACCOUNT},
    ),
    # The listing shows no more than three addresses of a zone.
    Resource(
        "cbr_zone_addresses",
        RESTRICTIONS,
        "/v1/zones/{key}",
        items=None,
        rows=rows.zone_address_rows,
        role=_RESTRICTIONS_VIEWER,
        each=Each("cbr_zones", _id),
    ),
    Resource(
        "cbr_rules",
        RESTRICTIONS,
        "/v1/rules",
        items="rules",
        rows=rows.restriction_rows,
        role="Viewer on the services that context-based restrictions protect",
        params={"account_id": ACCOUNT},
    ),
    *(
        Resource(
            "tags",
            TAGGING,
            "/v3/tags",
            items="items",
            rows=rows.tag_rows(kind),
            role=_RESOURCES_VIEWER,
            params={"account_id": ACCOUNT, "tag_type": kind, "limit": "500"},
        )
        for kind in ("user", "access", "service")
    ),
    # The search knows what is in no other list, and tells the tags of everything in few requests;
    # it reads in spite of POST.
    Resource(
        "resources",
        SEARCH,
        "/v3/resources/search",
        items="items",
        rows=rows.found_rows,
        role=_RESOURCES_VIEWER,
        params={"account_id": ACCOUNT, "limit": "1000"},
        post={"query": "*", "fields": _FOUND_FIELDS},
    ),
    # Who is in no enterprise may be told so with a refusal.
    *(
        Resource(
            part,
            ENTERPRISE,
            path,
            items="resources",
            rows=rows.flat(part),
            role=_ENTERPRISE_VIEWER,
            params={"limit": "100"},
            optional=(403, 404),
        )
        for part, path in (
            ("enterprises", "/enterprises"),
            ("enterprise_account_groups", "/account-groups"),
            ("enterprise_accounts", "/accounts"),
        )
    ),
)

#: Parts that IBM Cloud makes a report for, which takes a while.
REPORTS: frozenset[str] = frozenset(resource.part for resource in RESOURCES if resource.then)
