"""`iaminsights whatif`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..errors import ChangeError
from ..reports import output as terminal
from ..reports.catalogue import all_reports
from ..reports.output import Answer
from ..reports.report import Report
from ..trial import access, consequences
from ..trial.changes import make, read_changes
from ..trial.trial import Trial, without
from .group import database_argument, queries_option

_FORMATS = ("table", "csv", "json", "markdown")
_ACCESS, _ESCALATION, _FINDINGS = PARTS = ("access", "escalation", "findings")


@click.command("whatif")
@click.argument("changes", metavar="CHANGES")
@database_argument
@click.option(
    "--account", metavar="NAME", help="The account, by name or ID; needed if DB has several."
)
@click.option(
    "--only",
    metavar="PART",
    multiple=True,
    type=click.Choice(PARTS),
    help=f"Compare only this, which is quicker; repeatable. One of: {', '.join(PARTS)}.",
)
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(_FORMATS),
    help="csv and json contain every row and column; csv is safe to open in a spreadsheet.",
)
@queries_option
def whatif_command(
    changes: str,
    database: Path,
    account: str | None,
    only: tuple[str, ...],
    form: str,
    queries: tuple[Path, ...],
) -> None:
    """Show what changes would do to access, escalation paths, and findings, without making them.

    CHANGES is a file, JSON or YAML, that docs/whatif.md describes, or the ID of a policy or access
    group: what would be lost without it. DB (default: iaminsights.sqlite3) and the account stay as
    they are.
    """
    file = Path(changes)
    wanted = read_changes(file) if file.is_file() else without(database, changes)
    if wanted is None:
        raise ChangeError(
            f"{changes} is neither a file nor the ID of a policy or access group in {database}."
        )
    parts = set(only or PARTS)
    with Trial(database, account or wanted.get("account")) as trial:
        make(wanted, trial, changes)
        for part in terminal.unread_parts(database):
            click.echo(
                f"Note: {part} could not be read in full, so the answer might be incomplete.",
                err=True,
            )
        answers = list(_answers(trial, parts, queries))
        for note in trial.notes:
            click.echo(f"Note: {note}", err=True)
        width = shutil.get_terminal_size((100, 24)).columns
        for text in terminal.pieces(answers, form, width):
            # What other programs read is UTF-8 whatever the locale.
            click.echo(text if form == "table" else text.encode(), nl=False, color=True)


@dataclass(frozen=True)
class _Rows:
    """Rows that are made each time that they are gone through."""

    columns: tuple[str, ...]
    make: Callable[[], Iterable[Mapping[str, Any]]]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self.make():
            yield tuple(row[name] for name in self.columns)


def _answers(trial: Trial, parts: set[str], queries: tuple[Path, ...]) -> Iterator[Answer]:
    if _ACCESS in parts:
        for name, title, question, changes in (
            (
                "access_gained",
                "Access gained",
                "Who can do what they cannot do now?",
                access.GAINED,
            ),
            (
                "access_lost",
                "Access lost",
                "Who can no longer do what they can do now?",
                access.LOST,
            ),
        ):
            counts = ", ".join(_counted(trial.access.count(one), one) for one in changes)
            identities = len(trial.access.identities(*changes))
            people = f"{identities:,} identit{'y' if identities == 1 else 'ies'}"
            made = _Rows(access.COLUMNS, partial(trial.access.rows, *changes))
            yield _answer(
                name,
                title,
                f"{question} {counts}, of {people}.",
                made,
                trial.access.count(*changes),
            )
    if not parts & {_ESCALATION, _FINDINGS}:
        return
    whole = trial.whole(() if _FINDINGS in parts else consequences.ESCALATION)
    if _ESCALATION in parts:
        yield _listed(
            "escalation_changes",
            "Escalation paths opened and closed",
            "Who can, or can no longer, make themselves an administrator?",
            consequences.ESCALATION_COLUMNS,
            consequences.escalations(trial.before, whole),
        )
    if _FINDINGS in parts:
        yield _listed(
            "finding_changes",
            "Findings that appear and disappear",
            "What would reports find that they do not find now, and the other way around?",
            consequences.FINDING_COLUMNS,
            consequences.findings(trial.before, whole, all_reports(queries)),
        )


def _counted(number: int, change: str) -> str:
    return f"{number:,} {change}{'s' if change.endswith('path') and number != 1 else ''}"


def _listed(
    name: str, title: str, question: str, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> Answer:
    return _answer(name, title, question, _Rows(columns, lambda: rows), len(rows))


def _answer(name: str, title: str, question: str, rows: _Rows, found: int) -> Answer:
    report = Report(name, title, question, "What if", "info", why="", remediation="", sql="")
    return Answer(report, rows.columns, rows, found)
