"""`iaminsights collect`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ..collect import CONCURRENCY, KEEP_HISTORY, PARTS
from ..ibmcloud.credentials import find_credential
from ..ibmcloud.resources import REPORTS
from ..reports.catalogue import all_reports, columns_of
from ..reports.findings import read_acknowledgements
from ..store.file import check_target
from .group import EXIT_INCOMPLETE, database_argument, queries_option, quiet_option
from .running import run_collect, say_collected, say_how_to_serve, say_what_is_missing


@click.command("collect")
@database_argument
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
@queries_option
@quiet_option
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
        summary = run_collect(
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
            say_collected(summary, database)
        say_what_is_missing(summary, verbose)
        incomplete = incomplete or bool(summary.incomplete)
    for entry in summary.unmatched:
        click.echo(f"Acknowledged, but there is no such finding: {entry}.", err=True)
    say_how_to_serve(database, quiet)
    if incomplete:
        sys.exit(EXIT_INCOMPLETE)


def _log(line: str) -> None:
    click.echo(line, err=True)
