"""The page that explains why an identity is allowed something or not, for one reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from datasette.utils import sqlite_timelimit, tilde_encode

from .. import resolve
from ..why.answer import RESTS_ON, Answer, ask
from .readers import may_see

FIELDS = {
    "identity": (
        "holder_names.name",
        "A person (login, email address, or name), service ID, trusted profile, or access group.",
    ),
    "role_or_action": (
        "roles_and_actions.name",
        "The name of a role, or an action such as kms.secrets.list.",
    ),
    "target": (
        "target_names.name",
        "A service instance, an account management service such as billing, a service, a resource "
        "group, or account.",
    ),
}

# The rows from which the page is asked: the field that they fill, and the column that fills it.
ASKED_FROM = {
    "identities": ("identity", "iam_id"),
    "users": ("identity", "iam_id"),
    "serviceids": ("identity", "iam_id"),
    "trustedprofiles": ("identity", "iam_id"),
    "access_groups": ("identity", "id"),
    "roles": ("role_or_action", "role_id"),
    "resource_service_instances": ("target", "id"),
    "resource_groups": ("target", "resource_group_id"),
}
_IDENTITIES = {
    **dict.fromkeys(
        (resolve.PERSON, resolve.SERVICE_ID, resolve.PROFILE, resolve.IDENTITY), "identities"
    ),
    resolve.GROUP: "access_groups",
}
# The rows of what a question is about: the table, by kind.
_TABLES = {
    **_IDENTITIES,
    resolve.INSTANCE: "resource_service_instances",
    resolve.RESOURCE_GROUP: "resource_groups",
    resolve.ACCOUNT: "accounts",
    resolve.ROLE: "roles",
}

# To begin with: what a policy of its own gives a service ID, the same on another instance,
# and whether a privileged person administers the account.
_EXAMPLES = """
    with granted as materialized (
      select identities.name, roles.display_name as role, instances.id, instances.service_name
      from granting_policies as policies
      cross join identities on identities.iam_id = policies.iam_id
      cross join policy_targets on policy_targets.policy_id = policies.id
      cross join target_instances as reached on reached.target_id = policy_targets.target_id
      cross join resource_service_instances as instances on instances.id = reached.instance_id
      cross join policy_roles on policy_roles.policy_id = policies.id
      cross join roles on roles.role_id = policy_roles.role_id
      where policies.type = 'access'
        and policies.access_group_id is null
        and identities.kind = 'service_id'
      limit 1
    )
    select granted.name as identity, granted.role as role_or_action, instances.name as target
    from granted
    join resource_service_instances as instances on instances.id = granted.id
    union all
    select * from (
      select granted.name, granted.role, instances.name
      from granted
      join resource_service_instances as instances
        on instances.service_name = granted.service_name and instances.id <> granted.id
      where instances.deleted_at is null
      limit 1
    )
    union all
    select * from (
      select identities.name, 'Administrator', 'account'
      from administrators
      join identities on identities.iam_id = administrators.iam_id
      where administrators.is_person
      order by administrators.rank <> 'full', identities.name, identities.iam_id
      limit 1
    )
"""
_EXAMPLES_READ = ("administrators", "granting_policies", "roles", "target_instances")


async def examples(datasette: Any, actor: Any, name: str) -> list[dict[str, str]]:
    """Some questions to begin with: what fills each field, and the address of the answer."""
    if not await may_see(datasette, actor, name, *RESTS_ON, *_EXAMPLES_READ):
        return []
    rows = await datasette.databases[name].execute(_EXAMPLES)
    return [{**row, "url": address(datasette, name, row)} for row in map(dict, rows)]


async def may_ask(datasette: Any, actor: Any, name: str) -> bool:
    """Whether the reader may see all that an answer is made of."""
    return await may_see(datasette, actor, name, *RESTS_ON)


def address(datasette: Any, name: str, asked: Mapping[str, str] | None = None) -> str:
    """Where the page of a question is."""
    url: str = datasette.urls.path(f"/-/iaminsights/why/{tilde_encode(name)}")
    return f"{url}?{urlencode(asked)}" if asked else url


async def address_from(datasette: Any, actor: Any, name: str, table: str, row: Any) -> str | None:
    """Where to ask about a row; None if there is no such question, or the reader may not ask."""
    if table not in ASKED_FROM or not await may_ask(datasette, actor, name):
        return None
    field, column = ASKED_FROM[table]
    return address(datasette, name, {field: str(row[column])})


def row_url(datasette: Any, name: str, thing: resolve.Thing) -> str | None:
    """The page of what a question is about, if it has one."""
    table = _TABLES.get(thing.kind)
    return str(datasette.urls.row(name, table, tilde_encode(thing.id))) if table else None


def instead(thing: resolve.Thing) -> dict[str, str]:
    """What a form asks with a thing in the place of a name that stands for several."""
    if thing.kind in (resolve.ROLE, resolve.ACTION):
        return {"role_or_action": thing.typed}
    if thing.kind in _IDENTITIES:
        return {"identity": thing.typed}
    # A service is in each account.
    return {"target": thing.typed, "account": str(thing.account_id)}


async def accounts_of(datasette: Any, name: str) -> list[tuple[str, str]]:
    """ID and name of each account, to choose from where there are several."""
    rows = await datasette.databases[name].execute(
        "select account_id, coalesce(name, account_id) from accounts order by 2, 1"
    )
    return [(key, called) for key, called in rows]


async def answered(datasette: Any, name: str, asked: Mapping[str, str]) -> Answer:
    """The answer to what a form asks.

    Raises NameUnresolved, and sqlite3.OperationalError if it takes longer than the site allows.
    """
    limit = datasette.setting("sql_time_limit_ms")

    def told(connection: Any) -> Answer:
        with sqlite_timelimit(connection, limit):
            return ask(
                connection,
                asked["identity"],
                asked["role_or_action"],
                asked["target"],
                asked.get("account") or None,
            )

    found: Answer = await datasette.databases[name].execute_fn(told)
    return found
