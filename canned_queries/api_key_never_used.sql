-- title: API keys never used
-- question: Which API keys are older than 7 days and have never been used to log in?
-- category: API keys
-- severity: medium
-- why: >
--   A key that nobody uses is only a risk, and nobody would miss it.
-- remediation: >
--   Ask the owner whether the key will still be used. If not, disable it with its command, and
--   delete it once nothing has failed.
-- notes: >
--   This report relies on IBM Cloud's own report of inactive identities: that report lists the key
--   and has no record of a login. It does not say how far back its records go, so a very old key
--   might have been used earlier. Age is counted up to the time when IBM Cloud created the report
--   (reported_at). Disabled and expired keys are left out because nobody can log in with them.
--   Keys whose creation date IBM Cloud does not provide are also left out. There are no rows
--   unless both the keys and the report could be read the last time. If a key is locked, the
--   command unlocks it first.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.2, v2.0 1.2"
--   - "IBM Cloud Docs: Identifying inactive identities"
-- shown: [identity, apikey, kind, age, days_old, created_at, expires_at]
-- breakdown: {by: age}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: age
--   x_type: nominal
--   y_column: keys
--   y_type: quantitative
--   color_column: kind
with
  read_accounts as materialized (
    select account_id
    from collected_parts
    where status = 'ok' and part in ('apikeys', 'inactive_identities')
    group by account_id
    having count(*) = 2
  ),
  unused as (
    select
      apikeys.id,
      inactive.report_end_time,
      julianday(inactive.report_end_time) - julianday(apikeys.created_at) as days
    from inactive_identities as inactive
    join apikeys on apikeys.id = inactive.id and apikeys.account_id = inactive.account_id
    where inactive.kind = 'apikey'
      and inactive.last_authn is null
      and inactive.account_id in (select account_id from read_accounts)
      and coalesce(apikeys.disabled, 0) = 0
      and coalesce(apikeys.expires_at > inactive.report_end_time, true)
  )
select
  coalesce(accounts.name, apikeys.account_id) as account,
  identities.name as identity,
  apikeys.name as apikey,
  identities.kind,
  apikeys.created_at,
  cast(unused.days as integer) as days_old,
  case
    when unused.days < 30 then '7 to 29 days'
    when unused.days < 180 then '30 to 179 days'
    when unused.days < 365 then '180 to 364 days'
    when unused.days < 3 * 365 then '1 to 3 years'
    else '3 years or more'
  end as age,
  unused.report_end_time as reported_at,
  apikeys.expires_at,
  iif(apikeys.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remediations.end_command as command,
  remediations.console,
  remediations.remark,
  acknowledged.note as acknowledged,
  apikeys.id as apikey_id,
  apikeys.iam_id,
  apikeys.account_id,
  count(*) over () as report_rows
from unused
join apikeys on apikeys.id = unused.id
join accounts on accounts.account_id = apikeys.account_id
join identities on identities.iam_id = apikeys.iam_id
join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_key_never_used'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
where unused.days > 7
order by account, apikeys.account_id, identity, apikeys.iam_id, apikey, apikeys.id
