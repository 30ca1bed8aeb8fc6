"""Whose policies count for an identity, and what these policies say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from ..resolve import GROUP, Thing

# An access group stands for itself: what its members get by it.
_GROUPS = """
    select
      access_groups.id,
      coalesce(nullif(access_groups.name, ''), access_groups.id),
      members.membership_type,
      public_access.effect
    from access_group_identities as members
    join access_groups on access_groups.id = members.access_group_id
    left join public_access on public_access.access_group_id = access_groups.id
    where members.iam_id = :id and access_groups.account_id = :account
"""
_POLICIES = """
    select
      policies.id,
      policies.access_group_id,
      policies.state,
      conditions.words,
      coalesce(conditions.has_ended, 0),
      conditions.starts_at,
      policies.last_permit_at
    from policies
    left join policy_conditions as conditions on conditions.policy_id = policies.id
    where policies.type = 'access' and policies.account_id = :account and {whose}
"""
_WHOSE = (
    "policies.iam_id = :id and policies.access_group_id is null",
    "policies.access_group_id in (select value from json_each(:groups))",
)


@dataclass(frozen=True)
class Holder:
    """Who holds a policy: the identity itself, or a group that it is in (static, dynamic, public).

    `public_access` is the effect of the settings where the group stands for everybody.
    """

    group_id: str | None
    group: str | None
    membership: str | None
    public_access: str | None

    @property
    def is_off(self) -> bool:
        """Whether the settings take all effect from its policies."""
        return bool(self.public_access and self.public_access.startswith("no effect now"))


@dataclass(frozen=True)
class Policy:
    """A policy of an identity: access policies in any state, with the condition in words."""

    id: str
    holder: Holder
    state: str | None
    condition: str | None
    has_ended: bool
    starts_at: str | None
    last_permit_at: str | None
    roles: tuple[str, ...]

    @property
    def grants(self) -> bool:
        """Whether it grants anything at all: it is active and its time is not over."""
        return self.state == "active" and not self.has_ended


def policies_of(
    connection: sqlite3.Connection, identity: Thing, account_id: str
) -> dict[str, Policy]:
    """The access policies that count for an identity in an account, by ID."""
    given = {"id": identity.id, "account": account_id}
    if identity.kind == GROUP:
        (effect,) = connection.execute(
            "select max(effect) from public_access where access_group_id = :id", given
        ).fetchone()
        groups = [Holder(identity.id, identity.name, None, effect)]
    else:
        groups = [Holder(*row) for row in connection.execute(_GROUPS, given)]
    by_id = {holder.group_id: holder for holder in (Holder(None, None, None, None), *groups)}
    given["groups"] = json.dumps([holder.group_id for holder in groups])
    rows = [
        row for whose in _WHOSE for row in connection.execute(_POLICIES.format(whose=whose), given)
    ]
    roles = _roles(connection, (row[0] for row in rows))
    return {
        key: Policy(
            key, by_id[group], state, words, bool(over), begins, used, tuple(roles.get(key, ()))
        )
        for key, group, state, words, over, begins, used in rows
    }


def _roles(connection: sqlite3.Connection, policies: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for policy_id, role_id in connection.execute(
        "select policy_roles.policy_id, policy_roles.role_id from json_each(:policies) as wanted "
        "cross join policy_roles on policy_roles.policy_id = wanted.value order by 1, 2",
        {"policies": json.dumps(list(policies))},
    ):
        found.setdefault(policy_id, []).append(role_id)
    return found


def role_names(connection: sqlite3.Connection, roles: Iterable[str]) -> str:
    """The display names of roles, as policies in words have them."""
    rows = connection.execute(
        "select coalesce(roles.display_name, wanted.value) from json_each(:roles) as wanted "
        "left join roles on roles.role_id = wanted.value order by 1",
        {"roles": json.dumps(list(roles))},
    )
    return ", ".join(name for (name,) in rows) or "no role"
