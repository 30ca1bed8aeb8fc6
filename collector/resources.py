"""What is asked of IBM Cloud: one entry for each API resource, and nothing but entries.

The next resource is one more entry here, with a function in rows.py only if its objects are
not flat. Paging is no field: the client takes every form of "next" there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import rows
from .endpoints import ACCOUNTS, IAM, RESOURCE_CONTROLLER, RESOURCE_MANAGER, USERS, Service

ACCOUNT, KEY = "{account}", "{key}"

_INSTANCE_STATES = (
    "active",
    "provisioning",
    "pre_provisioning",
    "inactive",
    "failed",
    "pending_reclamation",
    "removed",
)


@dataclass(frozen=True)
class Each:
    """Ask once for each key found in the objects of another part, such as each group's ID."""

    part: str
    keys: Callable[[Mapping[str, Any]], Iterable[str]]


@dataclass(frozen=True)
class Resource:
    """One listing of the API.

    `part` names what it belongs to, after the table it fills (the name that `--only` and
    collection_steps use). `items` is the envelope's field, None if the body is the object.
    `path` and the values of `params` may hold {account} and {key}. `variants` are asked one
    by one. `last` waits for the other listings of its part, and leaves alone what they brought.
    `optional`: a 404 means that the account has no such feature. `fallback` is asked if this
    one is refused. `role` is the IAM role that allows it.
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
    optional: bool = False
    fallback: Resource | None = None


def _id(item: Mapping[str, Any]) -> Iterable[str]:
    return [item["id"]]


def _id_unless_public(item: Mapping[str, Any]) -> Iterable[str]:
    # Everybody is in the Public Access group: it has no list of members worth asking for.
    return [] if item["id"] == rows.PUBLIC_ACCESS_GROUP else [item["id"]]


_ACCOUNT_VIEWER = "Viewer on Account Management (All Account Management services)"
_IDENTITY_VIEWER = "Viewer on IAM Identity"
_GROUPS_VIEWER = "Viewer on IAM Access Groups"
_ROLES_VIEWER = "Viewer on IAM Access Management"
_POLICY_VIEWER = (
    "Viewer on All Account Management services and on All Identity and Access enabled services"
)

_OLD_ACCOUNT = Resource(
    "accounts", ACCOUNTS, "/v1/accounts/{account}", None, rows.old_account_rows, _ACCOUNT_VIEWER
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
        rows=rows.flat("users"),
        role="Viewer on User Management",
        params={"limit": "100"},
    ),
    Resource(
        "serviceid_groups",
        IAM,
        "/v1/serviceid_groups",
        items="serviceid_groups",
        rows=rows.flat("serviceid_groups", listed=True),
        role=_IDENTITY_VIEWER,
        params={"account_id": ACCOUNT},
        optional=True,
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
        rows=rows.flat("trustedprofiles"),
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
        optional=True,
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
        each=Each("policies", rows.services_of_policy),
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
        role="Viewer on All Identity and Access enabled services",
        params={"account_id": ACCOUNT, "limit": "100"},
        # Without a state only active and provisioning instances are listed.
        variants=tuple({"state": state} for state in _INSTANCE_STATES),
    ),
)
