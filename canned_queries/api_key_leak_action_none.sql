-- title: API keys that stay valid when they leak
-- question: For which API keys does IBM Cloud do nothing when it finds them in public?
-- category: API keys
-- severity: medium
-- why: >
--   IBM Cloud looks for its keys in public code. A key set to no action keeps working for whoever
--   found it, too.
-- remediation: >
--   Have leaked keys disabled: the command sets this for the key of its row.
-- notes: >
--   What IBM Cloud does with a key that it finds is set for each key: disable it (if nothing else
--   was said), delete it, or nothing. Keys that say nothing about it are left out, since they are
--   disabled when found; so are disabled and expired keys, with which nobody can log in. A locked
--   key is unlocked first and locked again afterwards.
-- references:
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [identity, apikey, kind, created_at, expires_at, is_locked, description]
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
  -- All keys, not only those of interest: SQLite makes an index only for many rows.
  fixable as materialized (
    select
      apikeys.*,
      remediations.protect_command,
      remediations.console
    from apikeys
    left join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
  ),
  found as (
    select fixable.*
    from fixable
    left join read on read.account_id = fixable.account_id
    where lower(fixable.action_when_leaked) = 'none'
      and coalesce(fixable.disabled, 0) = 0
      and coalesce(fixable.expires_at > read.read_at, true)
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
  found.protect_command as command,
  found.console,
  acknowledged.note as acknowledged,
  found.id as apikey_id,
  found.iam_id,
  found.account_id,
  count(*) over () as report_rows
from found
join accounts on accounts.account_id = found.account_id
join identities on identities.iam_id = found.iam_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_key_leak_action_none'
  and acknowledged.account_id = found.account_id
  and acknowledged.finding = found.id
order by account, found.account_id, identity, found.iam_id, apikey, found.id
