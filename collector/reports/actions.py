"""What to do first: the single commands that close most findings, the severe ones counting more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .commands import DISABLE, Step, core, steps_of

# How much a finding of each severity counts.
WEIGHTS = {"critical": 40, "high": 10, "medium": 3, "low": 1, "info": 0}

# A key that is disabled is still there, and an identity without working keys, too: what these
# reports find they find until the key, or the service ID, is deleted.
STILL_FOUND = frozenset(
    {"owner_api_key", "admin_user_api_keys", "service_id_inactive", "service_id_no_access"}
)

# What these reports find is the shortest of several paths: without it there is another one, unless
# all paths of the identity begin with the policy that the command deletes.
ONE_OF_SEVERAL = frozenset({"escalation_paths"})
SOLE = "select account_id, iam_id from sole_escalation_policies"

# What is open and has a command, and whether that ends all paths, where there can be several. What
# somebody accepts is nothing to do.
TO_DO = f"""
    select account_id, command, report, severity, (account_id, iam_id) in ({SOLE}) as ends_all
    from open_findings
    where command is not null
"""
_LOOKED_AT = 60  # commands of an account, of which the first are chosen


@dataclass
class Action:
    """One thing to do: its steps, the texts of commands that come down to it, what it closes by
    severity, the reports of that, and how many findings it only begins to fix.
    """

    steps: tuple[Step, ...]
    commands: list[str] = field(default_factory=list)
    closes: Counter[str] = field(default_factory=Counter)
    reports: set[str] = field(default_factory=set)
    begins: int = 0

    def add(self, command: str, found: Iterable[_Counted]) -> None:
        """Count what one text of it closes, and what it only begins to fix."""
        closed = False
        for one in found:
            if one.is_begun:
                self.begins += one.number
                continue
            self.closes[one.severity] += one.number
            self.reports.add(one.report)
            closed = True
        if closed:
            self.commands.append(command)

    @property
    def weight(self) -> int:
        """How much it closes: findings by their severity."""
        return sum(WEIGHTS[severity] * number for severity, number in self.closes.items())

    @property
    def command(self) -> str:
        """The command, with what must be unlocked for it, where any of its texts says so."""
        return max(self.commands, key=len)


@dataclass(frozen=True)
class _Counted:
    """How many findings of a report and severity have one command; `is_begun` if they stay."""

    report: str
    severity: str
    number: int
    is_begun: bool


def only_begins(report: str, steps: Iterable[Step], ends_all: bool) -> bool:
    """Whether a finding of this report is still one after these steps.

    `ends_all` says whether they end all paths of its identity, where there can be several.
    """
    if report in ONE_OF_SEVERAL:
        return not ends_all
    return report in STILL_FOUND and all(step.kind.stage == DISABLE for step in steps)


def first_actions(rows: Iterable[Sequence[Any]], most: int) -> dict[str, list[Action]]:
    """By account, the actions that weigh most, from the rows of TO_DO.

    Commands that differ only in what they unlock meanwhile are one action. A finding that a command
    only begins to fix is not closed by it; where one of several findings of a report is left, none
    of them counts as closed.
    """
    counted: dict[tuple[str, str, str, str], list[bool]] = {}
    for account_id, command, report, severity, ends_all in rows:
        counted.setdefault((account_id, command, report, severity), []).append(bool(ends_all))
    weights: dict[str, Counter[str]] = {}
    found_by: dict[tuple[str, str], list[_Counted]] = {}
    for (account_id, command, report, severity), ends_all in counted.items():
        # Most reports never only begin: their commands need not be taken apart for this.
        is_begun = report in STILL_FOUND | ONE_OF_SEVERAL and only_begins(
            report, core(steps_of(command)), all(ends_all)
        )
        one = _Counted(report, severity, len(ends_all), is_begun)
        found_by.setdefault((account_id, command), []).append(one)
        its = weights.setdefault(account_id, Counter())
        its[command] += 0 if is_begun else WEIGHTS[severity] * one.number
    first = {}
    for account_id, by_command in weights.items():
        found: dict[tuple[str, ...], Action] = {}
        heaviest = sorted(by_command, key=lambda command: (-by_command[command], command))
        for command in heaviest[:_LOOKED_AT]:
            if steps := core(steps_of(command)):
                action = found.setdefault(tuple(step.text for step in steps), Action(steps))
                action.add(command, found_by[account_id, command])
        worth = [action for action in found.values() if action.weight]
        worth.sort(key=lambda action: (-action.weight, len(action.steps), action.command))
        first[account_id] = worth[:most]
    return first
