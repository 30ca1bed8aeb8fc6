"""Why a policy does not grant something: what of it fails, from the facts that decide what matches.

The patterns are those of policy_demands, compared as target_pairs and policy_services compare them:
with GLOB, and otherwise by what fits_service and fits_management say of each attribute.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from .asked import Asked
from .holders import Policy, role_names
from .targets import Reach, Target

_FAILING = """
    select
      demands.policy_id,
      demands.side,
      demands.position,
      demands.name
    from json_each(:policies) as wanted
    cross join policy_demands as demands on demands.policy_id = wanted.value
    where not (
      demands.{fits}
      and case
        -- An attribute that services name so is no access tag.
        when demands.name = 'tag' and demands.side <> 'tag' then 1
        when coalesce(demands.name, '') not in (select key from json_each(:values)) then 1
        when demands.wants_absent then exists (
          select 1 from json_each(:values, '$.' || demands.name) as own where own.value is null
        )
        else exists (
          select 1
          from json_each(:values, '$.' || demands.name) as own
          cross join json_each(demands.patterns) as pattern
          where own.value glob pattern.value
        )
      end
    )
    order by demands.policy_id, demands.side = 'tag', demands.position
"""
# Account management is not meant by a policy that names a part of nothing in particular.
_NAMED_PARTS = """
    select demands.policy_id, demands.side, demands.position, demands.name
    from json_each(:policies) as wanted
    cross join policy_demands as demands on demands.policy_id = wanted.value
    where (demands.is_part or demands.name = 'serviceInstance')
      and demands.limits
      and not demands.wants_absent
    order by demands.policy_id, demands.position
"""
_WANTED = """
    select policy_values.operator, policy_values.value
    from policy_values
    where policy_id = :policy and side = :side and position = :position
    order by number
"""

# What fails besides attributes, in words of its own.
ROLE, STATE, TIME, PUBLIC, TOGETHER = "role", "state", "time", "public access", "together"


@dataclass(frozen=True)
class Failing:
    """One thing of a policy that fails: an attribute or tag of its target, or one of those above.

    `names_nothing` is true of a part that is of no service, and so not of account management.
    """

    name: str
    side: str = ""
    position: int = 0
    names_nothing: bool = False


@dataclass(frozen=True)
class Words:
    """What a policy demands, and what is there instead."""

    wanted: str
    actual: str


def failing(
    connection: sqlite3.Connection,
    target: Target,
    asked: Asked,
    policies: Collection[Policy],
    reaches: Mapping[str, Reach],
) -> dict[str, list[Failing]]:
    """For each policy all of it that fails, in order; nothing fails of one that grants.

    `reaches` are those of the policies that reach the target, whatever their roles.
    """
    fails = _attributes(connection, target, [one.id for one in policies])
    found: dict[str, list[Failing]] = {}
    unexplained = []
    for policy in policies:
        reach, attributes = reaches.get(policy.id), fails.get(policy.id, [])
        if reach and asked.of(policy, reach):
            attributes = []
        elif policy.grants and not attributes and (reach is None or asked.is_in(policy)):
            unexplained.append(policy.id)
        elif reach and not asked.is_in(policy):
            attributes = []
        found[policy.id] = [
            *([Failing(STATE)] if policy.state != "active" else ()),
            *([Failing(TIME)] if policy.has_ended else ()),
            *([Failing(PUBLIC)] if policy.holder.is_off else ()),
            *attributes,
            *(() if asked.is_in(policy) else [Failing(ROLE)]),
        ]
    parts = _named_parts(connection, unexplained) if target.is_management else {}
    for key in unexplained:
        found[key].insert(0, parts.get(key, Failing(TOGETHER)))
    return found


def _attributes(
    connection: sqlite3.Connection, target: Target, policies: Iterable[str]
) -> dict[str, list[Failing]]:
    fits = "fits_management" if target.is_management else "fits_service"
    given = {
        "policies": json.dumps(list(policies)),
        "values": json.dumps({name: list(values) for name, values in target.values.items()}),
    }
    found: dict[str, list[Failing]] = {}
    for key, side, position, name in connection.execute(_FAILING.format(fits=fits), given):
        found.setdefault(key, []).append(Failing(name or "", side, position))
    return found


def _named_parts(connection: sqlite3.Connection, policies: Iterable[str]) -> dict[str, Failing]:
    found: dict[str, Failing] = {}
    given = {"policies": json.dumps(list(policies))}
    for key, side, position, name in connection.execute(_NAMED_PARTS, given):
        found.setdefault(key, Failing(name or "", side, position, names_nothing=True))
    return found


def words_of(
    connection: sqlite3.Connection,
    target: Target,
    asked: Asked,
    policy: Policy,
    fails: Failing,
) -> Words:
    """What a policy demands where it fails, and what there is."""
    if fails.name == ROLE and not fails.side:
        return Words(asked.thing.name, role_names(connection, policy.roles))
    if not fails.side:
        return Words(*_OTHERS[fails.name](policy, target))
    rows = connection.execute(
        _WANTED, {"policy": policy.id, "side": fails.side, "position": fails.position}
    ).fetchall()
    wanted = " or ".join(_demanded(connection, fails.name, *row) for row in rows) or "no value"
    own = [] if fails.names_nothing else _own(target, fails)
    actual = " or ".join(_called(connection, fails.name, one) for one in own if one) or "none"
    return Words(wanted, actual)


_MOST_VALUES = 3


def _own(target: Target, fails: Failing) -> list[str | None]:
    """The values of the target under the name of an attribute."""
    known = {
        "accountId": [target.account_id],
        "serviceType": ["platform_service" if target.is_management else "service"],
    }
    own = list(target.values.get(fails.name, known.get(fails.name, [])))
    if len(own) > _MOST_VALUES:
        return [*own[:_MOST_VALUES], f"{len(own) - _MOST_VALUES:,} others"]
    return own


def _demanded(
    connection: sqlite3.Connection, name: str, operator: str | None, value: str | None
) -> str:
    if operator == "stringExists":
        return "none" if value == "false" else "any"
    if operator == "stringMatch":
        return f"matching {value}"
    if operator == "stringEquals" and value is not None:
        return _called(connection, name, value)
    return f"{operator} {value or 'no value'}"


_NAMES = {
    "resourceGroupId": "select name from resource_groups where resource_group_id = ?",
    "serviceInstance": "select name from resource_service_instances where guid = ? limit 1",
    "accountId": "select name from accounts where account_id = ?",
}


def _called(connection: sqlite3.Connection, name: str, value: str) -> str:
    """A value with its name, where the file knows one."""
    row = connection.execute(_NAMES[name], (value,)).fetchone() if name in _NAMES else None
    return f"{row[0]} ({value})" if row and row[0] not in (None, "", value) else value


_OTHERS: Mapping[str, Callable[[Policy, Target], tuple[str, str]]] = {
    STATE: lambda policy, _: ("active", policy.state or "none"),
    TIME: lambda policy, _: (policy.condition or "", "expired"),
    PUBLIC: lambda *_: ("on", "off"),
    TOGETHER: lambda *_: ("all attributes at once", "each on something else"),
}
