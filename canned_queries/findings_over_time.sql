-- title: Findings over time
-- question: How did the number of open findings go, by severity?
-- category: History
-- severity: info
-- why: >
--   Shows whether things get better. One row for each moment at which a count changed, and the last
--   collect; open is the number of findings that nobody had acknowledged. A new version of a report
--   may count more or fewer without anything having changed in the account.
-- remediation: >
--   Nothing is to be mended here; the summary of all findings says where to begin.
-- chart:
--   mark: line
--   x_column: at
--   x_type: temporal
--   y_column: open
--   y_type: quantitative
--   color_column: severity
with moments as materialized (
  select distinct account_id, changed_at as at
  from finding_history
  union
  select account_id, max(finished_at)
  from collections
  where account_id in (select account_id from finding_history)
  group by account_id
)
select
  coalesce(accounts.name, moments.account_id) as account,
  moments.at,
  report_counts.severity,
  sum(
    coalesce(
      (
        select history.rows - history.acknowledged
        from finding_history as history
        where history.account_id = moments.account_id
          and history.report = report_counts.report
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
join report_counts on report_counts.account_id = moments.account_id
group by moments.account_id, moments.at, report_counts.severity
order by
  account,
  moments.account_id,
  moments.at,
  case report_counts.severity
    when 'critical' then 1
    when 'high' then 2
    when 'medium' then 3
    when 'low' then 4
    else 5
  end
