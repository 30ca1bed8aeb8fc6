"""What is asked for: a role, or an action and the roles that allow it on a target."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from ..errors import NameUnresolved
from ..resolve import ACTION, Thing
from .holders import Policy
from .targets import Reach, Target


@dataclass(frozen=True)
class Asked:
    """The role or action that is asked for.

    `grants` are pairs of a role and the service in which it allows the action; None stands for any
    service, as for a role that is asked for itself.
    """

    thing: Thing
    grants: frozenset[tuple[str, str | None]]

    @property
    def is_action(self) -> bool:
        """Whether it is an action."""
        return self.thing.kind == ACTION

    def of(self, policy: Policy, reach: Reach) -> tuple[str, ...]:
        """The roles by which a policy grants it on what it reaches of the target."""
        return tuple(
            role
            for role in policy.roles
            if any(
                role == granting
                and (service is None or reach.services is None or service in reach.services)
                for granting, service in self.grants
            )
        )

    def is_in(self, policy: Policy) -> bool:
        """Whether a policy has a role that grants it somewhere."""
        return any(role in policy.roles for role, _ in self.grants)


def asked_for(connection: sqlite3.Connection, thing: Thing, target: Target) -> Asked:
    """The role or action of a question.

    Raises NameUnresolved if nobody can have an action on the target, since it is another service's.
    """
    if thing.kind != ACTION:
        return Asked(thing, frozenset({(thing.id, None)}))
    pairs = connection.execute(
        "select role_id, service_name, service_name in (select service_name from account_services) "
        "from role_actions where action = ?",
        (thing.id,),
    ).fetchall()
    fitting = frozenset(
        (role, service)
        for role, service, is_management in pairs
        if bool(is_management) == target.is_management and target.service_name in (None, service)
    )
    if fitting:
        return Asked(thing, fitting)
    services = sorted({service for _, service, _ in pairs})
    of = ", ".join(services[:5]) + (", and others" if len(services) > 5 else "")
    raise NameUnresolved(
        f"No role that the file knows allows {thing.name} on {target.thing.kind} "
        f"{target.thing.name}: it is an action of {of}.",
        (),
        False,
    )


def narrowed(target: Target, asked: Asked) -> Target:
    """The target with the services alone that an action is about, where it has several."""
    services = sorted({service for _, service in asked.grants if service is not None})
    if not services or target.service_name is not None:
        return target
    return replace(target, values={**target.values, "serviceName": services})
