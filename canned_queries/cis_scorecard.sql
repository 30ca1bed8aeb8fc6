-- title: CIS benchmark scorecard for IAM
-- question: >
--   Which IAM recommendations of the CIS IBM Cloud Foundations Benchmark does the account meet?
-- category: Overview
-- severity: info
-- why: >
--   Shows at a glance which IAM recommendations the account meets and which it does not. A pass
--   does not guarantee that an auditor would agree.
-- remediation: >
--   Fix the findings of the reports in a row; on the page, the number to fix links to them.
-- notes: >
--   One row for each recommendation of section 1 in one version of the benchmark, v2.0 unless you
--   choose another. The recommendations are in our words, not in those of the benchmark. result is
--   pass, fail, not checkable (account data cannot show it), or not read (the data that decides it
--   is not in the file); remark says why. A recommendation with the result not read is neither met
--   nor failed, but counts among those that can be checked. The result judges what the
--   recommendation asks for, by the figure in its row. reports names the reports that list what to
--   fix, which is often more than the recommendation asks for, so a report with rows is not
--   necessarily a failure. to_fix counts their open findings, and accepted their acknowledged
--   ones, which do not change the result.
-- parameters:
--   version: The version of the benchmark; empty for the newest.
-- choices:
--   version: cis_results.version
-- selector: version
-- home: CIS benchmark
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 and v2.0, section 1"
-- shown: [recommendation, number, result, to_fix, figure, accepted, remark]
-- breakdown: {by: result}
-- chart:
--   mark: bar
--   x_column: result
--   x_type: nominal
--   y_column: recommendations
--   y_type: quantitative
with
  accepted as materialized (
    select report, account_id, count(*) as findings
    from acknowledged_findings
    group by report, account_id
  ),
  counted as materialized (
    select report, account_id, sum(rows) as findings
    from report_counts
    group by report, account_id
  ),
  chosen as (
    select
      results.*,
      (
        select sum(accepted.findings)
        from accepted
        where accepted.account_id = results.account_id
          and instr(', ' || results.reports || ',', ', ' || accepted.report || ',') > 0
      ) as accepted,
      (
        select sum(counted.findings)
        from counted
        where counted.account_id = results.account_id
          and instr(', ' || results.reports || ',', ', ' || counted.report || ',') > 0
      ) as findings
    from cis_results as results
    where results.version = coalesce(
      nullif(:version, ''), (select max(newest.version) from cis_results as newest)
    )
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  chosen.version,
  chosen.number,
  chosen.recommendation,
  chosen.result,
  nullif(chosen.findings - coalesce(chosen.accepted, 0), 0) as to_fix,
  chosen.figure,
  chosen.reports,
  chosen.accepted,
  chosen.remark,
  1 as recommendations,
  chosen.account_id,
  count(*) over () as report_rows
from chosen
join accounts on accounts.account_id = chosen.account_id
order by account, chosen.account_id, cast(substr(number, 3) as integer)
