-- title: API keys that never expire
-- question: Which API keys stay valid until somebody deletes them?
-- category: API keys
-- severity: low
-- why: >
--   A leaked or forgotten key that never expires works indefinitely.
-- remediation: >
--   Create a new key with an expiration date (in the console or through the API; the command line
--   cannot), replace the old key, and disable the old one with its command. Delete it once nothing
--   has failed.
-- notes: >
--   Disabled keys are left out because nobody can log in with them. If a key is locked, the
--   command unlocks it first.
-- references:
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [apikey, identity, kind, created_at]
-- breakdown: {by: kind}
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: keys
--   y_type: quantitative
select
  coalesce(accounts.name, apikeys.account_id) as account,
  apikeys.name as apikey,
  identities.name as identity,
  identities.kind,
  apikeys.created_at,
  1 as keys,
  apikey_remediations.end_command as command,
  apikey_remediations.console,
  apikey_remediations.remark,
  acknowledged.note as acknowledged,
  apikeys.id as apikey_id,
  apikeys.iam_id,
  apikeys.account_id,
  count(*) over () as report_rows
from apikeys
join accounts on accounts.account_id = apikeys.account_id
join identities on identities.iam_id = apikeys.iam_id
join apikey_remediations on apikey_remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_key_no_expiry'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
where apikeys.expires_at is null
  and coalesce(apikeys.disabled, 0) = 0
order by account, apikeys.account_id, identity, apikeys.iam_id, apikey, apikeys.id
