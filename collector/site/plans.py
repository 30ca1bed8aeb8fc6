"""Plans of remediation for what a page lists: of findings to fix as filtered, or of one report."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..reports.plan import COLUMNS, READS, ToFix, plan
from ..reports.report import SEVERITIES
from .catalogue import known, one
from .readers import may_see
from .workbench import VIEW

# A page of a view is cut from all of its rows at the end of its SQL.
_PAGE = re.compile(r"\s+limit \d+(\s+offset \d+)?\s*$")


async def can_plan(
    datasette: Any,
    actor: Any,
    database: str,
    table: str | None,
    query_name: str | None,
    columns: Collection[str],
) -> bool:
    """Whether what a page lists are findings, with all that a plan needs."""
    if table == VIEW:
        return set(columns) >= set(COLUMNS)
    if table or not query_name or not {"command", "account_id"} <= set(columns):
        return False
    report = await one(datasette, actor, database, query_name) or {}
    return bool(report.get("identifiers"))


async def planned(
    datasette: Any,
    actor: Any,
    database: str,
    query_name: str | None,
    columns: Sequence[str],
    rows: Iterable[Any],
    page: Mapping[str, Any],
) -> str:
    """The plan for all rows that a page lists, also for those on its other pages."""
    by_name = await may_see(datasette, actor, database, *READS)
    findings: list[ToFix] = []
    if query_name:
        report = (await known(datasette, actor, database))[query_name]
        findings = [_of_report(report, dict(zip(columns, row, strict=True))) for row in rows]

    def written(connection: sqlite3.Connection) -> str:
        found: Iterable[ToFix] = findings
        if not query_name:
            query = page["query"]
            whole = connection.execute(_PAGE.sub("", query["sql"]), query["params"])
            found = map(ToFix.of_view, whole.fetchall())
        return plan(connection if by_name else None, found)

    text: str = await datasette.databases[database].execute_fn(written)
    return text


def _of_report(report: Mapping[str, Any], row: Mapping[str, Any]) -> ToFix:
    own = row.get("severity")
    severity = own if own in SEVERITIES else report["severity"]
    return ToFix.of_report(report["name"], report["title"], severity, report["identifiers"], row)
