-- title: New administrators
-- question: Who recently became an administrator?
-- category: History
-- severity: info
-- why: >
--   After an incident, an administrator whom nobody remembers appointing is the first thing to
--   investigate.
-- remediation: >
--   Ask who assigned the access. If it is not justified, revoke it with the command in the row of
--   the report.
-- notes: >
--   Each row is a finding of one of the reports on administrators that an earlier collection did
--   not have. first_seen is when a collection first found it, not when the access was granted.
--   Findings that existed when the account was first collected have no such time and are not
--   shown.
-- parameters:
--   days: How many days before the last collection to look back; empty for 30.
-- shown: [administrator, kind, first_seen, report]
-- breakdown: {by: report}
-- chart:
--   mark: bar
--   x_column: report
--   x_type: nominal
--   y_column: administrators
--   y_type: quantitative
select
  coalesce(accounts.name, findings.account_id) as account,
  coalesce(findings.who, findings.what) as administrator,
  coalesce(identities.kind, '') as kind,
  findings.first_seen,
  findings.report,
  1 as administrators,
  findings.iam_id,
  findings.access_group_id,
  findings.policy_id,
  findings.account_id,
  count(*) over () as report_rows
from findings
join accounts on accounts.account_id = findings.account_id
left join identities on identities.iam_id = findings.iam_id
where findings.report in (
    'account_full_admins', 'people_administrators', 'service_id_admins', 'profile_admins'
  )
  and julianday(findings.first_seen) > julianday((
    select max(collections.finished_at)
    from collections
    where collections.account_id = findings.account_id
  )) - cast(coalesce(nullif(:days, ''), 30) as real)
order by
  findings.first_seen desc, account, findings.account_id, administrator, findings.report,
  findings.finding
