"""All reports that there are: those of the package, those of folders, and their summary."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

from ..errors import ReportError
from ..facts.derived import empty_database
from ..files import QUERIES, project_file
from .report import Report, check_against, read_reports
from .summary import NAME, findings_summary


@cache
def bundled_reports() -> tuple[Report, ...]:
    """The reports that come with the program; raises ReportError."""
    return read_reports(project_file(QUERIES))


def all_reports(folders: Iterable[Path] = ()) -> list[Report]:
    """The bundled reports and those of ./canned_queries and the folders, by name.

    A later one takes the place of an earlier one of its name. Raises ReportError, which names file
    and line, for the first that cannot be used.
    """
    bundled = project_file(QUERIES)
    named = {report.name: report for report in bundled_reports()}
    own: dict[str, Report] = {}
    for folder in (Path(QUERIES), *folders):
        if folder.absolute() != bundled.absolute():
            own |= {report.name: report for report in read_reports(folder)}
    if NAME in own:
        raise ReportError(f"{own[NAME].path}, line 1: {NAME} is made from the other reports.")
    if own:
        with closing(empty_database()) as database:
            for report in own.values():
                check_against(report, database)
    named |= own
    reports = [named[name] for name in sorted(named)]
    return sorted([*reports, findings_summary(reports)], key=lambda report: report.name)


def columns_of(reports: Iterable[Report]) -> dict[str, tuple[str, ...]]:
    """The columns of each report that has findings."""
    with closing(empty_database()) as database:
        return {
            report.name: check_against(report, database) for report in reports if report.identifiers
        }
