-- title: Identities with many API keys
-- question: Which users and service IDs have five or more API keys?
-- category: API keys
-- severity: low
-- why: >
--   When an identity has many keys, some are forgotten, and nobody knows which program uses which
--   key.
-- remediation: >
--   Start with the keys in the reports on unused, never used, old, and disabled keys, which have a
--   command for each key. Give every program its own service ID.
-- notes: >
--   For most identities, one key for each place that uses it is enough, plus a second one during
--   rotation. The threshold of five is ours, not IBM's. The IBM Cloud documentation of 2024 gives
--   a limit of 20 keys for each identity (key_limit); an account can have a different limit by
--   agreement, which is not collected. Disabled and expired keys count too, because they still
--   exist. The data does not show which keys are needed.
-- references:
--   - "IBM Cloud Docs: Managing user API keys"
--   - "IBM Cloud Docs: Managing service ID API keys"
-- shown: [identity, kind, keys, disabled_keys, expired_keys, oldest_created_at, key_limit]
-- breakdown: {by: identity, of: keys}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: identity
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
  counted as materialized (
    select
      apikeys.account_id,
      apikeys.iam_id,
      count(*) as keys,
      sum(coalesce(apikeys.disabled, 0)) as disabled,
      sum(coalesce(apikeys.disabled, 0) = 0 and coalesce(apikeys.expires_at <= read.read_at, false))
        as expired,
      min(apikeys.created_at) as oldest,
      max(apikeys.created_at) as newest,
      min(apikeys.id) as any_key
    from apikeys
    left join read on read.account_id = apikeys.account_id
    group by apikeys.account_id, apikeys.iam_id
    having count(*) >= 5
  )
select
  coalesce(accounts.name, counted.account_id) as account,
  identities.name as identity,
  identities.kind,
  counted.disabled as disabled_keys,
  counted.expired as expired_keys,
  counted.oldest as oldest_created_at,
  counted.newest as newest_created_at,
  20 as key_limit,
  counted.keys,
  null as command,
  remediations.console,
  acknowledged.note as acknowledged,
  counted.iam_id,
  counted.account_id,
  count(*) over () as report_rows
from counted
join accounts on accounts.account_id = counted.account_id
join identities on identities.iam_id = counted.iam_id
join apikey_remediations as remediations on remediations.apikey_id = counted.any_key
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'api_keys_many'
  and acknowledged.account_id = counted.account_id
  and acknowledged.finding = counted.iam_id
order by account, counted.account_id, counted.keys desc, identity, counted.iam_id
