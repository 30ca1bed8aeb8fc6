-- title: Service IDs with no API key and in no access group
-- question: Which service IDs have no API key and are in no access group?
-- category: Service IDs
-- severity: low
-- why: >
--   Programs use API keys to log in as a service ID. A service ID that has no key and was never
--   added to a group is usually left over or was never put to use.
-- remediation: >
--   Delete the service ID with its command; its policies are deleted with it.
-- notes: >
--   A disabled or expired key counts as a key here. Service IDs behind service credentials are
--   left out, as are those that a trusted profile in this file trusts. The Public Access group,
--   which includes everyone, does not count. Whether someone is about to create the first key
--   cannot be seen: check the creation date. If a service ID is locked, the command unlocks it
--   first.
-- references:
--   - "IBM Cloud Docs: Creating and working with service IDs"
-- shown: [serviceid, direct_policies, is_locked, created_at, description]
-- breakdown: {by: is_locked}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  read_accounts as materialized (
    select account_id
    from collected_parts
    where status = 'ok'
      and part in (
        'serviceids', 'apikeys', 'access_groups', 'access_group_members', 'resource_keys',
        'trustedprofile_identities'
      )
    group by account_id
    having count(*) = 6
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  serviceids.created_at,
  case
    when exists (
      select 1
      from collected_parts
      where collected_parts.account_id = serviceids.account_id
        and collected_parts.part = 'policies'
        and collected_parts.status = 'ok'
    ) then (
      select count(*)
      from granting_policies as policies
      where policies.iam_id = serviceids.iam_id
        and policies.account_id = serviceids.account_id
        and policies.type = 'access'
    )
  end as direct_policies,
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
  on acknowledged.report = 'service_id_no_key'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
where serviceids.iam_id not in (select iam_id from apikeys)
  and not exists (
    select 1
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
    where members.iam_id = serviceids.iam_id and access_groups.is_public = 0
  )
  and serviceids.iam_id not in (
    select service_iam_id from resource_keys where service_iam_id is not null
  )
  and serviceids.iam_id not in (select iam_id from trustedprofile_identities)
order by account, serviceids.account_id, serviceid, serviceids.id
