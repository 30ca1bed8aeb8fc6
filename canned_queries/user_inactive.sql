-- title: Users inactive for 30 days
-- question: Which users have not logged in for 30 days, and which not for 90?
-- category: Users
-- severity: high
-- why: >
--   Nobody notices when an unused login is stolen.
-- remediation: >
--   Suspend the user with the command, which can be undone with ibmcloud account
--   user-status-update USER ACTIVE. If nobody misses the user after a while, remove the user with
--   ibmcloud account user-remove USER.
-- notes: >
--   This is IBM Cloud's own report of inactive identities; days are counted back from the day when
--   it was created. Users who were never seen are listed from 30 days after they joined, or if the
--   day on which they joined is not known. The report leaves out the account owner, whose login is
--   best kept for emergencies, and people who cannot log in (invited, suspended, IBMid gone, VPN
--   only). Whether the use of a user's API key counts as a login is not documented: check
--   known_api_keys before you suspend a user.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.17, v2.0 1.19"
--   - "IBM Cloud Docs: Identifying inactive identities"
-- shown: [user, login, state, not_seen_for, days_not_seen, last_authn, known_api_keys]
-- breakdown: {by: not_seen_for}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: not_seen_for
--   x_type: nominal
--   y_column: users
--   y_type: quantitative
with
  inactive as materialized (
    select
      account_id,
      iam_id,
      last_authn,
      report_end_time,
      cast(julianday(report_end_time) - julianday(last_authn) as integer) as days
    from inactive_identities
    where kind = 'user'
  )
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.state,
  inactive.last_authn,
  inactive.days as days_not_seen,
  case
    when inactive.days is null then 'never seen'
    when inactive.days < 90 then '30 to 89 days'
    when inactive.days < 180 then '90 to 179 days'
    when inactive.days < 365 then '180 to 364 days'
    else 'a year or more'
  end as not_seen_for,
  (
    select count(*)
    from apikeys
    where apikeys.iam_id = users.iam_id and apikeys.account_id = users.account_id
  ) as known_api_keys,
  users.added_on,
  inactive.report_end_time as reported_at,
  1 as users,
  'ibmcloud account user-status-update ' || arguments.word || ' SUSPENDED' as command,
  arguments.console,
  arguments.remark,
  acknowledged.note as acknowledged,
  users.iam_id,
  users.account_id,
  count(*) over () as report_rows
from inactive
join users on users.iam_id = inactive.iam_id and users.account_id = inactive.account_id
join accounts on accounts.account_id = users.account_id
join identities on identities.iam_id = users.iam_id
join identity_arguments as arguments
  on arguments.iam_id = users.iam_id and arguments.account_id = users.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_inactive'
  and acknowledged.account_id = users.account_id
  and acknowledged.finding = users.iam_id
where users.iam_id is not accounts.owner
  and exists (
    select 1
    from login_users
    where login_users.iam_id = users.iam_id and login_users.account_id = users.account_id
  )
  and (
    inactive.days >= 30
    or (
      inactive.last_authn is null
      and coalesce(julianday(inactive.report_end_time) - julianday(users.added_on) >= 30, true)
    )
  )
order by account, users.account_id, user, users.id
