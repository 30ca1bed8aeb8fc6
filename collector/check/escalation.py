"""--no-escalation: whether somebody could become an administrator who could not before.

The proposals are put into a copy of the file in memory, and the paths in it are derived as a
collect derives them. Whoever is in an access group, or meets a rule, stands there as one identity
more, so that a group without members has its path too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..facts.derived import derive, needed
from ..store.filling import INSERT, VALUES, add_identities
from ..store.schema import TABLE
from .file import is_in, known
from .overlay import Asked, Overlay
from .policies import group_of, holder_of
from .proposals import GROUP, PROFILE, SERVICE_ID, CustomRole, Entry, Holder, Policy, Proposal
from .verdicts import ESCALATION, Violation, later, undecided, violation

_PATHS = ("escalation_steps", "escalation_distances", "shortest_escalation_paths")
_TABLES = {
    GROUP: ("access_groups", "id"),
    SERVICE_ID: ("serviceids", "iam_id"),
    PROFILE: ("trustedprofiles", "iam_id"),
}


@dataclass(frozen=True)
class _Path:
    """The shortest path of an identity to full control, empty if it has that already; `keys` are
    what it leads through.
    """

    text: str
    keys: frozenset[str]

    def __str__(self) -> str:
        if not self.text:
            return "would have full control"
        return f"could become an administrator: {self.text}"

    @classmethod
    def of(cls, steps: Sequence[Sequence[str]], is_member: bool) -> _Path:
        """A path of steps, which begin with the key and the name of where each leads, and why.

        That somebody who stands for the members of a group is one of them need not be said.
        """
        text = " → ".join(f"{name} ({why})" for _, name, why, *_ in steps[is_member:])
        return cls(text, frozenset(key for key, *_ in steps))


class Escalation:
    """The paths to full control that there are with the proposals."""

    def __init__(
        self, overlay: Overlay, policies: Sequence[Asked], entries: Sequence[Entry]
    ) -> None:
        self._overlay = overlay
        self._policies = [one for one in policies if one.policy.type == "access"]
        self._entries = entries

    def check(self) -> Iterator[Violation]:
        """Whoever gets a path to full control that the file does not have for them."""
        if not self._is_worth_it():
            for asked in self._policies:
                yield from self._unknown(asked)
            return
        with closing(sqlite3.connect(":memory:")) as self._copy:
            self._overlay.connection.backup(self._copy)
            self._fill()
            derive(self._copy, needed(_PATHS))
            for asked in self._policies:
                yield from self._policy(asked)
            for entry in self._entries:
                yield from self._entry(entry)

    def _is_worth_it(self) -> bool:
        """Whether anything proposed could lead somewhere: most policies do not."""
        mine = {asked.id for asked in self._policies}
        proposed = self._overlay.proposed_ids()
        return bool(self._entries) or not mine <= proposed or self._overlay.leads_somewhere()

    def _unknown(self, asked: Asked) -> Iterator[Violation]:
        """What of a policy cannot be decided, wherever the rest of it leads."""
        holder = str(asked.holder) if asked.holder else "whoever it is for"
        if asked.account_id not in self._overlay.accounts:
            why = f"the file does not have its account {asked.account_id}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
        elif "roles" in asked.policy.unknown:
            yield undecided(ESCALATION, asked.policy, later(asked.policy.unknown), holder=holder)

    def _policy(self, asked: Asked) -> Iterator[Violation]:
        path, unknown = self._new(asked.policy, asked.holder), asked.policy.unknown
        holder = str(asked.holder) if asked.holder else "whoever it is for"
        if path is None or not self._leads(asked.id, asked.wide):
            yield from self._unknown(asked)
        elif asked.holder is None or asked.holder.id is None:
            why = f"it is not known who {path}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
        elif asked.wide and not self._leads(asked.id):
            why = f"{later(unknown)}; perhaps {holder} {path}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
        else:
            message = f"{holder} {path}{self._others(asked.holder)}"
            yield violation(ESCALATION, asked.policy, message, holder=holder)

    def _entry(self, entry: Entry) -> Iterator[Violation]:
        if is_in(self._overlay, entry):
            return
        if entry.into.id is None:
            yield undecided(ESCALATION, entry, f"it is not known what {entry.into} grants")
        elif path := self._new(entry, entry.who):
            if entry.who and entry.who.id is None:
                why = f"it is not known who {path}"
                yield undecided(ESCALATION, entry, why, holder=entry.subject)
            else:
                message = f"{entry.subject} {path}"
                yield violation(ESCALATION, entry, message, holder=entry.subject)

    def _new(self, proposal: Proposal, holder: Holder | None) -> _Path | None:
        """The path of a holder who has none in the file."""
        known_as = holder.id if holder and not holder.is_new else None
        return None if known_as in self._before else self._paths.get(_stand_in(proposal, holder))

    def _leads(self, *policies: str | None) -> bool:
        """Whether one of these adds a step to where full control is reached."""
        found = self._copy.execute(
            "select 1 from escalation_steps as steps join escalation_distances as distances "
            "on distances.id = steps.target "
            "where steps.policy_id in (select value from json_each(?))",
            (json.dumps(policies),),
        )
        return found.fetchone() is not None

    def _others(self, holder: Holder) -> str:
        """Who else of the file gets a path through a holder."""
        entering = {one.who.id for one in self._entries if one.who and one.into.id == holder.id}
        others = sum(
            holder.id in path.keys and name not in self._before
            for name, path in self._paths.items()
            if name in self._known and name not in entering
        )
        if not others:
            return ""
        return f"; through it, {others:,} {'others' if others > 1 else 'other'} could as well"

    @cached_property
    def _before(self) -> set[str]:
        """Those from whom the file's paths lead to full control."""
        return _names(self._overlay.connection, "select id from main.escalation_distances")

    @cached_property
    def _known(self) -> set[str]:
        return _names(self._overlay.connection, "select iam_id from main.identities")

    @cached_property
    def _paths(self) -> dict[str, _Path]:
        """The path of each identity that has one, those of full administrators included."""
        found = {
            name: _Path.of(json.loads(steps), name in self._members)
            for name, steps in self._copy.execute(
                "select iam_id, steps from shortest_escalation_paths"
            )
        }
        administrators = _names(self._copy, "select id from escalation_distances where hops = 0")
        for name in administrators - found.keys():
            found[name] = _Path("", frozenset())
        return found

    @property
    def _members(self) -> set[str]:
        """Those who stand for the members of groups."""
        return {
            _stand_in(one.policy, one.holder)
            for one in self._policies
            if one.holder and one.holder.kind == GROUP and one.holder.id
        }

    def _fill(self) -> None:
        """Put the proposals into the copy, as if they had been collected."""
        for asked in self._policies:
            self._stand(asked.policy, asked.holder, asked.account_id)
        for entry in self._entries:
            account_id = self._overlay.account_of(None)
            self._stand(entry, entry.into, account_id, as_member=False)
            self._enter(entry, account_id)
        self._copy.executemany(
            "delete from role_actions where role_id = ?", self._overlay.changed_roles()
        )
        wordings = {key: one for one in self._policies for key in (one.id, one.wide) if key}
        for table, row in self._overlay.proposed_rows(wordings):
            if table == "policies":
                asked = wordings[row["id"]]
                if asked.holder is None or asked.holder.id is None:
                    row["iam_id"], row["access_group_id"] = _stand_in(asked.policy, None), None
            self._put(table, row)
        add_identities(self._copy)
        self._copy.execute("delete from search")  # what can be searched for need not be indexed

    def _put(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a row, unless its key is there; what it lacks is empty."""
        columns = TABLE[table].columns
        empty = {one.name: {"INTEGER": 0}.get(one.sql_type, "") for one in columns if one.required}
        given = {name: value for name, value in row.items() if value is not None}
        whole = {**{one.name: None for one in columns}, **empty, **given}
        self._copy.execute(INSERT[table], VALUES[table](whole))

    def _stand(
        self, proposal: Proposal, holder: Holder | None, account_id: str, as_member: bool = True
    ) -> None:
        """Add what a plan creates, and somebody for the members of a group."""
        if holder is None or holder.id is None:
            return
        if holder.is_new and holder.kind in _TABLES:
            table, key = _TABLES[holder.kind]
            row = {"id": holder.id, key: holder.id, "name": holder.name, "account_id": account_id}
            self._put(
                table, {**row, "listed": 1, "is_public": 0} if table == "access_groups" else row
            )
        if holder.kind == GROUP and as_member:
            self._member(_stand_in(proposal, holder), holder.id)

    def _member(self, iam_id: str, group_id: str) -> None:
        row = {"iam_id": iam_id, "group_id": group_id, "membership_type": "static"}
        self._put("access_group_members", row)

    def _enter(self, entry: Entry, account_id: str) -> None:
        into = entry.into
        if into.id is None:
            return
        who = _stand_in(entry, entry.who)
        if into.kind == GROUP:
            self._member(who, into.id)
        else:
            row = {"tp_id": into.id.removeprefix("iam-"), "iam_id": who, "account_id": account_id}
            self._put("trustedprofile_identities", row)


def _names(connection: sqlite3.Connection, select: str) -> set[str]:
    return {name for (name,) in connection.execute(select)}


def _stand_in(proposal: Proposal, holder: Holder | None) -> str:
    """Who stands in the paths for a holder: itself, or somebody for those who are not named."""
    if holder is None or holder.id is None:
        return f"whoever it is for ({proposal.label})"
    return f"any member of {holder.id}" if holder.kind == GROUP else holder.id


def again_with(overlay: Overlay, role: CustomRole) -> Iterator[Asked]:
    """The file's policies with a custom role that gets other actions."""
    for policy_id, iam_id, group, account_id in overlay.connection.execute(
        "select policies.id, iam_id, access_group_id, account_id from main.granting_policies "
        "as policies join main.policy_roles on policy_roles.policy_id = policies.id "
        "where type = 'access' and role_id = ? order by policies.id",
        (overlay.custom_role(role),),
    ).fetchall():
        holder = known(overlay, group_of(group) if group else holder_of(iam_id))
        policy = Policy(place=role.place, label=role.label, item={}, holder=holder)
        yield Asked(policy, holder, account_id, policy_id, None)


def escalations(
    overlay: Overlay,
    policies: Sequence[Asked],
    entries: Sequence[Entry],
    roles: Iterable[CustomRole],
) -> Iterator[Violation]:
    """Whoever gets a path to full control that the file does not have for them."""
    again = [asked for role in roles for asked in again_with(overlay, role)]
    yield from Escalation(overlay, [*policies, *again], entries).check()
    for role in roles:
        if "actions" in role.unknown:
            yield undecided(ESCALATION, role, later(role.unknown))
