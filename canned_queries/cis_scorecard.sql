-- title: CIS benchmark, section on IAM
-- question: Which recommendations of the CIS IBM Cloud Foundations Benchmark on IAM does the account meet?
-- category: Overview
-- severity: info
-- why: >
--   Shows at a glance which recommendations on IAM the account meets and which it does not. A pass
--   does not mean that an auditor would agree.
-- remediation: >
--   Fix what the reports of a row list: on the page, its result leads there.
-- notes: >
--   One row for each recommendation of section 1, in version 2.0 and in version 1.0 of the
--   benchmark; recommendations are told in our words, not in those of the benchmark. result is
--   pass, fail, not checkable where account data cannot tell, or not read where what decides it is
--   not in the file; remark says why. The verdict judges what the recommendation asks, by the
--   figure in its row. reports list what is to fix, and often more than the recommendation asks: a
--   report with rows is no failure by itself. accepted counts findings of these reports that
--   somebody acknowledged: they change no verdict.
-- home: CIS benchmark
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 and v2.0, section 1"
-- shown: [recommendation, version, number, result, figure, accepted, remark]
-- breakdown: {by: result}
-- chart:
--   mark: bar
--   x_column: result
--   x_type: nominal
--   y_column: recommendations
--   y_type: quantitative
--   color_column: version
with accepted as materialized (
  select report, account_id, count(*) as findings
  from acknowledged_findings
  group by report, account_id
)
select
  coalesce(accounts.name, accounts.account_id) as account,
  results.version,
  results.number,
  results.recommendation,
  results.result,
  results.figure,
  results.reports,
  (
    select sum(accepted.findings)
    from accepted
    where accepted.account_id = results.account_id
      and instr(', ' || results.reports || ',', ', ' || accepted.report || ',') > 0
  ) as accepted,
  results.remark,
  1 as recommendations,
  results.account_id,
  count(*) over () as report_rows
from cis_results as results
join accounts on accounts.account_id = results.account_id
order by account, results.account_id, version desc, cast(substr(number, 3) as integer)
