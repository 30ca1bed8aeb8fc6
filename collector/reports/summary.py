"""The summary of all findings: a report that is made from the other reports."""

from __future__ import annotations

from collections.abc import Iterable

from .report import WORST_FIRST, Report

NAME = "findings_summary"

_SQL = """\
with reports(name, title, category, severity, fingerprint) as (
  values
    {values}
),
ranks(severity, rank) as (
  values
    {ranks}
),
counted as (
  select
    report_counts.report,
    report_counts.account_id,
    report_counts.severity,
    report_counts.rows,
    report_counts.unread,
    report_counts.fingerprint,
    (
      select count(*)
      from acknowledged_findings as accepted
      where accepted.report = report_counts.report
        and accepted.account_id = report_counts.account_id
        and accepted.severity = report_counts.severity
    ) as acknowledged
  from report_counts
)
select
  ranks.severity,
  reports.title,
  sum(counted.rows) as rows,
  sum(counted.rows - counted.acknowledged) as open,
  sum(counted.acknowledged) as acknowledged,
  count(*) filter (where counted.rows > counted.acknowledged) as accounts,
  iif(
    (
      select count(*)
      from counted as its
      where its.report = reports.name
        and its.fingerprint = reports.fingerprint
        and its.severity = reports.severity
    ) = (select count(*) from accounts),
    group_concat(distinct 'could not be read: ' || counted.unread),
    'not counted with this version of the report: run iaminsights metadata'
  ) as note,
  reports.category,
  reports.name as report,
  count(*) over () as report_rows
from reports
left join counted
  on counted.report = reports.name and counted.fingerprint = reports.fingerprint
join ranks on ranks.severity = coalesce(counted.severity, reports.severity)
where exists (select 1 from accounts)
group by reports.name, ranks.severity
order by ranks.rank, open desc, reports.name"""


def findings_summary(reports: Iterable[Report]) -> Report:
    """The summary of those reports that have findings.

    Their SQL goes into it as fingerprints: a count that another version of a report made is not
    shown as this one's.
    """
    values = ",\n    ".join(
        "({})".format(
            ", ".join(
                _text(word)
                for word in (one.name, one.title, one.category, one.severity, one.fingerprint)
            )
        )
        for one in reports
        if one.identifiers
    )
    ranks = ",\n    ".join(
        f"({_text(severity)}, {rank})" for rank, severity in enumerate(WORST_FIRST, 1)
    )
    return Report(
        name=NAME,
        title="All findings, counted",
        question="How many findings does each report have, and how many of them are open?",
        category="Overview",
        severity="info",
        why="Shows where to start: the reports with open findings, the most severe first.",
        remediation="Start at the top: open the report, and fix or acknowledge each row.",
        notes="One row for each report that has findings, and one more for each different severity "
        "that some of its rows have. rows counts its rows, acknowledged the accepted ones, and "
        "open the rest; accounts counts the accounts with open ones. The reports were run and "
        "counted when the data was collected. A note says which data could not be read; if there "
        "is a note, a count of 0 does not mean that there are no findings.",
        shown=("title", "severity", "open", "rows", "acknowledged", "accounts", "note"),
        breakdown={"by": "severity", "of": "open"},
        home="Findings, counted",
        chart={
            "mark": "bar",
            "x_column": "title",
            "x_type": "nominal",
            "y_column": "open",
            "y_type": "quantitative",
            "color_column": "severity",
        },
        sql=_SQL.format(values=values, ranks=ranks),
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
