-- title: Limits of accounts, access groups, and identities of which 80 percent or more is used.
-- grain: one row for each limit and what it is nearly reached for
-- key: [account_id, limit_id, about_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   place: {is: Its place among the limits., kind: integer, required: true}
--   limit_id: {is: "The limit, such as policies_of_subject.", required: true}
--   limited: {is: What is limited., required: true}
--   about_id: {is: "What has the limit: an account, identity, access group, or group of service IDs.", required: true}
--   used: {is: How many there are., kind: integer, required: true}
--   maximum: {is: How many there can be., kind: integer, required: true}
-- rests_on:
--   [access_group_members, access_group_rules, access_groups, apikeys, cbr_rules, cbr_zones,
--   policies, policy_resource_tags, roles, serviceids, trustedprofile_rules, trustedprofiles,
--   users]
-- notes: |
--   Which limits there are, and where they come from, is in the notes of the report limit_headroom.
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
    from (select distinct account_id, iam_id from users) as users
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
  )
select account_id, place, limit_id, limited, about_id, used, maximum
from used
where used * 100 >= maximum * 80
