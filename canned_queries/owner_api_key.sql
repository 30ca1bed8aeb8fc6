-- title: API keys of the account owner
-- question: Does the account owner have API keys?
-- category: API keys
-- severity: critical
-- why: >
--   Whoever holds a key of the owner can do everything in the account, with no policy that could
--   be narrowed and no second factor that is asked for. Keys that are disabled or have expired are
--   listed too, as state says: a disabled key is enabled again with one command. Only keys made in
--   this account are seen; a key that the owner made in another account is as good here, unless
--   that is restricted, and is not in this data. Classic infrastructure keys are not either.
-- remediation: >
--   Give the program that uses the key a service ID or a trusted profile with only the access it
--   needs, then disable the key with the command in its row, and delete it when nothing has failed. A
--   locked key is unlocked first.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.5, v2.0 1.5"
--   - "IBM Cloud Docs: Managing user API keys"
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
left join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'owner_api_key'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
order by account, apikeys.account_id, user, apikey, apikeys.id
