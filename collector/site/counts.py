"""What the reports found when the file was made, counted by account, severity and report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..reports.report import WORST_FIRST, rank
from .catalogue import known, named
from .readers import may_see
from .trend import READS, Trend, trends
from .workbench import ACCEPTED, OPEN, VIEW, to_fix

WORST = 6  # reports on the home page

COUNTS = """
    select
      report_counts.account_id,
      report_counts.report,
      report_counts.severity,
      report_counts.rows,
      report_counts.unread,
      coalesce(accepted.findings, 0) as acknowledged
    from report_counts
    left join (
      select report, account_id, severity, count(*) as findings
      from acknowledged_findings
      group by report, account_id, severity
    ) as accepted
      on accepted.report = report_counts.report
      and accepted.account_id = report_counts.account_id
      and accepted.severity = report_counts.severity
"""


async def findings(
    datasette: Any, actor: Any, name: str, past: bool = False
) -> dict[str, Any] | None:
    """What the reports found when the file was made: by account, by severity, by report.

    Each number has the address of the findings that it counts, unless the reader may not see these.
    With `past`, also how each number of an account has changed, and its trends. None if the reader
    may not see it, or if nothing was counted.
    """
    if not await may_see(datasette, actor, name, "report_counts", "findings", "acknowledgements"):
        return None
    rows = [dict(row) for row in await datasette.databases[name].execute(COUNTS)]
    if not rows:
        return None
    reports: dict[str, dict[str, Any]] = {}
    ranked: dict[tuple[str, str], dict[str, Any]] = {}
    accounts: dict[str, dict[str, dict[str, Any]]] = {}
    by_report: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        open_rows = row["rows"] - row["acknowledged"]
        account = accounts.setdefault(
            row["account_id"], {severity: {"open": 0} for severity in WORST_FIRST}
        )
        account[row["severity"]]["open"] += open_rows
        its_reports = by_report.setdefault((row["account_id"], row["severity"]), {})
        its_reports[row["report"]] = open_rows
        report = reports.setdefault(row["report"], {"open": 0, "acknowledged": 0})
        its = ranked.setdefault(
            (row["report"], row["severity"]),
            {"name": row["report"], "severity": row["severity"], "open": 0, "acknowledged": 0},
        )
        for counted in (report, its):
            counted["open"] += open_rows
            counted["acknowledged"] += row["acknowledged"]
        report["unread"] = report.get("unread") or row["unread"]
        if open_rows > 0:
            others = report.get("worst", row["severity"])
            report["worst"] = min(others, row["severity"], key=rank)
    worst = sorted(
        (its for its in ranked.values() if its["open"]),
        key=lambda its: (rank(its["severity"]), -its["open"], its["name"]),
    )[:WORST]
    found: dict[str, Any] = {"accounts": accounts, "reports": reports, "past": {}}
    if past and await may_see(datasette, actor, name, *READS):
        found["past"] = await trends(datasette.databases[name])
    for account_id, severities in accounts.items():
        trend = found["past"].get(account_id, Trend())
        for severity, counted in severities.items():
            now = by_report.get((account_id, severity), {})
            counted["change"] = trend.change(severity, now)
            counted["line"] = trend.line(severity, counted["open"])
    found["rows"] = rows
    found["open"] = sum(counted["open"] for counted in reports.values())
    if await may_see(datasette, actor, name, VIEW):
        address = partial(to_fix, datasette, name)
        found["open_url"] = address(**OPEN)
        for account_id, severities in accounts.items():
            for severity, counted in severities.items():
                counted["open_url"] = address(account_id=account_id, severity=severity, **OPEN)
        for report_name, counted in reports.items():
            counted |= _addresses(partial(address, report=report_name))
        for its in worst:
            its |= _addresses(partial(address, report=its["name"], severity=its["severity"]))
    catalogue = await known(datasette, actor, name)
    first = []
    for its in worst:
        # One that was counted may be gone from the metadata.
        report = catalogue.get(its["name"]) or named(datasette, name, its["name"], {})
        first.append({**report, **its})
    return {**found, "worst": first}


def _addresses(address: Callable[..., str]) -> dict[str, str]:
    """Where the findings are listed that two numbers count."""
    return {"open_url": address(**OPEN), "acknowledged_url": address(**ACCEPTED)}
