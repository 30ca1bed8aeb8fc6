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
select
  coalesce(accounts.name, trend.account_id) as account,
  trend.at,
  trend.severity,
  trend.open,
  trend.account_id,
  count(*) over () as report_rows
from findings_trend as trend
join accounts on accounts.account_id = trend.account_id
order by
  account,
  trend.account_id,
  trend.at,
  instr('critical high medium low info', trend.severity)
