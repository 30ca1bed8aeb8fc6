-- title: >
--   Service credentials that can still be used, with their instance, role, age, and last use.
-- notes: |
--   Removed credentials, and those of removed instances, are left out. Ages are counted to the moment
--   when the credentials were read. IBM Cloud does not record the use of a credential itself: last_use
--   is that of the service ID behind it, which may have other keys as well, by the report on inactive
--   identities, so "lately" is within the days that the report looks back.
with
  reads as materialized (
    select
      account_id,
      max(coalesce(read_at, finished_at)) filter (where part = 'resource_keys') as read_at,
      coalesce(max(part = 'inactive_identities' and status = 'ok'), 0) as has_use
    from collected_parts
    group by account_id
  ),
  seen as materialized (
    select account_id, iam_id, last_authn, report_end_time
    from inactive_identities
    where kind = 'service_id'
  )
select
  keys.id as resource_key_id,
  keys.account_id,
  coalesce(nullif(keys.name, ''), keys.guid, keys.id) as credential,
  coalesce(nullif(instances.name, ''), keys.source_crn) as instance,
  instances.service_name as service,
  coalesce(
    roles.display_name, replace(keys.role_crn, rtrim(keys.role_crn, replace(keys.role_crn, ':', '')), '')
  ) as role,
  keys.role_crn as role_id,
  keys.created_at,
  julianday(reads.read_at) - julianday(keys.created_at) as days_old,
  case
    when serviceids.id is null or not reads.has_use then 'not known'
    when seen.iam_id is null then 'lately'
    when seen.last_authn is null then 'never'
    else cast(julianday(seen.report_end_time) - julianday(seen.last_authn) as integer)
      || ' days ago'
  end as last_use,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as service_id,
  keys.service_iam_id,
  keys.instance_id,
  'ibmcloud resource service-key-delete ''' || replace(keys.id, '''', '''\''''') || ''''
    as delete_command,
  arguments.console
from resource_keys as keys
join reads on reads.account_id = keys.account_id
left join resource_service_instances as instances on instances.id = keys.instance_id
left join instance_arguments as arguments on arguments.instance_id = keys.instance_id
left join roles on roles.role_id = keys.role_crn
left join serviceids
  on serviceids.iam_id = keys.service_iam_id and serviceids.account_id = keys.account_id
left join seen on seen.iam_id = keys.service_iam_id and seen.account_id = keys.account_id
where coalesce(keys.state, '') <> 'removed'
  and coalesce(instances.state, '') <> 'removed'
