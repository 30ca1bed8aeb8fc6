-- title: Limits nearly reached
-- question: Which limits of the account, its groups, and its identities are at 80 percent or more?
-- category: Account settings
-- severity: medium
-- why: >
--   At a limit, nothing more can be created, such as a policy for a new team or a key for a
--   rotation.
-- remediation: >
--   Put people with the same policies into one group, name a resource group instead of many
--   instances, and delete what the reports on unused and redundant policies, empty groups, old API
--   keys, and unused service IDs list. Ask IBM Support for a higher limit before you need it.
-- notes: >
--   The limits are those in the IBM Cloud documentation. IBM raises some of them for an account on
--   request; such agreements are not collected. The threshold of 80 percent is ours. The report
--   counts active policies of both types together with context-based restrictions (4020), policies
--   of one identity or group (1000), policies by access tag (500), access groups (500), groups of
--   one person (50, static and dynamic, each counted once), dynamic rules of one group (5),
--   service IDs in one service ID group or in none (2000), trusted profiles (2000), claim rules of
--   one profile (20), API keys of one identity (20, including disabled and expired ones), custom
--   roles (40), and network zones (500). IBM recommends 1000 policies or fewer. What could not be
--   read is not counted. Users and resources are left out, because their limits depend on the
--   plan.
-- references:
--   - "IBM Cloud Docs: IBM Cloud IAM limits"
-- shown: [about, limited, used, maximum, percent, fullness]
-- breakdown: {by: fullness}
-- identifiers: [limit_id, about_id]
-- chart:
--   mark: bar
--   x_column: limited
--   x_type: nominal
--   y_column: limits
--   y_type: quantitative
--   color_column: fullness
with
  active_policies as materialized (
    select id, account_id, iam_id, access_group_id
    from policies
    where state = 'active'
  ),
  groups as materialized (
    select id, account_id from access_groups where is_public = 0
  ),
  used as materialized (
    select
      account_id,
      1 as place,
      'policies' as limit_id,
      'policies and context-based restrictions' as limited,
      account_id as about_id,
      sum(number) as used,
      4020 as maximum
    from (
      select account_id, count(*) as number from active_policies group by account_id
      union all
      select account_id, count(*) from cbr_rules group by account_id
    )
    group by account_id
    union all
    select
      account_id,
      2,
      'policies_of_subject',
      'policies of an identity or access group',
      coalesce(access_group_id, iam_id),
      count(*),
      1000
    from active_policies
    where coalesce(access_group_id, iam_id) is not null
    group by account_id, coalesce(access_group_id, iam_id)
    union all
    select account_id, 3, 'policies_by_tag', 'policies by access tag', account_id, count(*), 500
    from active_policies
    where id in (select policy_id from policy_resource_tags)
    group by account_id
    union all
    select account_id, 4, 'access_groups', 'access groups', account_id, count(*), 500
    from access_groups
    where listed = 1 and is_public = 0
    group by account_id
    union all
    select
      account_id,
      5,
      'groups_of_user',
      'access groups of a person',
      iam_id,
      (
        select count(distinct members.group_id)
        from access_group_members as members
        cross join groups on groups.id = members.group_id
        where members.iam_id = users.iam_id and groups.account_id = users.account_id
      ),
      50
    from users
    union all
    select
      account_id,
      6,
      'rules_of_group',
      'dynamic rules of an access group',
      group_id,
      count(*),
      5
    from access_group_rules
    group by account_id, group_id
    union all
    select
      account_id,
      7,
      'service_ids',
      'service IDs in one group of service IDs, or in none',
      coalesce(group_id, account_id),
      count(*),
      2000
    from serviceids
    group by account_id, group_id
    union all
    select account_id, 8, 'trusted_profiles', 'trusted profiles', account_id, count(*), 2000
    from trustedprofiles
    group by account_id
    union all
    select
      trustedprofiles.account_id,
      9,
      'rules_of_profile',
      'claim rules of a trusted profile',
      trustedprofiles.iam_id,
      count(*),
      20
    from trustedprofile_rules as rules
    join trustedprofiles on trustedprofiles.id = rules.tp_id
    group by trustedprofiles.id
    union all
    select account_id, 10, 'keys_of_identity', 'API keys of an identity', iam_id, count(*), 20
    from apikeys
    group by account_id, iam_id
    union all
    select account_id, 11, 'custom_roles', 'custom roles', account_id, count(*), 40
    from roles
    where kind = 'custom' and listed = 1 and account_id is not null
    group by account_id
    union all
    select account_id, 12, 'network_zones', 'network zones', account_id, count(*), 500
    from cbr_zones
    where listed = 1
    group by account_id
  ),
  near as materialized (
    select *, used * 100 / maximum as percent
    from used
    where used * 100 >= maximum * 80
  )
select
  coalesce(accounts.name, near.account_id) as account,
  coalesce(
    nullif(access_groups.name, ''),
    identities.name,
    serviceid_groups.name,
    iif(near.limit_id = 'service_ids', 'in no group of service IDs', 'the account')
  ) as about,
  near.limited,
  near.used,
  near.maximum,
  near.percent,
  case
    when near.percent >= 100 then '100 % or more'
    when near.percent >= 90 then '90 to 99 %'
    else '80 to 89 %'
  end as fullness,
  1 as limits,
  null as command,
  case near.limit_id
    when 'access_groups' then 'https://cloud.ibm.com/iam/groups'
    when 'service_ids' then 'https://cloud.ibm.com/iam/serviceids'
    when 'trusted_profiles' then 'https://cloud.ibm.com/iam/trusted-profiles'
    when 'custom_roles' then 'https://cloud.ibm.com/iam/roles'
    when 'network_zones' then 'https://cloud.ibm.com/context-based-restrictions/zones'
    when 'keys_of_identity' then iif(
      words.kind = 'service_id',
      replace(words.console, '?tab=iam', '?tab=apikeys'),
      'https://cloud.ibm.com/iam/apikeys'
    )
    else coalesce(group_words.console, words.console)
  end as console,
  acknowledged.note as acknowledged,
  identities.iam_id,
  access_groups.id as access_group_id,
  near.limit_id,
  near.about_id,
  near.account_id,
  count(*) over () as report_rows
from near
join accounts on accounts.account_id = near.account_id
left join access_groups on access_groups.id = near.about_id
left join access_group_arguments as group_words
  on group_words.access_group_id = access_groups.id
left join identities on identities.iam_id = near.about_id
left join identity_arguments as words
  on words.iam_id = near.about_id and words.account_id = near.account_id
left join serviceid_groups on serviceid_groups.id = near.about_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'limit_headroom'
  and acknowledged.account_id = near.account_id
  and acknowledged.finding = near.limit_id || ' ' || near.about_id
order by account, near.account_id, near.percent desc, near.place, about, near.about_id
