-- title: API keys that stay valid when leaked
-- question: For which API keys does IBM Cloud take no action if it finds them in public?
-- category: API keys
-- severity: medium
-- why: >
--   IBM Cloud scans public code for its API keys. A key that is set to no action keeps working,
--   also for whoever found it.
-- remediation: >
--   Set leaked keys to be disabled; the command does this for the key in its row.
-- notes: >
--   Each key has a setting for what IBM Cloud does when it finds the key in public: disable it
--   (the default), delete it, or nothing. Keys without this setting are left out, because they are
--   disabled when found. Disabled and expired keys are left out because nobody can log in with
--   them. If a key is locked, the command unlocks it first and locks it again afterward.
-- references:
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [identity, apikey, kind, created_at, expires_at, is_locked, description]
-- breakdown: {by: kind}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: keys
--   y_type: quantitative
with
  read as materialized (
    select account_id, coalesce(read_at, finished_at) as read_at
    from collected_parts
    where part = 'apikeys'
  ),
  found as (
    select apikeys.*
    from apikeys
    left join read on read.account_id = apikeys.account_id
    where lower(apikeys.action_when_leaked) = 'none'
      and coalesce(apikeys.disabled, 0) = 0
      and coalesce(apikeys.expires_at > read.read_at, true)
  )
select
  coalesce(accounts.name, found.account_id) as account,
  identities.name as identity,
  found.name as apikey,
  identities.kind,
  found.description,
  found.created_at,
  found.expires_at,
  iif(found.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remediations.protect_command as command,
  remediations.console,
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
  on acknowledged.report = 'api_key_leak_action_none'
  and acknowledged.account_id = found.account_id
  and acknowledged.finding = found.id
order by account, found.account_id, identity, found.iam_id, apikey, found.id
