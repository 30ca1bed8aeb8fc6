-- title: Privileged access groups that mix people and programs
-- question: Which privileged access groups contain both people and service IDs or trusted profiles?
-- category: Access groups
-- severity: medium
-- why: >
--   People and programs need different access and are reviewed by different rules. A program in
--   the administrators' group gets every permission that is later granted to the people in it.
-- remediation: >
--   Create a group for the programs with only the policies that they need and add them with
--   ibmcloud iam access-group-service-id-add GROUP SERVICE_ID. Only then remove them from this
--   group with the command.
-- notes: >
--   Privileged means an active policy for Administrator on account management as a whole, on IAM,
--   or on users, or for Administrator or Manager on all services, even with a condition. Both
--   members added by hand and members added by dynamic rules, as of their last login, count.
--   Members who are no longer in the account count too, because they are still in the group. The
--   Public Access group, which is mixed by nature, is left out. There is no command for more than
--   10 programs, nor for a service ID that shares its name with another, because the command line
--   accepts only names.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [access_group, mixture, members, programs, privileges]
-- breakdown: {by: mixture}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: access_group
--   x_type: nominal
--   y_column: members
--   y_type: quantitative
--   color_column: mixture
with
  reasons as materialized (
    select access_group_id, group_concat(why, '; ') as privileges
    from (
      select distinct access_group_id, why
      from privileged_policies
      where access_group_id is not null
      order by access_group_id, why
    )
    group by access_group_id
  ),
  members as materialized (
    select distinct
      members.group_id as access_group_id,
      access_groups.account_id,
      members.iam_id,
      members.type
    from reasons
    cross join access_groups on access_groups.id = reasons.access_group_id
    cross join access_group_members as members on members.group_id = reasons.access_group_id
    where access_groups.is_public = 0
      and access_groups.listed = 1
  ),
  mixed as materialized (
    select
      access_group_id,
      account_id,
      count(*) as members,
      count(*) filter (where type = 'user') as users,
      count(*) filter (where type = 'service') as service_ids,
      count(*) filter (where type = 'profile') as profiles
    from members
    group by access_group_id
    having users > 0 and service_ids + profiles > 0
  ),
  programs as materialized (
    select
      members.access_group_id,
      members.iam_id,
      identities.name,
      case members.type
        when 'profile' then
          'trusted-profile-remove ' || access_group_arguments.word || ' ' || arguments.word
        when 'service' then
          'service-id-remove ' || access_group_arguments.word || ' ' || arguments.member
      end as step,
      coalesce(access_group_arguments.remark, arguments.member_remark) as remark
    from mixed
    join members on members.access_group_id = mixed.access_group_id and members.type <> 'user'
    join identities on identities.iam_id = members.iam_id
    join access_group_arguments on access_group_arguments.access_group_id = members.access_group_id
    left join identity_arguments as arguments
      on arguments.iam_id = members.iam_id and arguments.account_id = members.account_id
  ),
  removals as materialized (
    select
      access_group_id,
      group_concat(name, ', ') as programs,
      iif(
        count(*) = count(step) and count(*) <= 10,
        group_concat('ibmcloud iam access-group-' || step, ' && '),
        null
      ) as command,
      min(remark) filter (where step is null) as remark
    from (select * from programs order by access_group_id, name, iam_id)
    group by access_group_id
  )
select
  coalesce(accounts.name, mixed.account_id) as account,
  coalesce(nullif(access_groups.name, ''), access_groups.id) as access_group,
  case
    when mixed.profiles = 0 then 'people and service IDs'
    when mixed.service_ids = 0 then 'people and trusted profiles'
    else 'people, service IDs and trusted profiles'
  end as mixture,
  mixed.members,
  mixed.users,
  mixed.service_ids,
  mixed.profiles,
  removals.programs,
  reasons.privileges,
  removals.command,
  arguments.console,
  removals.remark,
  acknowledged.note as acknowledged,
  mixed.access_group_id,
  mixed.account_id,
  count(*) over () as report_rows
from mixed
join accounts on accounts.account_id = mixed.account_id
join access_groups on access_groups.id = mixed.access_group_id
join reasons on reasons.access_group_id = mixed.access_group_id
join removals on removals.access_group_id = mixed.access_group_id
join access_group_arguments as arguments on arguments.access_group_id = mixed.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'group_mixed_identities'
  and acknowledged.account_id = mixed.account_id
  and acknowledged.finding = mixed.access_group_id
order by account, mixed.account_id, access_group, mixed.access_group_id
