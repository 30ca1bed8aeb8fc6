"""Runs a collect for a command, and says how it went."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import click

from .. import progress
from ..collect import CONCURRENCY, KEEP_HISTORY, Summary, collect, utc_now
from ..files import metadata_beside
from ..ibmcloud.client import Client
from ..ibmcloud.credentials import Credential
from ..outcome import OK, PARTIAL
from ..reports.findings import Acknowledgement
from ..reports.report import Report


def run_collect(
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
    """Collect an account into the file, with the progress that standard error can show.

    Raises whatever collect raises; the client is closed in any case.
    """
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


def _progress(quiet: bool) -> Callable[..., None]:
    if quiet:
        return progress.silent
    return progress.LiveTable() if sys.stderr.isatty() else progress.Lines()


def say_collected(summary: Summary, database: Path) -> None:
    """Print a line on what was collected, and what is missing."""
    missing = [
        f"{status}: {', '.join(step.part for step in summary.steps if step.status == status)}"
        for status in dict.fromkeys(step.status for step in summary.incomplete)
    ]
    click.echo(
        f"Collected {summary.account_name} into {database}: {summary.rows:,} rows, "
        f"{summary.requests:,} requests, {summary.seconds:.1f} seconds"
        f"{''.join(f'; {words}' for words in missing)}."
    )


def say_how_to_serve(database: Path, quiet: bool) -> None:
    """Print the command that shows the file as a site."""
    command = ["datasette", str(database), "-m", str(metadata_beside(database))]
    if not quiet:
        click.echo(f"To view the site, run: {shlex.join(command)}")


def say_what_is_missing(summary: Summary, verbose: bool) -> None:
    """Name each part that is missing on standard error, with the IAM roles that allow it."""
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
