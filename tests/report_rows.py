"""What the tests of the reports share: running one, and identifiers of what is gone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from iaminsights.reports.catalogue import bundled_reports

REPORTS = {report.name: report for report in bundled_reports()}
# Reports that answer nothing before they are asked about something: what the tests ask about.
ASKED = {
    "what_can_identity_do": {"identity": "Ada Lovelace"},
    "who_can_access_instance": {"instance": "archive"},
    "who_can_do_action": {"role_or_action": "Manager"},
    "paths_between": {"source": "Ada Lovelace", "target": "archive"},
    "who_reaches": {"target": "archive", "role": ""},
    "find": {"text": "ada"},
}
ASKED_OF_SAMPLE = {
    "what_can_identity_do": {"identity": "Amara Okafor"},
    "who_can_access_instance": {"instance": "ledger"},
    "who_can_do_action": {"role_or_action": "Administrator"},
    "paths_between": {"source": "Maren Petersen", "target": "full control"},
    "who_reaches": {"target": "vault", "role": "SecretsReader"},
    "find": {"text": "platform"},
}
EVERY_POLICY_LIST = ("v1_policies", "v2_policies")
GONE_GROUP = "AccessGroupId-99999999-0000-4000-8000-000000000009"
GONE = "99999999-0000-4000-8000-00000000dead"
GONE_TOO = "99999999-0000-4000-8000-00000000beef"
RULE = {"key": "{{environment.attributes.day_of_week}}", "operator": "dayOfWeekEquals", "value": 1}
BUCKET = [("resourceType", "stringEquals", "bucket"), ("resource", "stringEquals", "reports")]


def columns_of(path: Path, name: str) -> list[str]:
    """The columns of a report."""
    report = REPORTS[name]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(report.sql, dict.fromkeys(report.parameters, ""))
        return [column[0] for column in found.description]


def rows(path: Path, name: str, *columns: str, **parameters: str) -> list[tuple]:
    """The rows of a report, in its order, with these columns only."""
    report = REPORTS[name]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        values = {**dict.fromkeys(report.parameters, ""), **parameters}
        found = database.execute(report.sql, values).fetchall()
    if "first_row" not in parameters:
        assert all(row["report_rows"] == len(found) for row in found)
    return [tuple(row[column] for column in columns) for row in found]


def days_ago(days: float) -> str:
    """A moment so many days before now, as the APIs write it."""
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_in(days: float) -> date:
    """The day (UTC, as everything in the file) on which it will be so many days from now."""
    return (datetime.now(timezone.utc) + timedelta(days=days)).date()
