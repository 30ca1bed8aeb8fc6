"""What to do first: the single commands that close most findings, the severe ones counting more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .commands import DISABLE, Step, core, steps_of

# How much a finding of each severity counts.
WEIGHTS = {"critical": 40, "high": 10, "medium": 3, "low": 1, "info": 0}

# A key that is disabled is still there, and an identity without working keys, too: what these
# reports find they find until the key, or the service ID, is deleted.
STILL_FOUND = frozenset(
    {"owner_api_key", "admin_user_api_keys", "service_id_inactive", "service_id_no_access"}
)

# What these reports find is the shortest of several paths: without it there may be another one.
ONE_OF_SEVERAL = frozenset({"escalation_paths"})
_MAY_BEGIN = STILL_FOUND | ONE_OF_SEVERAL

# What is open and has a command. What somebody accepts is nothing to do.
TO_DO = """
    select account_id, command, report, severity
    from findings
    where command is not null
      and (
        acknowledgement_id is null
        or acknowledgement_id not in (select id from current_acknowledgements)
      )
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

    def add(self, command: str, found: Iterable[tuple[str, str, int]]) -> None:
        """Count what one text of it closes: how many findings of each report and severity."""
        closed = False
        for report, severity, number in found:
            if only_begins(report, self.steps):
                self.begins += number
                continue
            self.closes[severity] += number
            self.reports.add(report)
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


def only_begins(report: str, steps: Iterable[Step]) -> bool:
    """Whether a finding of this report is still one after these steps."""
    if report in ONE_OF_SEVERAL:
        return True
    return report in STILL_FOUND and all(step.kind.stage == DISABLE for step in steps)


def first_actions(rows: Iterable[Sequence[str]], most: int) -> dict[str, list[Action]]:
    """By account, the actions that weigh most, from the rows of TO_DO.

    Commands that differ only in what they unlock meanwhile are one action. A finding that a command
    only begins to fix is not closed by it.
    """
    counted = Counter(map(tuple, rows))
    weights: dict[str, Counter[str]] = {}
    closed: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for (account_id, command, report, severity), number in counted.items():
        its = weights.setdefault(account_id, Counter())
        # Most reports never only begin: their commands need not be taken apart for this.
        begun = report in _MAY_BEGIN and only_begins(report, core(steps_of(command)))
        its[command] += 0 if begun else WEIGHTS[severity] * number
        closed.setdefault((account_id, command), []).append((report, severity, number))
    first = {}
    for account_id, by_command in weights.items():
        found: dict[tuple[str, ...], Action] = {}
        heaviest = sorted(by_command, key=lambda command: (-by_command[command], command))
        for command in heaviest[:_LOOKED_AT]:
            if steps := core(steps_of(command)):
                action = found.setdefault(tuple(step.text for step in steps), Action(steps))
                action.add(command, closed[account_id, command])
        worth = [action for action in found.values() if action.weight]
        worth.sort(key=lambda action: (-action.weight, len(action.steps), action.command))
        first[account_id] = worth[:most]
    return first
