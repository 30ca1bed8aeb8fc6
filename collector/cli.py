"""The command line: options, output, exit codes. The only module that prints or exits."""

from __future__ import annotations

import difflib
import io
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from . import __version__, progress
from .collect import CONCURRENCY, KEEP_HISTORY, PARTS, Summary, collect, utc_now
from .errors import DatabaseError, InsightsError
from .files import METADATA, metadata_beside, project_file
from .ibmcloud.client import Client
from .ibmcloud.credentials import Credential, find_credential
from .ibmcloud.resources import REPORTS
from .outcome import OK, PARTIAL
from .reports import output as terminal
from .reports.catalogue import all_reports, columns_of
from .reports.findings import Acknowledgement, count_in_file, read_acknowledgements
from .reports.plan import plan_of_answers
from .reports.report import SEVERITIES, Report, assemble, rank
from .reports.resting import parts_of
from .reports.sarif import sarif
from .sandbox import (
    EARLIER_BY,
    Sandbox,
    account_of_size,
    earlier_sample_account,
    read_faults,
    sample_account,
)
from .store.file import accounts_in, check_source, check_target

DEFAULT_FILE = "iaminsights.sqlite3"
EXIT_FOUND, EXIT_INCOMPLETE = 3, 4


class _Group(click.Group):
    """Shows every expected error as its sentence."""

    def invoke(self, context: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):  # of terminals that cannot write every name
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(context)
        except InsightsError as error:
            raise _shown(error) from None


class _Shown(click.ClickException):
    """A sentence on standard error, and the exit code of what it is about."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code  # type: ignore[misc]  # of the class in click's hints


def _shown(error: InsightsError) -> click.ClickException:
    return _Shown(str(error), error.exit_code)


_database = click.argument(
    "database",
    metavar="[DB]",
    default=DEFAULT_FILE,
    type=click.Path(dir_okay=False, path_type=Path),
)
_queries = click.option(
    "--queries",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with your own reports, in addition to canned_queries/ here; repeatable.",
)
_quiet = click.option("--quiet", is_flag=True, help="Show no progress and no summary.")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="iaminsights")
def main() -> None:
    """Who can do what in an IBM Cloud account: collect the data, publish it, and report on it."""


@main.command("collect")
@_database
@click.option(
    "--credentials",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help='A key file with "apikey", as ibmcloud iam api-key-create NAME --file FILE writes it; '
    "repeatable, to collect several accounts in turn. "
    "Without it: IBMCLOUD_TOKEN, IBMCLOUD_API_KEY, or IC_API_KEY.",
)
@click.option(
    "--concurrency",
    metavar="N",
    default=CONCURRENCY,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Number of concurrent requests.",
)
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    type=click.Choice(PARTS),
    help=f"Collect only this part and keep the rest; repeatable. One of: {', '.join(PARTS)}.",
)
@click.option(
    "--no-reports",
    is_flag=True,
    help="Skip the reports that IBM Cloud has to create first "
    f"({', '.join(sorted(REPORTS))}); collect the rest.",
)
@click.option(
    "--acknowledge",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A YAML list of accepted findings: report, identifiers, reason, expires. It replaces "
    "the list in DB.",
)
@click.option(
    "--keep-history",
    metavar="DAYS",
    default=KEEP_HISTORY,
    show_default=True,
    type=click.IntRange(1),
    help="Delete changes and earlier runs that are older than this.",
)
@_queries
@_quiet
@click.option("--verbose", is_flag=True, help="Show each request and each denied request.")
def collect_command(
    database: Path,
    credentials: tuple[Path, ...],
    concurrency: int,
    only: tuple[str, ...],
    no_reports: bool,
    acknowledge: Path | None,
    keep_history: int,
    queries: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
) -> None:
    """Collect the account of the token into DB (default: iaminsights.sqlite3).

    Exit codes: 0 everything was collected; 1 error, DB is unchanged; 2 incorrect usage; 4 collected
    but some parts were denied (each is named, with the IAM role that allows it), failed, or are
    incomplete.
    """
    check_target(database)
    reports = all_reports(queries)
    accepted = read_acknowledgements(acknowledge, columns_of(reports)) if acknowledge else None
    found = [find_credential(file, os.environ) for file in credentials or (None,)]
    if no_reports:
        only = tuple(part for part in only or PARTS if part not in REPORTS)
    incomplete = False
    for credential in found:
        summary = _collect(
            credential,
            os.environ,
            database,
            reports,
            acknowledgements=accepted,
            concurrency=concurrency,
            only=only,
            quiet=quiet,
            log=_log if verbose else None,
            keep_history=keep_history,
        )
        if not quiet:
            _say_collected(summary, database)
        _say_what_is_missing(summary, verbose)
        incomplete = incomplete or bool(summary.incomplete)
    for entry in summary.unmatched:
        click.echo(f"Acknowledged, but there is no such finding: {entry}.", err=True)
    _say_how_to_serve(database, quiet)
    if incomplete:
        sys.exit(EXIT_INCOMPLETE)


@main.command("demo")
@_database
@_quiet
def demo_command(database: Path, quiet: bool) -> None:
    """Collect a bundled sample account into DB, to try the tool without an account.

    The sandbox serves the sample account on a free port of this machine, and the program collects
    it over HTTP exactly as it collects a real account.
    """
    check_target(database)
    account = sample_account()
    held = accounts_in(database)
    others = {name for key, name in held.items() if key != account.account_id}
    if others:
        raise DatabaseError(
            f"{database} contains {', '.join(sorted(others))}; the sample account does not belong "
            "there. Specify another file: iaminsights demo FILE."
        )
    reports = all_reports()
    # A history begins with the second collect: the company as it was comes first, weeks ago.
    earlier = () if held else ((earlier_sample_account(), EARLIER_BY),)
    for stage, ago in (*earlier, (account, timedelta())):
        with Sandbox(stage) as sandbox:
            summary = _collect(
                find_credential(None, sandbox.environment),
                sandbox.environment,
                database,
                reports,
                quiet=quiet or stage is not account,
                now=_clock_behind(ago),
            )
    if not quiet:
        _say_collected(summary, database)
    _say_how_to_serve(database, quiet)


def _clock_behind(ago: timedelta) -> Callable[[], datetime]:
    return lambda: utc_now() - ago


@main.command("sandbox")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 means any free port.")
@click.option(
    "--size",
    default="small",
    show_default=True,
    type=click.Choice(["small", "medium", "limits"]),
    help="small is the sample account; limits is an account at IBM Cloud's documented limits.",
)
@click.option("--seed", default=0, show_default=True, help="Each seed gives another account.")
@click.option(
    "--latency",
    metavar="SECONDS",
    default=0.0,
    type=click.FloatRange(0, 60),
    help="Delay each response by this much.",
)
@click.option(
    "--faults",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON list of faults to inject; docs/faults.md describes it.",
)
def sandbox_command(port: int, size: str, seed: int, latency: float, faults: Path | None) -> None:
    """Serve a fictional account over HTTP on this machine until interrupted.

    The first lines of output, export NAME=value, configure a shell to run collect:
    use eval "$(...)", or copy the lines.
    """
    try:
        planned = read_faults(faults) if faults else ()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    try:
        sandbox = Sandbox(account_of_size(size, seed), port=port, latency=latency, faults=planned)
        sandbox.start()
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from None
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    for name, value in sandbox.environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo(f"Serving a fictional account at {sandbox.url}; press Ctrl-C to stop.", err=True)
    sys.stdout.flush()
    interrupted.wait()
    sandbox.close()


@main.command("report")
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
@_queries
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


@main.command("metadata")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 and a diff if stale.")
@_queries
def metadata_command(check: bool, queries: tuple[Path, ...]) -> None:
    """Assemble metadata.yml in this folder from the bundled reports and canned_queries/ here.

    A report here replaces the bundled one with the same name. The part above the marker line is
    yours and does not change. If iaminsights.sqlite3 is here, its findings are recounted.
    """
    reports = all_reports(queries)
    target = Path(METADATA)
    source = target if target.exists() else project_file(METADATA)
    before = target.read_text(encoding="utf-8") if target.exists() else ""
    after = assemble(source.read_text(encoding="utf-8"), reports, parts_of(reports))
    if check and before != after:
        lines = difflib.unified_diff(
            before.splitlines(True), after.splitlines(True), METADATA, "assembled"
        )
        click.echo("".join(lines), nl=False)
        click.echo(f"{METADATA} is stale; run: iaminsights metadata", err=True)
        sys.exit(1)
    if not check:
        target.write_text(after, encoding="utf-8")
        _count_anew(Path(DEFAULT_FILE), reports)


def _count_anew(database: Path, reports: list[Report]) -> None:
    if database.is_file() and database.stat().st_size:
        check_target(database)
        try:
            check_source(database)
        except DatabaseError as error:  # of an earlier version: the next collect counts
            click.echo(f"Note: {error}", err=True)
            return
        count_in_file(database, reports)
        click.echo(f"Recounted the findings in {database}.", err=True)


def _collect(
    credential: Credential,
    environ: Mapping[str, str],
    database: Path,
    reports: list[Report],
    *,
    acknowledgements: tuple[Acknowledgement, ...] | None = None,
    concurrency: int = CONCURRENCY,
    only: tuple[str, ...] = (),
    quiet: bool = False,
    log: Callable[[str], None] | None = None,
    keep_history: int = KEEP_HISTORY,
    now: Callable[[], datetime] = utc_now,
) -> Summary:
    client = Client(credential, environ, concurrency, log=log)
    try:
        return collect(
            client,
            database,
            only=only,
            concurrency=concurrency,
            progress=_progress(quiet),
            reports=reports,
            acknowledgements=acknowledgements,
            keep_history=keep_history,
            now=now,
        )
    finally:
        client.close()


def _log(line: str) -> None:
    click.echo(line, err=True)


def _progress(quiet: bool) -> Callable[..., None]:
    if quiet:
        return progress.silent
    return progress.LiveTable() if sys.stderr.isatty() else progress.Lines()


def _say_collected(summary: Summary, database: Path) -> None:
    missing = [
        f"{status}: {', '.join(step.part for step in summary.steps if step.status == status)}"
        for status in dict.fromkeys(step.status for step in summary.incomplete)
    ]
    click.echo(
        f"Collected {summary.account_name} into {database}: {summary.rows:,} rows, "
        f"{summary.requests:,} requests, {summary.seconds:.1f} seconds"
        f"{''.join(f'; {words}' for words in missing)}."
    )


def _say_how_to_serve(database: Path, quiet: bool) -> None:
    command = ["datasette", str(database), "-m", str(metadata_beside(database))]
    if not quiet:
        click.echo(f"To view the site, run: {shlex.join(command)}")


def _say_what_is_missing(summary: Summary, verbose: bool) -> None:
    for step in summary.steps:
        if step.status == OK:
            for message in step.messages:
                click.echo(f"Note on {step.part}: {message}", err=True)
            continue
        roles = f" It needs {' and '.join(sorted(step.roles))}." if step.roles else ""
        click.echo(f"{step.status.capitalize()}: {step.part}.{roles}", err=True)
        # What is missing in a part is named; one refusal of a whole part is like the next.
        for message in step.messages if verbose or step.status == PARTIAL else step.messages[:1]:
            click.echo(f"  {message}", err=True)
