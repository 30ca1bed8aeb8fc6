-- title: API keys disabled but not deleted
-- question: Which API keys have been disabled for more than 30 days?
-- category: API keys
-- severity: info
-- why: >
--   A disabled key can be enabled again with one command, and it gets in the way when you look for
--   the keys that matter.
-- remediation: >
--   Delete the key with its command.
-- notes: >
--   IBM Cloud does not record when a key was disabled, only when it was last changed. Disabling
--   counts as a change, so a disabled key that was last changed more than 30 days before the keys
--   were collected has been disabled for at least that long. A key that was disabled long ago and
--   changed since (renamed, for example) is not listed until 30 days after that change. Neither is
--   a key with no recorded date of its last change. If a key is locked, the command unlocks it
--   first.
-- references:
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [identity, apikey, kind, days_since_change, last_changed_at, is_locked, description]
-- breakdown: {by: kind}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: account
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
      julianday(read.read_at) - julianday(apikeys.modified_at) as days
    from apikeys
    join read on read.account_id = apikeys.account_id
    where apikeys.disabled = 1
  )
select
  coalesce(accounts.name, found.account_id) as account,
  identities.name as identity,
  found.name as apikey,
  identities.kind,
  found.description,
  found.modified_at as last_changed_at,
  cast(found.days as integer) as days_since_change,
  found.created_at,
  iif(found.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remediations.delete_command as command,
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
  on acknowledged.report = 'api_key_disabled_kept'
  and acknowledged.account_id = found.account_id
  and acknowledged.finding = found.id
where found.days > 30
order by account, found.account_id, identity, found.iam_id, apikey, found.id
