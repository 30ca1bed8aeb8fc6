-- title: Large privileged access groups
-- question: How many identities are in the access groups that grant privileged access?
-- category: Access groups
-- severity: high
-- why: >
--   Each member of such a group can change who has access to what, or do anything with every
--   service.
-- remediation: >
--   Remove members who do not need this access with ibmcloud iam access-group-user-remove GROUP
--   USER, or split the group by task and give each part less access. For the Public Access group,
--   the command deletes the policies.
-- notes: >
--   The report lists access groups with three or more different identities (users, service IDs,
--   and trusted profiles) and at least one active policy for Administrator on account management
--   as a whole, on IAM, or on users, or for Administrator or Manager on all services, even with a
--   condition. How many members are too many is up to you. The account owner, who gains nothing
--   from a group, is not counted. Dynamic members are counted as of their last login: a group with
--   dynamic rules can grow at any time, and one that has fewer than three members now is not
--   listed. Members who are no longer in the account are counted, because they are still in the
--   group. The identities that can assume the trusted profiles are not counted. If the Public
--   Access group is privileged, it counts as every user and service ID. gives is full control for
--   groups whose members are full administrators.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.14, v2.0 1.16"
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [access_group, members, users, service_ids, profiles, dynamic_rules, privileges]
-- breakdown: {by: access_group, of: members}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: access_group
--   x_type: nominal
--   y_column: members
--   y_type: quantitative
--   color_column: gives
with
  privileged as materialized (
    select policy_id, account_id, access_group_id, why
    from privileged_policies
    where access_group_id is not null
  ),
  reasons as materialized (
    select access_group_id, group_concat(why, '; ') as privileges
    from (select distinct access_group_id, why from privileged order by access_group_id, why)
    group by access_group_id
  ),
  members as materialized (
    select distinct
      ways.access_group_id,
      ways.iam_id,
      case
        when ways.iam_id glob 'iam-ServiceId-*' then 'service'
        when ways.iam_id glob 'iam-Profile-*' then 'profile'
        else 'user'
      end as type
    from administrator_ways as ways
    join accounts on accounts.account_id = ways.account_id
    where ways.access_group_id is not null
      and ways.acting_as = ways.iam_id
      and ways.iam_id is not accounts.owner
  ),
  large as materialized (
    select
      access_group_id,
      count(distinct iam_id) as members,
      count(distinct iam_id) filter (where type = 'user') as users,
      count(distinct iam_id) filter (where type = 'service') as service_ids,
      count(distinct iam_id) filter (where type = 'profile') as profiles
    from members
    group by access_group_id
    having count(distinct iam_id) >= 3
  ),
  full_groups as materialized (
    select id from full_administrators where kind = 'access_group'
  )
select
  coalesce(accounts.name, access_groups.account_id) as account,
  coalesce(nullif(access_groups.name, ''), access_groups.id) as access_group,
  large.members,
  large.users,
  large.service_ids,
  large.profiles,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = large.access_group_id
  ) as public_access,
  (
    select count(*) from access_group_rules as rules where rules.group_id = access_groups.id
  ) as dynamic_rules,
  iif(large.access_group_id in (select id from full_groups), 'full control', 'privileges') as gives,
  reasons.privileges,
  iif(
    access_groups.is_public = 1,
    (
      select group_concat(delete_command, ' && ')
      from (
        select remediations.delete_command
        from privileged
        join policy_remediations as remediations on remediations.policy_id = privileged.policy_id
        where privileged.access_group_id = access_groups.id
        order by privileged.policy_id
      )
    ),
    null
  ) as command,
  iif(
    access_groups.is_public = 1,
    -- The ID by which IBM Cloud knows it in every account.
    'https://cloud.ibm.com/iam/groups/AccessGroupId-PublicAccess?tab=iam',
    arguments.console
  ) as console,
  iif(access_groups.is_public = 1, arguments.remark, null) as remark,
  acknowledged.note as acknowledged,
  access_groups.id as access_group_id,
  access_groups.account_id,
  count(*) over () as report_rows
from large
join access_groups on access_groups.id = large.access_group_id
join accounts on accounts.account_id = access_groups.account_id
join reasons on reasons.access_group_id = large.access_group_id
join access_group_arguments as arguments on arguments.access_group_id = large.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'group_large_admin'
  and acknowledged.account_id = access_groups.account_id
  and acknowledged.finding = access_groups.id
where access_groups.listed = 1 or access_groups.is_public = 1
order by account, access_groups.account_id, large.members desc, access_group, access_groups.id
