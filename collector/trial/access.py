"""Compares who can do what before and after changes, without listing all access of the account.

Only identities that the changes touch are looked at, and of their policies only those with a role
that is touched. What a policy reaches is a set of bits, one for each service instance and for each
account management service: what thousands of policies give is united in no time, and rows are made
only when they are asked for.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from .edits import Edits
from .grants import FULL, SCOPES, Grant, Held, Targets, held, those

GAINED = ("gained", "widened", "added path")
LOST = ("lost", "narrowed", "removed path")
COLUMNS = (
    *("change", "identity", "kind", "role", "target", "service", "scope_before", "scope_after"),
    *("through", "also_through", "account", "iam_id", "role_id", "instance_id", "policy_ids"),
    *("also_policy_ids", "account_id"),
)

_Path = tuple[Grant, str]  # a policy, and how much of the target it reaches


class _Side:
    """The policies of each holder, before or after the changes."""

    def __init__(self, grants: Held) -> None:
        self.grants = grants
        self._united: dict[tuple[str, str], tuple[int, int]] = {}

    def united(self, holder: str, role: str) -> tuple[int, int]:
        """The bits of what a holder has of a role, and of what it has in full."""
        if (holder, role) not in self._united:
            own = [grant for grant in self.grants[holder].values() if role in grant.roles]
            self._united[holder, role] = _united(own), _united(own, (FULL,))
        return self._united[holder, role]


@dataclass(frozen=True)
class _Holders:
    """What somebody has by the policies of several holders."""

    side: _Side
    names: frozenset[str]

    def grants(self, role: str, but: Collection[str] = ()) -> dict[str, Grant]:
        """The policies with a role, by ID, without those of some holders."""
        return {
            key: grant
            for holder in self.names.difference(but)
            for key, grant in self.side.grants[holder].items()
            if role in grant.roles
        }

    def united(self, role: str) -> tuple[int, int]:
        """The bits of all that there is of a role, and of all that there is in full."""
        found = full = 0
        for holder in self.names:
            one = self.side.united(holder, role)
            found, full = found | one[0], full | one[1]
        return found, full


@dataclass(frozen=True)
class _Difference:
    """What changes of one role of everybody who has policies of the same holders.

    `bits` has what each change applies to; `gaining` and `losing` are policies with what they add
    and take, `before` and `after` where all of their policies are.
    """

    role: str
    bits: Mapping[str, int]
    gaining: tuple[Grant, ...]
    losing: tuple[Grant, ...]
    before: _Holders
    after: _Holders


class AccessChanges:
    """The rows of access that changes bring and take, to service instances and account management.

    `change` of a row is, for what is gained: gained (no access of this role before), widened (only
    to a part or under a condition before), or added path (in full before: nothing new). For what is
    lost: lost (none is left), narrowed (what is left is to a part or under a condition), or removed
    path (it is still there in full). Two rows can be about different parts of one target.
    """

    def __init__(
        self, before: sqlite3.Connection, added: sqlite3.Connection | None, edits: Edits
    ) -> None:
        """`before` is the file; `added` has the facts about the policies that are added, if any."""
        self._before = before
        self._edits = edits
        self._targets = Targets(before)
        given = held(added, None, edits.roles(), self._targets) if added else {}
        self._of = _compared(before, given, edits, self._targets)
        #: Added access policies with a role that reach nothing of the account.
        self.without_reach = {row["policy_id"] for row in edits.policy_rows("policy_roles")} - {
            key for grants in given.values() for key in grants
        }

    def count(self, *changes: str) -> int:
        """Number of rows with one of these changes."""
        return sum(
            difference.bits[change].bit_count()
            for differences in self._of.values()
            for difference in differences
            for change in changes
        )

    def identities(self, *changes: str) -> list[str]:
        """IAM IDs of those whose access changes so, in the order of their names."""
        return [
            iam_id
            for iam_id in self._people
            if any(one.bits[change] for one in self._of[iam_id] for change in changes)
        ]

    def rows(self, *changes: str) -> Iterator[dict[str, Any]]:
        """Rows with the COLUMNS: change by change, then by identity, role, and target."""
        for change in changes:
            for iam_id in self._people:
                for difference in sorted(self._of[iam_id], key=lambda one: self._role(one.role)):
                    if difference.bits[change]:
                        yield from self._rows(iam_id, difference, change)

    def _rows(self, iam_id: str, difference: _Difference, change: str) -> Iterator[dict[str, Any]]:
        bits = difference.bits[change]
        changing = difference.gaining if change in GAINED else difference.losing
        before, after = (
            _split(bits, one.grants(difference.role).values())
            for one in (difference.before, difference.after)
        )
        through, also = _split(bits, changing), before if change in GAINED else after
        name, kind = self._people[iam_id]
        for number in _numbers(bits):
            target, service, instance_id = self._targets.named(number)
            paths = through[number]
            own = {grant.policy_id for grant, _ in paths}
            rest = [one for one in also.get(number, ()) if one[0].policy_id not in own]
            yield {
                "account": self._account,
                "change": change,
                "identity": name,
                "kind": kind,
                "role": self._role(difference.role),
                "target": target,
                "service": service,
                "scope_before": _widest(before.get(number, ())),
                "scope_after": _widest(after.get(number, ())),
                "through": self._words(paths),
                "also_through": self._words(rest) or None,
                "iam_id": iam_id,
                "role_id": difference.role,
                "instance_id": instance_id,
                "policy_ids": ", ".join(sorted(own)),
                "also_policy_ids": ", ".join(sorted({one.policy_id for one, _ in rest})) or None,
                "account_id": self._edits.account_id,
            }

    @cached_property
    def _account(self) -> str:
        (name,) = self._before.execute(
            "select coalesce(name, account_id) from accounts where account_id = ?",
            (self._edits.account_id,),
        ).fetchone()
        return str(name)

    @cached_property
    def _people(self) -> dict[str, tuple[str, str]]:
        """Name and kind of those for whom something changes, in the order of their names."""
        known = {
            iam_id: (name, kind)
            for iam_id, name, kind in those(
                self._before,
                "select iam_id, name, kind from identities where iam_id in {}",
                self._of,
            )
        }
        named = {iam_id: known.get(iam_id, (iam_id, "unknown")) for iam_id in self._of}
        return dict(sorted(named.items(), key=lambda one: (one[1][0], one[0])))

    @cached_property
    def _groups(self) -> dict[str, str]:
        names = dict(self._before.execute("select id, coalesce(name, id) from access_groups"))
        return names | {key: row["name"] for key, row in self._edits.added_groups.items()}

    @cached_property
    def _roles(self) -> dict[str, str]:
        return dict(self._before.execute("select role_id, display_name from roles"))

    def _role(self, role_id: str) -> str:
        return self._roles.get(role_id) or role_id.rpartition(":")[2]

    def _words(self, paths: Iterable[_Path]) -> str:
        """Paths in words, each with its policy and, if it belongs to one, its access group."""
        named = {
            f"access group {self._groups.get(grant.holder, grant.holder)}, policy {grant.policy_id}"
            if grant.is_group
            else f"direct, policy {grant.policy_id}"
            for grant, _ in paths
        }
        return "; ".join(sorted(named))


def _compared(
    before: sqlite3.Connection, given: Held, edits: Edits, targets: Targets
) -> dict[str, list[_Difference]]:
    """What changes, by IAM ID, for those for whom anything does; `given` is by added policies."""
    new = edits.subjects()
    changed = {*_subjects(before, edits.removed_policies), *new}
    members = _members(before, {holder for holder, is_group in changed if is_group})
    moved = {(iam_id, group) for iam_id, group, _ in edits.removed_members} | {*edits.added_members}
    touched = {iam_id for iam_id, _ in moved} | members
    touched |= {holder for holder, is_group in changed if not is_group}
    groups = _memberships(before, touched)
    groups_later = {iam_id: edits.groups_later(iam_id, groups[iam_id]) for iam_id in touched}
    roles = _roles_of(before, edits.removed_policies, {group for _, group in moved}) | edits.roles()
    holders = {*touched}.union(*groups.values(), *groups_later.values())
    old = held(before, holders, roles, targets)
    now = {
        holder: {key: one for key, one in grants.items() if edits.keeps(key)}
        if any(not edits.keeps(key) for key in grants)
        else grants
        for holder, grants in old.items()
    }
    for holder, grants in given.items():
        now[holder] = {**now.get(holder, {}), **grants}
    before_side, after_side = _Side(old), _Side(now)
    # Those who have policies of the same holders share what changes.
    known: dict[tuple[frozenset[str], frozenset[str]], list[_Difference]] = {}
    found = {}
    for iam_id in touched:
        pair = (
            frozenset({iam_id, *groups[iam_id]} & old.keys()),
            frozenset({iam_id, *groups_later[iam_id]} & now.keys()),
        )
        if pair not in known:
            sides = _Holders(before_side, pair[0]), _Holders(after_side, pair[1])
            known[pair] = list(_differences(roles, *sides))
        if known[pair]:
            found[iam_id] = known[pair]
    return found


def _differences(roles: Iterable[str], before: _Holders, after: _Holders) -> Iterator[_Difference]:
    """What changes of each role of which anything does."""
    same = {
        holder
        for holder in before.names & after.names
        if before.side.grants[holder] is after.side.grants[holder]
    }
    if same == before.names == after.names:
        return
    for role in roles:
        old, new = before.grants(role, same), after.grants(role, same)
        losing = [one.without(new.get(key), role) for key, one in old.items()]
        gaining = [one.without(old.get(key), role) for key, one in new.items()]
        lost, gained = _united(losing), _united(gaining)
        if not lost and not gained:
            continue
        (had, had_in_full), (has, has_in_full) = before.united(role), after.united(role)
        yield _Difference(
            role,
            {
                "gained": gained & ~had,
                "widened": gained & had & ~had_in_full,
                "added path": gained & had_in_full,
                "lost": lost & ~has,
                "narrowed": lost & has & ~has_in_full,
                "removed path": lost & has_in_full,
            },
            tuple(gaining),
            tuple(losing),
            before,
            after,
        )


def _united(grants: Iterable[Grant], scopes: Iterable[str] = SCOPES) -> int:
    """The bits of all that is reached in one of the scopes."""
    return reduce(or_, (grant.reach.get(scope, 0) for grant in grants for scope in scopes), 0)


def _split(mask: int, grants: Iterable[Grant]) -> dict[int, tuple[_Path, ...]]:
    """By bit of the mask the paths to it, if there are any."""
    classes: list[tuple[int, tuple[_Path, ...]]] = [(mask, ())]
    for grant in grants:
        for scope, bits in grant.reach.items():
            if bits & mask:
                classes = [
                    part
                    for found, paths in classes
                    for part in ((found & bits, (*paths, (grant, scope))), (found & ~bits, paths))
                    if part[0]
                ]
    return {number: paths for found, paths in classes if paths for number in _numbers(found)}


def _numbers(bits: int) -> Iterator[int]:
    """The places of the bits that are set, in order."""
    digits = bin(bits)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def _widest(paths: Iterable[_Path]) -> str | None:
    """The widest scope of the paths, or all that are none wider than the other."""
    scopes = {scope for _, scope in paths}
    return (
        FULL if FULL in scopes else " and ".join(one for one in SCOPES if one in scopes)
    ) or None


def _subjects(
    connection: sqlite3.Connection, policies: Iterable[str]
) -> Iterator[tuple[str, bool]]:
    """Who holds these access policies, and whether that is an access group."""
    for iam_id, group in those(
        connection,
        "select iam_id, access_group_id from policies where type = 'access' and id in {}",
        policies,
    ):
        if group or iam_id:
            yield group or iam_id, bool(group)


def _members(connection: sqlite3.Connection, groups: Iterable[str]) -> set[str]:
    """Everybody whom these access groups represent."""
    found: set[str] = set()
    for group in groups:
        found |= {
            iam_id
            for (iam_id,) in connection.execute(
                "select iam_id from access_group_identities where access_group_id = ?", (group,)
            )
        }
    return found


def _memberships(
    connection: sqlite3.Connection, identities: Iterable[str]
) -> dict[str, dict[str, set[str]]]:
    """The access groups of each of these identities, with the kinds of membership."""
    found: dict[str, dict[str, set[str]]] = {one: defaultdict(set) for one in identities}
    for iam_id, group, kind in those(
        connection,
        "select iam_id, group_id, membership_type from access_group_members where iam_id in {}",
        found,
    ):
        found[iam_id][group].add(kind)
    for (group,) in connection.execute("select id from access_groups where is_public = 1"):
        for iam_id in _members(connection, [group]) & found.keys():
            found[iam_id][group].add("public")
    return found


def _roles_of(
    connection: sqlite3.Connection, policies: Iterable[str], groups: Iterable[str]
) -> set[str]:
    """The roles of these policies, and of those of these access groups."""
    found = those(
        connection,
        "select role_id from policy_roles where policy_id in {} or policy_id in "
        "(select id from policies where access_group_id in {})",
        policies,
        groups,
    )
    return {role for (role,) in found}
