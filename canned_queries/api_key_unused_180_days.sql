-- title: API keys not used for 180 days
-- question: Which API keys were last used 180 or more days ago?
-- category: API keys
-- severity: high
-- why: >
--   Nobody notices when a forgotten key is stolen and used.
-- remediation: >
--   Ask the owner, then disable the key with its command, which can be undone. Delete it once
--   nothing has failed.
-- notes: >
--   This report relies on IBM Cloud's own report of inactive identities, which says when a key was
--   last used to log in; the age of the key does not matter. Days are counted back from the time
--   when IBM Cloud created the report (reported_at). That report lists what has not logged in
--   within its look-back period (look_back_days; the collector requests 30 days). A look-back
--   period of more than 180 days would miss some keys. Keys that were never used have a separate
--   report. Disabled and expired keys are left out because nobody can log in with them. There are
--   no rows unless both the keys and the report could be read the last time. A job that runs once
--   a year looks unused. If a key is locked, the command unlocks it first.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.2, v2.0 1.2"
--   - "IBM Cloud Docs: Identifying inactive identities"
-- shown: [identity, apikey, kind, unused_for, days_unused, last_authn, expires_at]
-- breakdown: {by: unused_for}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: unused_for
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
  inactive as (
    select
      account_id,
      id,
      last_authn,
      report_duration,
      report_end_time,
      julianday(report_end_time) - julianday(last_authn) as days
    from inactive_identities
    where kind = 'apikey'
      and account_id in (select account_id from read_accounts)
  )
select
  coalesce(accounts.name, apikeys.account_id) as account,
  identities.name as identity,
  apikeys.name as apikey,
  identities.kind,
  inactive.last_authn,
  cast(inactive.days as integer) as days_unused,
  case
    when inactive.days < 365 then '180 to 364 days'
    when inactive.days < 3 * 365 then '1 to 3 years'
    else '3 years or more'
  end as unused_for,
  inactive.report_end_time as reported_at,
  inactive.report_duration / 24 as look_back_days,
  apikeys.created_at,
  apikeys.expires_at,
  iif(apikeys.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remediations.disable_command as command,
  remediations.console,
  remediations.remark,
  acknowledged.note as acknowledged,
  apikeys.id as apikey_id,
  apikeys.iam_id,
  apikeys.account_id,
  count(*) over () as report_rows
from inactive
join apikeys on apikeys.id = inactive.id and apikeys.account_id = inactive.account_id
join accounts on accounts.account_id = apikeys.account_id
join identities on identities.iam_id = apikeys.iam_id
join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_key_unused_180_days'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
where inactive.days >= 180
  and coalesce(apikeys.disabled, 0) = 0
  and coalesce(apikeys.expires_at > inactive.report_end_time, true)
order by account, apikeys.account_id, identity, apikeys.iam_id, apikey, apikeys.id
