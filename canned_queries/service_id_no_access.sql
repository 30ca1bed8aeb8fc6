-- title: Service IDs without any access
-- question: Which service IDs have no direct policy and are in no access group that has one?
-- category: Service IDs
-- severity: low
-- why: >
--   Such a service ID can do nothing: it is left over or was never put to use.
-- remediation: >
--   The command first disables the API keys of the service ID, and deletes the service ID if no
--   key works. If it is needed, add it to a group with ibmcloud iam access-group-service-id-add
--   GROUP SERVICE_ID.
-- notes: >
--   The Public Access group, which includes everyone, does not count; a service ID still has what
--   that group grants. A policy with a time-based condition that has expired does not count
--   either. The report leaves out service IDs that can assume a trusted profile, and those that
--   another account in this file gives access, because deleting them would end it. Access in
--   accounts that are not in the file cannot be seen, nor can policies that the collecting token
--   may not view. Whatever is locked is unlocked first. Deleting a service ID also ends the
--   service credentials created for it (known_credentials).
-- references:
--   - "IBM Cloud Docs: Creating and working with service IDs"
-- shown: [serviceid, has_api_keys, groups_without_policy, known_credentials, is_locked, created_at, description]
-- breakdown: {by: has_api_keys}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: has_api_keys
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  read_parts as materialized (
    select account_id, part from collected_parts where status = 'ok'
  ),
  read_accounts as materialized (
    select account_id
    from read_parts
    where part in (
      'serviceids', 'policies', 'access_groups', 'access_group_members',
      'trustedprofile_identities'
    )
    group by account_id
    having count(*) = 5
  ),
  granting as materialized (
    select distinct access_group_id, iam_id
    from granting_policies as policies
    where type = 'access'
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  case
    when exists (
      select 1
      from apikeys
      where apikeys.iam_id = serviceids.iam_id and apikeys.account_id = serviceids.account_id
    ) then 'yes'
    when (serviceids.account_id, 'apikeys') in (select account_id, part from read_parts)
      then 'no'
    else 'not known'
  end as has_api_keys,
  (
    select count(distinct members.group_id)
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
    where members.iam_id = serviceids.iam_id
      and access_groups.account_id = serviceids.account_id
      and access_groups.is_public = 0
  ) as groups_without_policy,
  (
    select count(*)
    from resource_keys
    where resource_keys.service_iam_id = serviceids.iam_id
      and resource_keys.account_id = serviceids.account_id
  ) as known_credentials,
  serviceids.created_at,
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
join read_accounts on read_accounts.account_id = serviceids.account_id
join service_id_remediations as remediations
  on remediations.iam_id = serviceids.iam_id and remediations.account_id = serviceids.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_no_access'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
where serviceids.iam_id not in (select iam_id from granting where iam_id is not null)
  and serviceids.iam_id not in (
    select members.iam_id
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
    where access_groups.is_public = 0
      and members.iam_id glob 'iam-ServiceId-*'
      and members.group_id in (
        select access_group_id from granting where access_group_id is not null
      )
  )
  and not exists (
    select 1
    from trustedprofile_identities as allowed
    where allowed.iam_id = serviceids.iam_id
  )
order by account, serviceids.account_id, serviceid, serviceids.id
