"""What policies give by the facts, and whether some of them give all that another one does.

What a policy reaches is decided by the facts; here only what they say of two policies is compared.
A policy gives nothing of a role on a service beyond others if these

- apply to that service, ask of the resource nothing that it does not ask as well, and have no
  condition or the same one, or
- reach every instance that it names, and no smaller part of it,

and have that role, or roles with all its actions there. A policy that names no service has to be
matched by one that names none either: it also reaches services to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .overlay import Overlay
from .proposals import KNOWN_LATER

Service = tuple[str, str]  # type and name; a name in brackets stands for services to come
_ANY = "(any)"
_ABOUT_SERVICES = ("accountId", "serviceName", "serviceType", "service_group_id")
_OPEN = ("everything", "all_services", "all_account_management")


@dataclass(frozen=True)
class Demand:
    """What a policy asks of a resource: one of the patterns has to match.

    `literals` are the values of those patterns that match nothing but one value.
    """

    side: str
    name: str
    wants_absent: int
    is_part: int
    patterns: frozenset[str]
    literals: frozenset[tuple[str, str]]

    @property
    def key(self) -> tuple[str, str, int]:
        """What two demands have in common that are about the same."""
        return self.side, self.name, self.wants_absent


@dataclass(frozen=True)
class Reach:
    """What the facts say of a policy.

    `services` has whether it also reaches what a service has outside of instances. `named` are
    numbers and services of instances, if it names each of them and so reaches no other ones later.
    """

    schema: str
    policy_id: str
    roles: frozenset[str]
    rule: str | None
    services: dict[Service, int]
    demands: tuple[Demand, ...]
    named: frozenset[tuple[int, str]]

    @property
    def narrowing(self) -> Iterator[Demand]:
        """Demands beside those for a service."""
        return (one for one in self.demands if one.side == "tag" or one.name not in _ABOUT_SERVICES)

    @property
    def concerned(self) -> list[Service]:
        """The services of the instances that it names, or all that it applies to."""
        named = {name for _, name in self.named}
        return sorted(
            one for one in self.services if not named or one[1] in named or one[0] != "service"
        )


class Reaches:
    """The policies of a file and those over it, read once, and compared."""

    def __init__(self, overlay: Overlay) -> None:
        self._select = overlay.connection.execute
        self._known: dict[tuple[str, str], Reach] = {}
        self._actions: dict[str, dict[str, set[str]]] = {}

    def of(self, schema: str, policy_id: str) -> Reach:
        """What a policy gives: one of the file (main) or one over it (temp)."""
        if (schema, policy_id) not in self._known:
            self._known[schema, policy_id] = self._read(schema, policy_id)
        return self._known[schema, policy_id]

    def roles(self, schema: str, policy_id: str) -> frozenset[str]:
        """The roles that a policy grants."""
        return frozenset(
            role
            for (role,) in self._select(
                f"select role_id from {schema}.policy_roles where policy_id = ?", (policy_id,)
            )
        )

    def missing(
        self, asked: Reach, held: Sequence[Reach], later_too: bool = False
    ) -> list[tuple[str, Service | None]]:
        """Roles of a policy with services on which these others do not give them.

        With `later_too`, not those that they might give once all is known.
        """
        roles = sorted(asked.roles)
        if not asked.services:  # such as a resource group itself
            same = [one for one in held if self._is_same(one, asked)]
            return [(role, None) for role in roles if not any(role in one.roles for one in same)]
        missing: list[tuple[str, Service | None]] = []
        for service in asked.concerned:
            wide = [one for one in held if self._covers(one, asked, service, later_too)]
            here = [number for number, name in asked.named if name == service[1]]
            for role in roles:
                if self._grant(wide, role, service):
                    continue
                each = ([one for one in held if self._holds(one, thing, asked)] for thing in here)
                if not here or not all(self._grant(found, role, service) for found in each):
                    missing.append((role, service))
        return missing

    def _is_same(self, one: Reach, other: Reach) -> bool:
        return one.rule in (None, other.rule) and all(
            any(self._is_within(inner, outer) for inner in having.demands)
            for having, wanting in ((one, other), (other, one))
            for outer in wanting.demands
        )

    def _covers(self, wide: Reach, asked: Reach, service: Service, later_too: bool) -> bool:
        """Whether, by its words, a policy reaches all of a service that another one reaches."""
        kind, name = service
        own = wide.services.get(service)
        if own is None and name.startswith("("):
            own = wide.services.get((kind, _ANY))
        if own is None and name == KNOWN_LATER and later_too:
            own = asked.services[service] if wide.services else None
        return (
            own is not None
            and own >= asked.services[service]
            and wide.rule in (None, asked.rule)
            and all(self._asks(asked, demand, later_too) for demand in wide.narrowing)
        )

    def _asks(self, asked: Reach, demand: Demand, later_too: bool = False) -> bool:
        """Whether a policy asks at least for this, or might, once all is known."""
        return any(
            self._is_within(one, demand)
            or (later_too and KNOWN_LATER in one.patterns and one.key == demand.key)
            for one in asked.demands
        )

    def _holds(self, wide: Reach, instance: int, asked: Reach) -> bool:
        """Whether a policy reaches an instance in no smaller part than another one."""
        return (
            wide.rule in (None, asked.rule)
            and all(self._asks(asked, demand) for demand in wide.demands if demand.is_part)
            and any(True for _ in self._pairs(wide.schema, wide.policy_id, instance))
        )

    def _pairs(
        self, schema: str, policy_id: str, instance: int | None = None
    ) -> Iterator[tuple[int, str]]:
        """Numbers and services of the instances that a policy reaches, or of one of them."""
        return self._select(
            "select things.number, things.service_name from "
            f"{schema}.policy_targets as aimed join {schema}.targets as targets "
            f"on targets.target_id = aimed.target_id join {schema}.target_pairs as pairs "
            "on pairs.target = targets.number join main.instance_facts as things "
            "on things.number = pairs.instance where aimed.policy_id = ?"
            f"{' and pairs.instance = ?' if instance is not None else ''}",
            (policy_id,) if instance is None else (policy_id, instance),
        )

    def _is_within(self, inner: Demand, outer: Demand) -> bool:
        """Whether whatever meets one demand meets the other one, too."""
        values = dict(inner.literals)
        return inner.key == outer.key and all(
            pattern in outer.patterns
            or (
                pattern in values
                and any(self._fits(values[pattern], one) for one in outer.patterns)
            )
            for pattern in inner.patterns
        )

    def _fits(self, value: str, pattern: str) -> bool:
        """Whether a pattern of policy_values matches a value, with the facts' operator."""
        return bool(self._select("select ? glob ?", (value, pattern)).fetchone()[0])

    def _read(self, schema: str, policy_id: str) -> Reach:
        select = self._select
        (rule,) = select(
            f"select rule from {schema}.policies where id = ?", (policy_id,)
        ).fetchone()
        services: dict[Service, int] = {}
        wordings = [
            name
            for (name,) in select(
                f"select '(' || group_concat(pattern, ' ') || ')' from {schema}.policy_values "
                "where policy_id = ? and side = 'target' and name = 'serviceName' and not is_any "
                "group by position having max(operator <> 'stringEquals')",
                (policy_id,),
            )
        ]
        for kind, name, reach, unplaced in select(
            f"select service_type, service_name, reach, is_unplaced from {schema}.policy_services "
            "where policy_id = ?",
            (policy_id,),
        ):
            services[kind, name] = unplaced
            if reach in _OPEN:
                services[kind, _ANY] = unplaced
            services.update(((kind, wording), unplaced) for wording in wordings)
        demands = self._demands(schema, policy_id)
        roles = self.roles(schema, policy_id)
        named = self._named(schema, policy_id, demands)
        return Reach(schema, policy_id, roles, rule, services, demands, named)

    def _named(
        self, schema: str, policy_id: str, demands: Iterable[Demand]
    ) -> frozenset[tuple[int, str]]:
        """The instances of a policy, if it names each of them, and the file has them all."""
        naming = [one for one in demands if one.name == "serviceInstance" and one.side == "target"]
        if not naming or any(len(one.literals) < len(one.patterns) for one in naming):
            return frozenset()
        found = frozenset(self._pairs(schema, policy_id))
        return found if len(found) >= max(len(one.patterns) for one in naming) else frozenset()

    def _demands(self, schema: str, policy_id: str) -> tuple[Demand, ...]:
        """The demands of a policy, but for its own account: to have an attribute is one, too."""
        patterns: dict[tuple[str, int], list[tuple[str, str, str]]] = defaultdict(list)
        for side, position, *found in self._select(
            f"select side, position, pattern, value, operator from {schema}.policy_values "
            "where policy_id = ? and pattern is not null",
            (policy_id,),
        ):
            patterns[side, position].append((found[0], found[1], found[2]))
        return tuple(
            Demand(
                side,
                name,
                wants_absent,
                is_part,
                frozenset(pattern for pattern, *_ in patterns[side, position]),
                frozenset(
                    (pattern, value)
                    for pattern, value, operator in patterns[side, position]
                    if operator == "stringEquals"
                ),
            )
            for side, position, name, wants_absent, is_part in self._select(
                "select side, position, coalesce(name, ''), wants_absent, is_part "
                f"from {schema}.policy_demands where policy_id = ? "
                "and not (name = 'accountId' and fits_service)",
                (policy_id,),
            )
        )

    def _grant(self, policies: Sequence[Reach], role: str, service: Service) -> bool:
        """Whether policies together grant a role on a service, or all that it allows there."""
        roles = frozenset[str]().union(*(one.roles for one in policies))
        if role in roles:
            return True
        allowed = self._allowed(role)
        concerned = [*allowed] if service[1].startswith("(") else [service[1]]
        if not roles or not concerned or not all(allowed.get(name) for name in concerned):
            return False
        return all(
            allowed[name]
            <= set[str]().union(*(self._allowed(one).get(name, set()) for one in roles))
            for name in concerned
        )

    def _allowed(self, role: str) -> dict[str, set[str]]:
        """The actions of a role by service."""
        if role not in self._actions:
            found: dict[str, set[str]] = defaultdict(set)
            for service, action in self._select(
                "select service_name, action from temp.role_actions where role_id = ?", (role,)
            ):
                found[service].add(action)
            self._actions[role] = dict(found)
        return self._actions[role]
