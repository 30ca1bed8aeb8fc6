-- title: API keys of the account owner
-- question: Does the account owner have API keys?
-- category: API keys
-- severity: critical
-- why: >
--   Anyone who has an API key of the account owner can do everything in the account. No policy can
--   limit it, and MFA is not required.
-- remediation: >
--   Move the program that uses the key to a service ID or trusted profile with only the access it
--   needs, then disable the key with its command. Delete it once nothing has failed.
-- notes: >
--   Disabled and expired keys are listed too (see state): a disabled key can be enabled again with
--   one command. If a key is locked, the command unlocks it first. Only keys created in this
--   account are listed. A key that the owner created in another account also works here, unless
--   that is restricted, and is not in this data. Neither are classic infrastructure keys.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.5, v2.0 1.5"
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [user, apikey, state, created_at, expires_at, is_locked, description]
-- breakdown: {by: state}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: keys
--   y_type: quantitative
--   color_column: state
with
  read as materialized (
    select account_id, coalesce(read_at, finished_at) as read_at
    from collected_parts
    where part = 'apikeys'
  )
select
  coalesce(accounts.name, apikeys.account_id) as account,
  identities.name as user,
  apikeys.name as apikey,
  apikeys.description,
  case
    when apikeys.disabled = 1 then 'disabled'
    when apikeys.expires_at <= read.read_at then 'expired'
    else 'active'
  end as state,
  apikeys.created_at,
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
from apikeys
join accounts
  on accounts.account_id = apikeys.account_id and accounts.owner = apikeys.iam_id
join identities on identities.iam_id = apikeys.iam_id
left join read on read.account_id = apikeys.account_id
join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'owner_api_key'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
order by account, apikeys.account_id, user, apikey, apikeys.id
