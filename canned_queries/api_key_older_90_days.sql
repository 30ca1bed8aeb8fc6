-- title: API keys older than 90 days
-- question: Which API keys have not been replaced for more than 90 days?
-- category: API keys
-- severity: medium
-- why: >
--   The longer a key is in use, the more places hold a copy of it.
-- remediation: >
--   Create a new key, if possible one that expires, replace the old key, and disable the old one
--   with its command. Delete it once nothing has failed.
-- notes: >
--   A key cannot be renewed, only replaced, so its age is counted from the day it was created
--   until the keys were collected. Changing its name or description does not reset its age.
--   Disabled and expired keys are left out because nobody can log in with them. Keys whose
--   creation date IBM Cloud does not provide cannot be judged and are left out, although they
--   might be the oldest. If a key is locked, the command unlocks it first.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.3, v2.0 1.3"
--   - "IBM Cloud Docs: Managing user API keys"
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
  read as materialized (
    select account_id, coalesce(read_at, finished_at) as read_at
    from collected_parts
    where part = 'apikeys'
  ),
  found as (
    select
      apikeys.*,
      julianday(read.read_at) - julianday(apikeys.created_at) as days
    from apikeys
    join read on read.account_id = apikeys.account_id
    where coalesce(apikeys.disabled, 0) = 0
      and coalesce(apikeys.expires_at > read.read_at, true)
  )
select
  coalesce(accounts.name, found.account_id) as account,
  identities.name as identity,
  found.name as apikey,
  identities.kind,
  found.created_at,
  cast(found.days as integer) as days_old,
  case
    when found.days < 180 then '90 to 179 days'
    when found.days < 365 then '180 to 364 days'
    when found.days < 3 * 365 then '1 to 3 years'
    else '3 years or more'
  end as age,
  found.expires_at,
  iif(found.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remediations.end_command as command,
  remediations.console,
  remediations.remark,
  acknowledged.note as acknowledged,
  found.id as apikey_id,
  found.iam_id,
  found.account_id,
  count(*) over () as report_rows
from found
join accounts on accounts.account_id = found.account_id
join identities on identities.iam_id = found.iam_id
join apikey_remediations as remediations on remediations.apikey_id = found.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_key_older_90_days'
  and acknowledged.account_id = found.account_id
  and acknowledged.finding = found.id
where found.days > 90
order by account, found.account_id, identity, found.iam_id, apikey, found.id
