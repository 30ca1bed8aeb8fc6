"""What is new since the previous collection: administrators, and critical findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasette.utils import tilde_encode

from .catalogue import is_visible, known
from .readers import may_see
from .trend import Trend
from .workbench import OPEN, VIEW, to_fix

MOST = 4  # of each, by name
_ADMINISTRATORS = "new_administrators"
_COLUMNS = {"account_id", "administrator", "first_seen", "report", "iam_id", "access_group_id"}

# By account, the critical findings that nobody accepts and the previous collection did not have.
_CRITICAL = """
    select
      findings.account_id,
      coalesce(reports.title, findings.report) as title,
      findings.what,
      findings.report
    from open_findings as findings
    left join reports on reports.name = findings.report
    where findings.severity = 'critical'
      and findings.account_id = :account_id
      and findings.first_seen > :since
    order by title, findings.what, findings.finding
"""


async def news(
    datasette: Any, actor: Any, name: str, trends: Mapping[str, Trend]
) -> dict[str, dict[str, Any]]:
    """By account, who became an administrator since the previous collection, and what is critical.

    An account that was collected once has no news.
    """
    if not await may_see(datasette, actor, name, "findings", "acknowledgements"):
        return {}
    leads = await may_see(datasette, actor, name, VIEW)
    appointed = await _administrators(datasette, actor, name)
    found = {}
    for account_id, trend in trends.items():
        if trend.since is None:
            continue
        critical = list(
            await datasette.databases[name].execute(
                _CRITICAL, {"account_id": account_id, "since": trend.since}
            )
        )
        administrators: dict[str, Any] = {}
        reports = set()
        for row in appointed:
            if row["account_id"] == account_id and row["first_seen"] > trend.since:
                url = _row_url(datasette, name, row)
                administrators.setdefault(url or row["administrator"], (row["administrator"], url))
                reports.add(row["report"])
        since = {"account_id": account_id, "first_seen__gt": trend.since}
        address = {
            "administrators": to_fix(datasette, name, report=sorted(reports), **since),
            "critical": to_fix(datasette, name, severity="critical", **since, **OPEN),
        }
        found[account_id] = {
            "since": trend.since,
            "administrators": {
                "number": len(administrators),
                "names": list(administrators.values())[:MOST],
                "more": max(len(administrators) - MOST, 0),
                "url": address["administrators"] if leads and administrators else None,
            },
            "critical": {
                "number": len(critical),
                "names": [(words, None) for words in _by_title(critical[:MOST])],
                "more": max(len(critical) - MOST, 0),
                "url": address["critical"] if leads and critical else None,
            },
        }
    return found


def _by_title(findings: Sequence[Any]) -> list[str]:
    """Findings in words, those of one report together."""
    titles: dict[str, list[str]] = {}
    for row in findings:
        titles.setdefault(row["title"], []).append(str(row["what"]))
    return [f"{title}: {', '.join(names)}" for title, names in titles.items()]


async def _administrators(datasette: Any, actor: Any, name: str) -> list[Any]:
    """The rows of the report on new administrators, as far back as there is any."""
    report = (await known(datasette, actor, name)).get(_ADMINISTRATORS)
    if report is None or not await is_visible(datasette, actor, name, report):
        return []
    rows = await datasette.databases[name].execute(report["sql"], {"days": "1000000"})
    return list(rows) if set(rows.columns) >= _COLUMNS else []


def _row_url(datasette: Any, name: str, row: Any) -> str | None:
    for key, table in (("iam_id", "identities"), ("access_group_id", "access_groups")):
        if row[key]:
            url: str = datasette.urls.row(name, table, tilde_encode(row[key]))
            return url
    return None
