"""`iaminsights metadata`."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from ..errors import DatabaseError
from ..files import METADATA, project_file
from ..reports.catalogue import all_reports
from ..reports.findings import count_in_file
from ..reports.report import Report, assemble
from ..reports.resting import parts_of
from ..store.file import check_source, check_target
from .group import DEFAULT_FILE, queries_option


@click.command("metadata")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 and a diff if stale.")
@queries_option
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
