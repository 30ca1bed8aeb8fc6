"""A plan of remediation: the commands of findings, each once, in a safe order, with their undo.

The plan is text for a shell in which every line is a comment. Names are data: no name can end a
line, and no command is written whose quotes are not understood to the last character.
"""

from __future__ import annotations

import shlex
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .actions import only_begins
from .commands import DELETE, LOCK, STAGES, Step, core, one_line, steps_of
from .findings import holder_of, what_of
from .named import READS as NAMED_IN
from .named import Named
from .output import Answer
from .report import rank

COLUMNS = (
    *("report", "title", "severity", "what", "who", "account_id", "iam_id", "command"),
    "acknowledged",
)
# All tables and views that are looked at, for whoever must ask first.
READS = (*NAMED_IN, "accounts", "collections", "collected_parts")
_MOST_LISTED = 10  # findings below a step

_HEAD = (
    "#!/bin/sh",
    "# Remediation plan by IAM insights",
    "#",
    "# Every line is a comment, so the plan does nothing if you run it as it is. A line without a",
    "# blank after the # is a command. Follow the steps in order: read what a step does and what",
    "# depends on it, remove the #, run the command, and collect again afterward.",
)
_BEFORE_DELETING = (
    "First make sure that nothing fails without what you disabled: a deletion is permanent."
)


@dataclass(frozen=True)
class ToFix:
    """A finding, as far as a plan needs it."""

    report: str
    title: str
    severity: str
    what: str
    who: str
    account_id: str
    iam_id: str
    command: str
    is_accepted: bool

    @classmethod
    def of_view(cls, row: Mapping[str, Any]) -> ToFix:
        """A row of the view findings_to_fix, with COLUMNS."""
        said = {name: str(row[name] or "") for name in COLUMNS if name != "acknowledged"}
        return cls(**said, is_accepted=bool(row["acknowledged"]))

    @classmethod
    def of_report(
        cls,
        name: str,
        title: str,
        severity: str,
        identifiers: Sequence[str],
        row: Mapping[str, Any],
    ) -> ToFix:
        """A row of a report that has findings."""
        return cls(
            name,
            title,
            severity,
            what_of(identifiers, row),
            str(holder_of(row) or ""),
            str(row["account_id"]),
            str(row.get("iam_id") or ""),
            str(row.get("command") or ""),
            bool(row.get("acknowledged")),
        )

    def __str__(self) -> str:
        who = f" ({self.who})" if self.who and self.who not in self.what else ""
        return one_line(f"{self.severity}  {self.title}: {self.what}{who}")


@dataclass
class _Planned:
    """A step of the plan: what it closes, and the other steps that this takes."""

    step: Step
    number: int = 0
    closes: list[tuple[ToFix, tuple[Step, ...]]] = field(default_factory=list)


def plan(connection: sqlite3.Connection | None, to_fix: Iterable[ToFix]) -> str:
    """The plan for findings of a file, account by account.

    Without a connection it tells things as the commands do, and nothing of what hangs on them.
    """
    accounts: dict[str, list[ToFix]] = {}
    for finding in to_fix:
        accounts.setdefault(finding.account_id, []).append(finding)
    lines = list(_HEAD)
    for account_id in sorted(accounts):
        about = _about(connection, account_id) if connection else [f"Account {account_id}"]
        lines += ["#", *map(_said, about)]
        lines += _of_account(account_id, accounts[account_id], Named(connection, account_id))
    if not accounts:
        lines += ["#", "# There are no findings in this selection."]
    return "\n".join(lines) + "\n"


def plan_of_answers(database: Path, answers: Iterable[Answer]) -> str:
    """The plan for what reports found in a file; inventories, which find nothing, are left out."""
    found = [
        ToFix.of_report(report.name, report.title, report.severity_of(row), report.identifiers, row)
        for report, row in (
            (answer.report, dict(zip(answer.columns, cells, strict=True)))
            for answer in answers
            if answer.report.identifiers
            for cells in answer.rows
        )
    ]
    with closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    ) as connection:
        return plan(connection, found)


def _about(connection: sqlite3.Connection, account_id: str) -> Iterator[str]:
    """The account, when it was collected, and what could not be read."""
    about = {"account_id": account_id}
    name, collected_at = connection.execute(
        "select coalesce(accounts.name, :account_id), max(collections.finished_at) "
        "from (select 1) left join accounts on accounts.account_id = :account_id "
        "left join collections on collections.account_id = :account_id",
        about,
    ).fetchone()
    when = (collected_at or "an unknown time").replace("T", " ").replace("Z", " UTC")
    yield f"Account {name} ({account_id}), as collected on {when}"
    unread = [
        row[0].replace("_", " ")
        for row in connection.execute(
            "select part from collected_parts where account_id = :account_id "
            "and (status <> 'ok' or lacks is not null) order by part",
            about,
        )
    ]
    if unread:
        yield f"Not read in full, so there might be more to fix: {', '.join(unread)}"


def _of_account(account_id: str, found: Sequence[ToFix], named: Named) -> Iterator[str]:
    todo = [finding for finding in found if not finding.is_accepted]
    without = [finding for finding in todo if not finding.command]
    unsafe = [finding for finding in todo if finding.command and not steps_of(finding.command)]
    steps = _steps(finding for finding in todo if steps_of(finding.command))
    having = len(todo) - len(without) - len(unsafe)
    yield _said(
        f"{_findings(len(todo))} to fix: {having:,} with a command, "
        f"{len(without) + len(unsafe):,} without; {_number(len(steps), 'step')}"
    )
    if accepted := len(found) - len(todo):
        yield _said(f"{_findings(accepted)} left out, because {_they_are(accepted)} accepted")
    yield from _listed("No command fixes these; their reports say what to do", without)
    yield from _listed(
        "The commands for these contain characters that are not safe here; use the console", unsafe
    )
    if not steps:
        return
    yield "#"
    yield _said("Select the account first:")
    yield f"#ibmcloud target -c {shlex.quote(one_line(account_id))}"
    numbers = {planned.step: planned.number for planned in steps}
    stage = ""
    for planned in steps:
        if planned.step.kind.stage != stage:
            stage = planned.step.kind.stage
            yield from ("#", _said(f"== {stage} =="))
            if stage == DELETE:
                yield _said(_BEFORE_DELETING)
        yield from _told(planned, named, numbers)


def _steps(found: Iterable[ToFix]) -> list[_Planned]:
    """The steps for these findings, each once and in a safe order.

    What is deleted is not locked before: what the lock would close is closed by the deletion.
    """
    planned: dict[Step, _Planned] = {}
    for finding in found:
        steps = steps_of(finding.command)
        for step in steps:
            planned.setdefault(step, _Planned(step))
        for step in core(steps):
            others = tuple(other for other in core(steps) if other != step)
            planned[step].closes.append((finding, others))
    deletions = {
        step.arguments[0]: one
        for step, one in planned.items()
        if step.kind.stage == DELETE and step.arguments
    }
    for step in [step for step in planned if step.kind.stage == LOCK]:
        if gone := next((deletions[it] for it in step.arguments if it in deletions), None):
            gone.closes += planned.pop(step).closes
    ordered = sorted(planned.values(), key=lambda one: one.step.order)
    for number, one in enumerate(ordered, 1):
        one.number = number
    return ordered


def _told(planned: _Planned, named: Named, numbers: Mapping[Step, int]) -> Iterator[str]:
    """One step: what it does, what hangs on it, what it closes, the command, what undoes it."""
    step = planned.step
    yield "#"
    yield _said(f"Step {planned.number}: {named.does(step)}")
    if policy := named.policy(step):
        yield _said(f"Policy: {policy}")
    for line in named.hanging(step):
        yield _said(line)
    first = {
        numbers[other]
        for _, others in planned.closes
        for other in others
        if step.kind.stage == DELETE
        and STAGES.index(other.kind.stage) < STAGES.index(DELETE)
        and other in numbers
    }
    if first:
        yield _said(f"Only after {_numbered(first)}")
    yield from _closing(planned, named, numbers)
    yield f"#{step.text}"
    for line in named.undo(step):
        yield _said(f"Undo: {line}" if line.startswith("ibmcloud ") else line)


def _closing(planned: _Planned, named: Named, numbers: Mapping[Step, int]) -> Iterator[str]:
    """The findings of a step, those together that take the same other steps."""
    groups: dict[str, list[ToFix]] = {}
    for finding, others in planned.closes:
        ends_all = finding.iam_id in named.with_one_way
        begins = only_begins(finding.report, (planned.step, *others), ends_all)
        verb = "Begins to fix" if begins else "Closes"
        more = {numbers[other] for other in others if other in numbers}
        together = f", together with {_numbered(more)}" if more else ""
        groups.setdefault(f"{verb}{together}:", []).append(finding)
    for heading, found in sorted(groups.items()):
        yield _said(heading)
        found.sort(key=lambda finding: (rank(finding.severity), str(finding)))
        for finding in found[:_MOST_LISTED]:
            yield _said(f"  {finding}")
        if len(found) > _MOST_LISTED:
            yield _said(f"  and {len(found) - _MOST_LISTED:,} more")


def _listed(heading: str, found: Sequence[ToFix]) -> Iterator[str]:
    """How many findings of each report there are, the worst first."""
    counted = Counter((finding.severity, finding.title) for finding in found)
    if counted:
        yield "#"
        yield _said(f"{heading}:")
    for (severity, title), number in sorted(
        counted.items(), key=lambda one: (rank(one[0][0]), one[0][1])
    ):
        yield _said(f"  {number:,}  {severity}  {title}")


def _said(text: str) -> str:
    return f"# {one_line(text)}"


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _findings(number: int) -> str:
    return _number(number, "finding")


def _they_are(number: int) -> str:
    return "it is" if number == 1 else "they are"


def _numbered(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    return f"step{'' if len(ordered) == 1 else 's'} {', '.join(map(str, ordered))}"
