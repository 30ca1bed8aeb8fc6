"""What the reports found when the file was made, counted by account, severity and report."""

from __future__ import annotations

from typing import Any

from .catalogue import WORST_FIRST, known, named
from .readers import may_see

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


async def findings(datasette: Any, actor: Any, name: str) -> dict[str, Any] | None:
    """What the reports found when the file was made: by account, by severity, by report.

    None if the reader may not see it, or if nothing was counted.
    """
    if not await may_see(datasette, actor, name, "report_counts", "findings", "acknowledgements"):
        return None
    rows = [dict(row) for row in await datasette.databases[name].execute(COUNTS)]
    if not rows:
        return None
    reports: dict[str, dict[str, Any]] = {}
    ranked: dict[tuple[str, str], dict[str, Any]] = {}
    accounts: dict[str, dict[str, int]] = {}
    for row in rows:
        open_rows = row["rows"] - row["acknowledged"]
        account = accounts.setdefault(row["account_id"], dict.fromkeys(WORST_FIRST, 0))
        account[row["severity"]] += open_rows
        report = reports.setdefault(row["report"], {"open": 0, "acknowledged": 0})
        its = ranked.setdefault(
            (row["report"], row["severity"]),
            {"name": row["report"], "severity": row["severity"], "open": 0, "acknowledged": 0},
        )
        for counted in (report, its):
            counted["open"] += open_rows
            counted["acknowledged"] += row["acknowledged"]
        report["unread"] = report.get("unread") or row["unread"]
    worst = sorted(
        (its for its in ranked.values() if its["open"]),
        key=lambda its: (WORST_FIRST.index(its["severity"]), -its["open"], its["name"]),
    )
    catalogue = await known(datasette, actor, name)
    first = []
    for its in worst[:WORST]:
        # One that was counted may be gone from the metadata.
        report = catalogue.get(its["name"]) or named(datasette, name, its["name"], {})
        first.append({**report, **its})
    return {"accounts": accounts, "reports": reports, "worst": first}
