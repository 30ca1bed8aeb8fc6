-- title: Findings over time
-- question: How has the number of open findings changed over time, by severity?
-- category: History
-- severity: info
-- why: >
--   Shows whether your account is getting more secure.
-- remediation: >
--   There is nothing to fix here; the summary of all findings shows where to start.
-- notes: >
--   One row for each time that a count changed, and one for the last collection. open is the
--   number of findings that nobody had acknowledged. A new version of a report can count more or
--   fewer findings although nothing changed in the account.
-- home: Findings over time
-- chart:
--   mark: line
--   x_column: at
--   x_type: temporal
--   y_column: open
--   y_type: quantitative
--   color_column: severity
with
  moments as materialized (
    select distinct account_id, changed_at as at
    from finding_history
    union
    select account_id, max(finished_at)
    from collections
    where account_id in (select account_id from finding_history)
    group by account_id
  ),
  -- What was counted before rows had severities of their own has that of the report.
  counted as materialized (
    select distinct
      history.account_id,
      history.report,
      history.severity as counted_as,
      coalesce(
        nullif(history.severity, ''),
        (
          select report_counts.severity
          from report_counts
          where report_counts.report = history.report
            and report_counts.account_id = history.account_id
          order by instr('critical high medium low info', report_counts.severity)
          limit 1
        )
      ) as severity
    from finding_history as history
    where (history.report, history.account_id) in (select report, account_id from report_counts)
  )
select
  coalesce(accounts.name, moments.account_id) as account,
  moments.at,
  counted.severity,
  sum(
    coalesce(
      (
        select history.rows - history.acknowledged
        from finding_history as history
        where history.account_id = moments.account_id
          and history.report = counted.report
          and history.severity = counted.counted_as
          and history.changed_at <= moments.at
        order by history.changed_at desc
        limit 1
      ),
      0
    )
  ) as open,
  moments.account_id,
  count(*) over () as report_rows
from moments
join accounts on accounts.account_id = moments.account_id
join counted on counted.account_id = moments.account_id
group by moments.account_id, moments.at, counted.severity
order by
  account,
  moments.account_id,
  moments.at,
  instr('critical high medium low info', counted.severity)
