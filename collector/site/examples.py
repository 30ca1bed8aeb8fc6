"""Names from the file to try a question with, each with what makes it worth asking about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .databases import is_ours
from .readers import may_see

MOST = 3


@dataclass(frozen=True)
class Example:
    """A select of a name and of words for it, and what a reader must be allowed to see for it."""

    reads: tuple[str, ...]
    sql: str


_PERSON = Example(
    ("administrators", "accounts", "identities"),
    """
    select identities.name, 'privileged person' as words
    from administrators
    join accounts on accounts.account_id = administrators.account_id
    join identities on identities.iam_id = administrators.iam_id
    where administrators.is_person and administrators.iam_id is not accounts.owner
    order by administrators.rank <> 'full', identities.name, identities.iam_id
    limit 1
    """,
)
_SERVICE_ID = Example(
    ("administrators", "identities"),
    """
    select identities.name, 'privileged service ID' as words
    from administrators
    join identities on identities.iam_id = administrators.iam_id
    where administrators.kind = 'service_id'
    order by administrators.rank <> 'full', identities.name, identities.iam_id
    limit 1
    """,
)
_GROUP = Example(
    ("access_groups", "policies", "privileged_policies"),
    """
    select access_groups.name, 'privileged access group' as words
    from privileged_policies
    join policies on policies.id = privileged_policies.policy_id
    join access_groups on access_groups.id = policies.access_group_id
    where access_groups.listed = 1
    order by access_groups.name, access_groups.id
    limit 1
    """,
)
_ANYBODY = Example(
    ("granting_policies", "policies", "identities"),
    """
    select identities.name, '' as words
    from granting_policies as policies
    join identities on identities.iam_id = policies.iam_id
    where identities.kind in ('user', 'service_id', 'trusted_profile')
    order by identities.name, identities.iam_id
    limit 1
    """,
)
# Of each service that keeps secrets, keys or objects one instance, of whose name there is one.
_SENSITIVE = Example(
    ("resource_service_instances", "sensitive_roles"),
    """
    select min(name), service_name as words
    from (
      select name, min(service_name) as service_name
      from resource_service_instances
      where deleted_at is null and name <> ''
      group by name
      having count(*) = 1
    )
    where service_name in (select distinct service from sensitive_roles)
    group by service_name
    order by service_name = 'cloud-object-storage', service_name
    limit 3
    """,
)
_INSTANCE = Example(
    ("resource_service_instances",),
    """
    select name, coalesce(service_name, '') as words
    from resource_service_instances
    where deleted_at is null and name <> ''
    order by name
    limit 1
    """,
)
# An action that some policy for this very service allows.
_ACTION = Example(
    ("role_actions", "policy_roles", "granting_policies", "policies", "policy_values"),
    """
    select role_actions.action, 'reads secrets or keys' as words
    from role_actions
    where role_actions.action in (
        'secrets-manager.secret.read', 'kms.secrets.unwrap', 'hs-crypto.secrets.unwrap'
      )
      and exists (
        select 1
        from policy_roles
        join granting_policies as policies on policies.id = policy_roles.policy_id
        join policy_values as named on named.policy_id = policies.id
        where policy_roles.role_id = role_actions.role_id
          and policies.type = 'access'
          and policies.iam_id is not null
          and named.side = 'target'
          and named.name = 'serviceName'
          and named.value = role_actions.service_name
      )
    order by role_actions.action
    limit 1
    """,
)


def _held_role(kind: str, best: str) -> Example:
    """A role of a kind that some identity has by a policy of its own."""
    return Example(
        ("roles", "policy_roles", "granting_policies", "policies"),
        f"""
        select display_name, kind || ' role' as words
        from roles
        where kind = '{kind}'
          and listed = 1
          and role_id in (
            select policy_roles.role_id
            from policy_roles
            join granting_policies as policies on policies.id = policy_roles.policy_id
            where policies.type = 'access' and policies.iam_id is not null
          )
        order by display_name <> '{best}', display_name
        limit 1
        """,
    )


_ROLE = _held_role("platform", best="Administrator")
_CUSTOM = _held_role("custom", best="")
_SERVICE = Example(
    ("resource_service_instances",),
    """
    select service_name, 'service' as words
    from resource_service_instances
    where service_name <> ''
    group by service_name
    order by count(*) desc, service_name
    limit 1
    """,
)

# By what a form asks for: the column that its choices come from, or report and parameter.
EXAMPLES = {
    "holder_names.name": (_PERSON, _SERVICE_ID, _GROUP, _ANYBODY),
    "resource_service_instances.name": (_SENSITIVE, _INSTANCE),
    "path_ends.name": (_SENSITIVE, _INSTANCE, _SERVICE_ID, _GROUP),
    "roles_and_actions.name": (_ACTION, _ROLE, _CUSTOM),
    "find.text": (_PERSON, _GROUP, _SERVICE, _ANYBODY),
}


async def examples(
    datasette: Any, actor: Any, name: str, report: str, parameter: str, source: str | None
) -> list[dict[str, str]]:
    """Some names that a report can be asked about: each with its words, and the address for it."""
    database = datasette.databases[name]
    if not await is_ours(database):
        return []
    found: dict[str, dict[str, str]] = {}
    for example in EXAMPLES.get(source or f"{report}.{parameter}", ()):
        if len(found) < MOST and await may_see(datasette, actor, name, *example.reads):
            for value, words in await database.execute(example.sql):
                url = f"{datasette.urls.query(name, report)}?{urlencode({parameter: value})}"
                found.setdefault(value, {"name": value, "words": words, "url": url})
    return list(found.values())[:MOST]
