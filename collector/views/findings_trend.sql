-- title: >
--   How many findings of each severity were open, at each time that this number changed.
-- notes: |
--   One row for each account, severity, and time at which a count of the account changed, and for
--   its last collection. open excludes what was accepted at that time. Reports that are no longer
--   counted are excluded throughout, so that a removed report does not look like fixed findings. A
--   new version of a report can count more or fewer findings although nothing changed in the
--   account.
-- columns:
--   account_id: The account.
--   at: When the collection that counted them ended.
--   severity: The severity.
--   open: Number of findings of that severity that nobody had accepted.
with
  -- What was counted before rows had severities of their own has that of the report.
  counted as (
    select
      history.account_id,
      history.changed_at as at,
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
      ) as severity,
      history.rows - history.acknowledged - lag(history.rows - history.acknowledged, 1, 0) over (
        partition by history.account_id, history.report, history.severity
        order by history.changed_at
      ) as more
    from finding_history as history
    where (history.report, history.account_id) in (select report, account_id from report_counts)
  ),
  moments as (
    select distinct account_id, changed_at as at
    from finding_history
    union
    select account_id, max(finished_at)
    from collections
    where account_id in (select account_id from finding_history)
    group by account_id
  ),
  steps as (
    select account_id, at, severity, sum(more) as more
    from counted
    group by account_id, at, severity
  )
select
  moments.account_id,
  moments.at,
  severities.severity,
  sum(coalesce(steps.more, 0)) over (
    partition by moments.account_id, severities.severity
    order by moments.at
  ) as open
from moments
join (select distinct account_id, severity from counted) as severities
  on severities.account_id = moments.account_id
left join steps
  on steps.account_id = moments.account_id
  and steps.at = moments.at
  and steps.severity = severities.severity
