-- title: Service IDs that are administrators
-- question: Which service IDs are full administrators, or privileged?
-- category: Administrators
-- severity: critical
-- why: >
--   Whoever holds an API key of such a service ID can do what it may, from everywhere and without
--   a second factor. rank is full administrator (Administrator and Manager on all services and
--   Administrator on all account management services, without a condition) or privileged: an active
--   policy for Administrator on account management as a whole, on IAM or on users, or for
--   Administrator or Manager on all services, under a condition too; through policies of its own or
--   through access groups, Public Access included. enabled_keys counts its API keys that are
--   not disabled, expired ones too; empty if they were not read. Privileges by resource group or by
--   service are not looked at here, nor profiles that a service ID may take on.
-- remediation: >
--   Give the service ID only what its program does, on the instances it needs, then end the
--   privileges with the command in its row: it deletes privileged policies of its own and takes the
--   service ID out of privileged groups, and with that takes everything else that those groups
--   grant. There is no command where an enterprise template made a policy, nor to take a service ID
--   that shares its name out of a group. A locked service ID is unlocked for it.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.15, v2.0 1.17"
--   - "IBM Cloud Docs: Creating and working with service IDs"
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: rank
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
--   color_column: through
with
  privileged as materialized (
    select
      privileged_policies.policy_id,
      privileged_policies.account_id,
      privileged_policies.iam_id,
      privileged_policies.access_group_id,
      privileged_policies.why,
      policy_remedies.delete_command,
      policy_remedies.remark
    from privileged_policies
    join policies on policies.id = privileged_policies.policy_id
    join policy_remedies on policy_remedies.policy_id = privileged_policies.policy_id
  ),
  granting_groups as materialized (
    select distinct
      privileged.account_id,
      privileged.access_group_id,
      access_groups.is_public,
      coalesce(nullif(access_groups.name, ''), access_groups.id) as name,
      arguments.word,
      arguments.remark
    from privileged
    join access_groups on access_groups.id = privileged.access_group_id
    join access_group_arguments as arguments
      on arguments.access_group_id = privileged.access_group_id
  ),
  -- Which service ID is privileged by which group.
  members as (
    select granting_groups.*, members.iam_id
    from granting_groups
    cross join access_group_members as members
      on members.group_id = granting_groups.access_group_id
    union
    select granting_groups.*, serviceids.iam_id
    from granting_groups
    cross join serviceids on serviceids.account_id = granting_groups.account_id
    where granting_groups.is_public = 1
  ),
  holders as (
    select account_id, iam_id, why as privilege, '' as access_group
    from privileged
    where iam_id is not null
    union
    select
      members.account_id,
      members.iam_id,
      privileged.why || ' (access group ' || members.name || ')',
      members.access_group_id
    from members
    join privileged on privileged.access_group_id = members.access_group_id
  ),
  powers as materialized (
    select
      account_id,
      iam_id,
      group_concat(privilege, '; ') as privileges,
      count(*) as ways,
      count(nullif(access_group, '')) as ways_through_groups
    from (select * from holders order by account_id, iam_id, privilege, access_group)
    group by account_id, iam_id
  ),
  -- What ends each privilege.
  endings as (
    select serviceids.id, 1 as place, privileged.policy_id as what, delete_command as step, remark
    from serviceids
    join privileged
      on privileged.iam_id = serviceids.iam_id and privileged.account_id = serviceids.account_id
    union
    select
      serviceids.id,
      2,
      members.access_group_id,
      'ibmcloud iam access-group-service-id-remove ' || members.word || ' ' || arguments.member,
      coalesce(members.remark, arguments.member_remark)
    from members
    join serviceids
      on serviceids.iam_id = members.iam_id and serviceids.account_id = members.account_id
    join identity_arguments as arguments
      on arguments.iam_id = members.iam_id and arguments.account_id = members.account_id
    where members.is_public = 0
    union
    select serviceids.id, 3, privileged.policy_id, privileged.delete_command, privileged.remark
    from granting_groups
    join privileged on privileged.access_group_id = granting_groups.access_group_id
    join serviceids on serviceids.account_id = granting_groups.account_id
    where granting_groups.is_public = 1
  ),
  commands as materialized (
    select
      id,
      iif(count(*) = count(step), group_concat(step, ' && '), null) as command,
      min(remark) filter (where step is null) as remark,
      min(place) = 1 as changes_policies
    from (select * from endings order by id, place, what)
    group by id
  ),
  full_administrators_here as materialized (
    select account_id, id as iam_id from full_administrators where kind = 'identity'
  ),
  keys_read as materialized (
    select account_id from collected_parts where resource = 'apikeys' and status = 'ok'
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  iif(administrators.iam_id is null, 'privileged', 'full administrator') as rank,
  powers.privileges,
  case powers.ways_through_groups
    when powers.ways then 'access groups'
    when 0 then 'its own policies'
    else 'both'
  end as through,
  (
    select public_access.effect
    from public_access
    where public_access.account_id = serviceids.account_id
      and public_access.access_group_id in (select access_group_id from granting_groups)
  ) as public_access,
  iif(serviceids.locked = 1, 'yes', 'no') as is_locked,
  iif(
    serviceids.account_id in (select account_id from keys_read),
    (
      select count(*)
      from apikeys
      where apikeys.iam_id = serviceids.iam_id
        and apikeys.account_id = serviceids.account_id
        and coalesce(apikeys.disabled, 0) = 0
    ),
    null
  ) as enabled_keys,
  serviceids.created_at,
  1 as service_ids,
  iif(
    serviceids.locked = 1 and commands.changes_policies,
    'ibmcloud iam service-id-unlock ' || arguments.word || ' && ' || commands.command
      || ' && ibmcloud iam service-id-lock ' || arguments.word,
    commands.command
  ) as command,
  arguments.console,
  commands.remark,
  acknowledged.note as acknowledged,
  serviceids.iam_id,
  serviceids.id as serviceid_id,
  serviceids.account_id,
  count(*) over () as report_rows
from serviceids
join accounts on accounts.account_id = serviceids.account_id
left join powers
  on powers.iam_id = serviceids.iam_id and powers.account_id = serviceids.account_id
left join full_administrators_here as administrators
  on administrators.iam_id = serviceids.iam_id
  and administrators.account_id = serviceids.account_id
left join commands on commands.id = serviceids.id
left join identity_arguments as arguments
  on arguments.iam_id = serviceids.iam_id and arguments.account_id = serviceids.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_admins'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
where powers.iam_id is not null or administrators.iam_id is not null
order by account, serviceids.account_id, rank, serviceid, serviceids.id
