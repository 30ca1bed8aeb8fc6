"""What policies give, as sets of bits: read from the facts, which decide what policies reach."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..facts.bits import bits

FULL = "full"
SCOPES = (FULL, "part", "conditional")  # the widest first


@dataclass(frozen=True)
class Grant:
    """A policy as it grants: to whom, which roles, and the bits of what it reaches, by scope."""

    policy_id: str
    holder: str
    is_group: bool
    roles: frozenset[str]
    reach: Mapping[str, int]

    def without(self, other: Grant | None, role: str) -> Grant:
        """What it gives of a role, by scope, that the other one does not give likewise."""
        taken = other.reach if other and role in other.roles else {}
        reach = {scope: own & ~taken.get(scope, 0) for scope, own in self.reach.items()}
        return Grant(self.policy_id, self.holder, self.is_group, self.roles, reach)


#: Grants by holder (an IAM ID or an access group), then by policy.
Held = dict[str, dict[str, Grant]]


class Targets:
    """The bits of what can be accessed: the numbers of instances, and then account services."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Resources that are in no list have the last numbers: they are no service instances.
        (last,) = connection.execute(
            "select coalesce(max(number), 0) from instance_facts where instance_id is not null"
        ).fetchone()
        services = connection.execute("select service_name, name from account_services order by 2")
        self._services = {last + 1 + place: found for place, found in enumerate(services)}
        self.instances = (1 << (last + 1)) - 1
        self.services = {key: number for number, (key, _) in self._services.items()}

    @cached_property
    def _instances(self) -> dict[int, tuple[str, str | None, str]]:
        return {
            number: (name, service, instance_id)
            for number, name, service, instance_id in self._connection.execute(
                "select facts.number, coalesce(nullif(instances.name, ''), instances.id), "
                "instances.service_name, instances.id from instance_facts as facts "
                "join resource_service_instances as instances on instances.id = facts.instance_id"
            )
        }

    def named(self, number: int) -> tuple[str, str | None, str | None]:
        """Name, service, and ID (None for an account management service) of a bit."""
        if number in self._services:
            service, name = self._services[number]
            return name, service, None
        return self._instances[number]


def those(connection: sqlite3.Connection, select: str, *keys: Iterable[str]) -> sqlite3.Cursor:
    """The rows of a select in which each {} stands for a list of keys."""
    lists = ["(select value from json_each(?))"] * len(keys)
    return connection.execute(select.format(*lists), [json.dumps([*some]) for some in keys])


def held(
    connection: sqlite3.Connection,
    holders: Iterable[str] | None,
    roles: Iterable[str],
    targets: Targets,
) -> Held:
    """What the access policies of these holders, or of all, give of these roles."""
    roles_of: dict[str, set[str]] = defaultdict(set)
    holder_of: dict[str, tuple[str, bool]] = {}
    of_holders = (
        ""
        if holders is None
        else " and (policies.access_group_id in {} or "
        "policies.access_group_id is null and policies.iam_id in {})"
    )
    for policy_id, iam_id, group, role in those(
        connection,
        "select policies.id, policies.iam_id, policies.access_group_id, policy_roles.role_id "
        "from policies join policy_roles on policy_roles.policy_id = policies.id "
        "where policies.type = 'access' and policy_roles.role_id in {} "
        f"and coalesce(policies.access_group_id, policies.iam_id) is not null{of_holders}",
        roles,
        *([] if holders is None else [[*holders]] * 2),
    ):
        roles_of[policy_id].add(role)
        holder_of[policy_id] = (group or iam_id, bool(group))
    found: Held = defaultdict(dict)
    for policy_id, reach in _reach(connection, holder_of, targets).items():
        holder, is_group = holder_of[policy_id]
        given = frozenset(roles_of[policy_id])
        found[holder][policy_id] = Grant(policy_id, holder, is_group, given, reach)
    return dict(found)


def _reach(
    connection: sqlite3.Connection, policies: Iterable[str], targets: Targets
) -> dict[str, dict[str, int]]:
    """By policy and scope the bits of what it reaches; nothing of one that reaches nothing."""
    policies = [*policies]
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    placed = those(
        connection,
        "select policy_targets.policy_id, policy_targets.scope, targets.number from policy_targets "
        "join targets on targets.target_id = policy_targets.target_id "
        "where policy_targets.policy_id in {}",
        policies,
    ).fetchall()
    reached = {
        target: int.from_bytes(bits(json.loads(numbers)), "little") & targets.instances
        for target, numbers in those(
            connection,
            "select target, json_group_array(instance) from target_pairs where target in {} "
            "group by target",
            {target for _, _, target in placed},
        )
    }
    for policy_id, scope, target in placed:
        if instances := reached.get(target, 0):
            found[policy_id][scope] |= instances
    for policy_id, scope, service in those(
        connection,
        "select policy_id, scope, service_name from policy_services "
        "where service_type = 'platform_service' and policy_id in {}",
        policies,
    ):
        found[policy_id][scope] |= 1 << targets.services[service]
    return {policy_id: dict(reach) for policy_id, reach in found.items()}
