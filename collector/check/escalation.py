"""--no-escalation: whether somebody could become an administrator who could not before.

The steps that proposals add are derived by the select of escalation_steps, and put beside those of
the file; from there the selects of the facts go on. Whoever is in an access group, or meets a rule,
stands there as one identity more, so that a group without members has its path too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .file import is_in, known
from .overlay import Asked, Overlay
from .policies import group_of, holder_of
from .proposals import GROUP, PROFILE, SERVICE_ID, CustomRole, Entry, Holder, Policy, Proposal
from .verdicts import ESCALATION, Violation, later, undecided, violation

_TABLES = {
    GROUP: ("access_groups", "id"),
    SERVICE_ID: ("serviceids", "iam_id"),
    PROFILE: ("trustedprofiles", "iam_id"),
}


@dataclass(frozen=True)
class _Path:
    """The shortest path of an identity to full control; `keys` are what it leads through."""

    text: str
    keys: frozenset[str]

    @classmethod
    def of(cls, steps: Sequence[tuple[str, str, str]], is_member: bool) -> _Path:
        """A path of steps: the key and the name of where each leads, and why.

        That somebody who stands for the members of a group is one of them need not be said.
        """
        text = " → ".join(f"{name} ({why})" for _, name, why in steps[is_member:])
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
        self._prepare()
        for asked in self._policies:
            yield from self._policy(asked)
        for entry in self._entries:
            yield from self._entry(entry)

    def _policy(self, asked: Asked) -> Iterator[Violation]:
        who = _stand_in(asked.policy, asked.holder)
        path, unknown = self._new(who, asked.holder), asked.policy.unknown
        holder = str(asked.holder) if asked.holder else "whoever it is for"
        if asked.account_id not in self._overlay.accounts:
            why = f"the file does not have its account {asked.account_id}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
            return
        if path is None or not self._leads(asked):
            if "roles" in unknown:
                yield undecided(ESCALATION, asked.policy, later(unknown), holder=holder)
            return
        if asked.holder is None or asked.holder.id is None:
            why = f"it is not known who would get a path to full control: {path.text}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
        elif asked.wide and not self._leads(asked, asked.id):
            why = f"{later(unknown)}, and {holder} might become an administrator: {path.text}"
            yield undecided(ESCALATION, asked.policy, why, holder=holder)
        else:
            message = (
                f"{holder} could become an administrator: {path.text}{self._others(asked.holder)}"
            )
            yield violation(ESCALATION, asked.policy, message, holder=holder)

    def _entry(self, entry: Entry) -> Iterator[Violation]:
        who = _stand_in(entry, entry.who)
        if is_in(self._overlay, entry):
            return
        if entry.into.id is None:
            yield undecided(ESCALATION, entry, f"it is not known what {entry.into} grants")
        elif path := self._new(who, entry.who):
            holder = entry.subject
            if entry.who and entry.who.id is None:
                why = f"it is not known who would get a path to full control: {path.text}"
                yield undecided(ESCALATION, entry, why, holder=holder)
            else:
                message = f"{holder} could become an administrator: {path.text}"
                yield violation(ESCALATION, entry, message, holder=holder)

    def _new(self, who: str, holder: Holder | None) -> _Path | None:
        """The path of somebody who has none in the file."""
        known = holder.id if holder and not holder.is_new else None
        if not self._has_steps or known in self._before:
            return None
        return self._paths.get(who)

    def _leads(self, asked: Asked, policy_id: str | None = None) -> bool:
        """Whether a policy, or one wording of it, adds a step to where full control is reached."""
        return self._one(
            "select 1 from temp.new_escalation_steps as steps join temp.escalation_distances "
            "as distances on distances.id = steps.target where steps.policy_id in (?, ?)",
            policy_id or asked.id,
            policy_id or asked.wide,
        )

    def _one(self, select: str, *values: Any) -> bool:
        return self._overlay.connection.execute(select, values).fetchone() is not None

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
        return self._names("select id from main.escalation_distances")

    @cached_property
    def _known(self) -> set[str]:
        return self._names("select iam_id from main.identities")

    def _names(self, select: str) -> set[str]:
        return {name for (name,) in self._overlay.connection.execute(select)}

    @cached_property
    def _paths(self) -> dict[str, _Path]:
        """The path of each identity that has one, those of full administrators included."""
        found = {
            name: _Path.of(json.loads(steps), name in self._members)
            for name, steps in self._overlay.connection.execute(
                "select iam_id, steps from temp.shortest_escalation_paths"
            )
        }
        administrators = self._names("select id from temp.escalation_distances where hops = 0")
        for name in administrators - found.keys():
            found[name] = _Path("full control", frozenset())
        return found

    def _prepare(self) -> None:
        overlay = self._overlay
        for asked in self._policies:
            self._stand(asked.policy, asked.holder, asked.account_id)
            self._hold(asked)
        for entry in self._entries:
            account_id = overlay.account_of(None)
            self._stand(entry, entry.into, account_id, as_member=False)
            self._enter(entry, account_id)
        overlay.derive_into("escalation_roles", "escalation_roles")
        overlay.derive_into("escalation_steps", "new_escalation_steps")
        # Most policies lead nowhere, and the rest takes longest.
        self._has_steps = bool(self._entries) or self._one(
            "select 1 from temp.new_escalation_steps where policy_id is not null"
        )
        if not self._has_steps:
            return
        overlay.connection.execute(
            "create temp view escalation_steps as select * from main.escalation_steps "
            "union all select * from temp.new_escalation_steps"
        )
        for fact in ("escalation_distances", "shortest_escalation_paths"):
            overlay.derive_into(fact, fact)

    def _hold(self, asked: Asked) -> None:
        """Let a policy of somebody who is not known be one of whoever it is for."""
        if asked.holder is None or asked.holder.id is None:
            self._overlay.connection.execute(
                "update temp.policies set iam_id = ?, access_group_id = null where id in (?, ?)",
                (_stand_in(asked.policy, None), asked.id, asked.wide),
            )

    @property
    def _members(self) -> set[str]:
        return {
            _stand_in(one.policy, one.holder)
            for one in self._policies
            if one.holder and one.holder.kind == GROUP and one.holder.id
        }

    def _stand(
        self, proposal: Proposal, holder: Holder | None, account_id: str, as_member: bool = True
    ) -> None:
        """Add what a plan creates, and somebody for the members of a group."""
        if holder is None or holder.id is None:
            return
        if holder.is_new and holder.kind in _TABLES:
            table, key = _TABLES[holder.kind]
            row = {"id": holder.id, key: holder.id, "name": holder.name, "account_id": account_id}
            self._overlay.add_row(table, {**row, "listed": 1, "is_public": 0})
        if holder.kind == GROUP and as_member:
            self._member(_stand_in(proposal, holder), holder.id)

    def _member(self, iam_id: str, group_id: str) -> None:
        row = {"iam_id": iam_id, "group_id": group_id, "membership_type": "static"}
        self._overlay.add_row("access_group_members", row)

    def _enter(self, entry: Entry, account_id: str) -> None:
        into = entry.into
        if into.id is None:
            return
        who = _stand_in(entry, entry.who)
        if into.kind == GROUP:
            self._member(who, into.id)
        else:
            row = {"tp_id": into.id.removeprefix("iam-"), "iam_id": who, "account_id": account_id}
            self._overlay.add_row("trustedprofile_identities", row)


def _stand_in(proposal: Proposal, holder: Holder | None) -> str:
    """Who stands in the paths for a holder: itself, or somebody for those who are not named."""
    if holder is None or holder.id is None:
        return f"whoever it is for ({proposal.label})"
    return f"any member of {holder.id}" if holder.kind == GROUP else holder.id


def again_with(overlay: Overlay, role: CustomRole) -> list[Asked]:
    """The file's policies with a custom role that gets other actions, over the file once more."""
    found = []
    for policy_id, iam_id, group, account_id in overlay.connection.execute(
        "select policies.id, iam_id, access_group_id, account_id from main.granting_policies "
        "as policies join main.policy_roles on policy_roles.policy_id = policies.id "
        "where type = 'access' and role_id = ? order by policies.id",
        (overlay.custom_role(role),),
    ).fetchall():
        holder = known(overlay, group_of(group) if group else holder_of(iam_id))
        policy = Policy(place=role.place, label=role.label, item={}, holder=holder)
        found.append(Asked(policy, holder, account_id, overlay.add_again(policy_id), None))
    return found


def escalations(
    overlay: Overlay,
    policies: Sequence[Asked],
    entries: Iterable[Entry],
    roles: Iterable[CustomRole],
) -> Iterator[Violation]:
    """Whoever gets a path to full control that the file does not have for them.

    `policies` has those of the file, too, whose custom role gets other actions.
    """
    yield from Escalation(overlay, policies, [*entries]).check()
    for role in roles:
        if "actions" in role.unknown:
            yield undecided(ESCALATION, role, later(role.unknown))
