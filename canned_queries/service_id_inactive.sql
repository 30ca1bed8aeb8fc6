-- title: Service IDs not used for 90 days
-- question: Which service IDs have not logged in for 90 days?
-- category: Service IDs
-- severity: medium
-- why: >
--   Nobody notices when an API key of an unused service ID is stolen and used.
-- remediation: >
--   Ask the owner, then disable its API keys with the command, which can be undone. If nothing has
--   failed by the next collection, use the command that the report then shows to delete the
--   service ID.
-- notes: >
--   This is IBM Cloud's own report of inactive identities, which says when a service ID last
--   logged in; days are counted back from the day when the report was created. A service ID that
--   was never seen is listed only if it has existed for 90 days. Never seen means that IBM Cloud
--   has no record; it does not say how far back its records go. A job that runs once a year looks
--   unused. Whatever is locked is unlocked first. Deleting a service ID also ends its service
--   credentials (known_credentials).
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.11"
--   - "IBM Cloud Docs: Identifying inactive identities"
-- shown: [serviceid, unused_for, days_unused, last_authn, known_api_keys, known_credentials, description]
-- breakdown: {by: unused_for}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: unused_for
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  inactive as materialized (
    select
      account_id,
      iam_id,
      last_authn,
      report_end_time,
      cast(julianday(report_end_time) - julianday(last_authn) as integer) as days
    from inactive_identities
    where kind = 'service_id'
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  inactive.last_authn,
  inactive.days as days_unused,
  case
    when inactive.days is null then 'never used'
    when inactive.days < 180 then '90 to 179 days'
    when inactive.days < 365 then '180 to 364 days'
    else 'a year or more'
  end as unused_for,
  (
    select count(*)
    from apikeys
    where apikeys.iam_id = serviceids.iam_id and apikeys.account_id = serviceids.account_id
  ) as known_api_keys,
  (
    select count(*)
    from resource_keys
    where resource_keys.service_iam_id = serviceids.iam_id
      and resource_keys.account_id = serviceids.account_id
  ) as known_credentials,
  serviceids.created_at,
  inactive.report_end_time as reported_at,
  iif(serviceids.locked = 1, 'yes', 'no') as is_locked,
  1 as service_ids,
  remediations.command,
  remediations.console,
  remediations.remark,
  acknowledged.note as acknowledged,
  serviceids.iam_id,
  serviceids.id as serviceid_id,
  serviceids.account_id,
  count(*) over () as report_rows
from serviceids
join accounts on accounts.account_id = serviceids.account_id
join inactive
  on inactive.iam_id = serviceids.iam_id and inactive.account_id = serviceids.account_id
join service_id_remediations as remediations
  on remediations.iam_id = serviceids.iam_id and remediations.account_id = serviceids.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_inactive'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
where inactive.days >= 90
  or (
    inactive.last_authn is null
    and julianday(inactive.report_end_time) - julianday(serviceids.created_at) >= 90
  )
order by account, serviceids.account_id, serviceid, serviceids.id
