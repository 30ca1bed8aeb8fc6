"""`iaminsights report`."""

from __future__ import annotations

import difflib
import shutil
import sys
from pathlib import Path

import click

from ..reports import output as terminal
from ..reports.catalogue import all_reports
from ..reports.plan import plan_of_answers
from ..reports.report import SEVERITIES, Report, rank
from ..reports.sarif import sarif
from ..store.file import check_source
from .group import DEFAULT_FILE, EXIT_FOUND, queries_option


@click.command("report")
@click.argument("words", nargs=-1, metavar="[DB] [NAME]...")
@click.option("--list", "list_them", is_flag=True, help="List the reports without running them.")
@click.option(
    "--explain",
    is_flag=True,
    help="Explain why the reports matter, how to fix their findings, and how they count, without "
    "running them.",
)
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(terminal.FORMATS),
    help="csv and json contain every column; csv is safe to open in a spreadsheet; "
    "sarif is for code scanning; sh is a remediation plan: the commands that fix the findings, "
    "all commented out.",
)
@click.option(
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of the reports; repeatable.",
)
@click.option(
    "--fail-on",
    metavar="SEVERITY",
    type=click.Choice(SEVERITIES),
    help="Exit with 3 if there are rows of this severity or above that nobody acknowledged: "
    f"{', '.join(SEVERITIES)}.",
)
@queries_option
def report_command(
    words: tuple[str, ...],
    list_them: bool,
    explain: bool,
    form: str,
    parameters: tuple[str, ...],
    fail_on: str | None,
    queries: tuple[Path, ...],
) -> None:
    """Run reports on DB (default: iaminsights.sqlite3), either all of them or those named.

    Explorers, which answer a question about one identity, instance, or action, run only when they
    are named, with --param.
    """
    known = {report.name: report for report in all_reports(queries)}
    database = Path(DEFAULT_FILE)
    if words and (words[0] not in known or Path(words[0]).exists()):
        database, words = Path(words[0]), words[1:]
    for name in words:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {close[0]}?" if close else " --list shows all."
            raise click.UsageError(f"There is no report {name}.{hint}")
    if list_them:
        for report in sorted(known.values(), key=_worst_first):
            click.echo(f"{report.severity:<9} {report.name:<52} {report.question}")
        return
    chosen = [known[name] for name in words] or [
        report for report in known.values() if report.category != terminal.EXPLORERS
    ]
    width = shutil.get_terminal_size((100, 24)).columns
    if explain:
        for report in sorted([known[name] for name in words] or known.values(), key=_worst_first):
            click.echo(terminal.explained(report, width))
        return
    values = _parameters(parameters, chosen)
    check_source(database)
    for part in terminal.unread_parts(database):
        click.echo(
            f"Note: {part} could not be read in full, so reports might be incomplete.", err=True
        )
    answers = [
        terminal.run(report, database, {n: v for n, v in values.items() if n in report.parameters})
        for report in sorted(chosen, key=_worst_first)
    ]
    if form == "sarif":
        text = sarif(answers)
    elif form == "sh":
        text = plan_of_answers(database, answers)
    else:
        text = terminal.written(answers, form, width)
    # What other programs read is UTF-8 whatever the locale.
    click.echo(text if form == "table" else text.encode(), nl=False, color=True)
    if fail_on and any(answer.open(fail_on) for answer in answers):
        sys.exit(EXIT_FOUND)


def _worst_first(report: Report) -> tuple[int, str]:
    return rank(report.severity), report.name


def _parameters(given: tuple[str, ...], reports: list[Report]) -> dict[str, str]:
    """The values of --param by name; a usage error if no chosen report has the parameter."""
    known = {name for report in reports for name in report.parameters}
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise click.UsageError(
                f"--param {text}: must be NAME=VALUE with one of these names: {names}."
            )
        values[name] = value
    return values
