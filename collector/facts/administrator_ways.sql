-- title: The access paths by which each identity is privileged.
-- grain: >
--   one row for each identity, policy that makes it privileged, and identity that it acts as
-- key: [account_id, iam_id, policy_id, acting_as]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The privileged identity., references: identities, required: true}
--   policy_id: {is: The policy., references: policies, required: true}
--   acting_as: >
--     Its own IAM ID, or that of the trusted profile that it must assume.
--   access_group_id: {is: "The access group that holds the policy, if one does.", references: access_groups}
--   membership: "How acting_as is in that group: static, dynamic, or public."
--   administers_services: {is: 1 for Administrator on all services., kind: integer, required: true}
--   manages_services: {is: 1 for Manager on all services., kind: integer, required: true}
--   administers_account: {is: 1 for Administrator on all account management services., kind: integer, required: true}
--   administers_iam: >
--     On how many of the services that control access (IAM and users) it grants Administrator.
--   is_conditional: {is: 1 if it applies only under a condition., kind: integer, required: true}
--   why: "The roles, their target, the condition, and the access path."
-- indexes: [[access_group_id], [policy_id]]
-- rests_on:
--   [access_group_members, access_groups, privileged_policies, serviceids,
--   trustedprofile_identities, trustedprofiles, users]
-- errs: >
--   Dynamic members are those of the last login. Users who can assume a trusted profile through a
--   claim rule, and programs that can assume it through their compute resource, are in no list and
--   therefore missing.
-- notes: |
--   Which policies are privileged is decided in privileged_policies; here is only who gets them: by
--   policies of its own, by access groups (Public Access stands for every user and service ID), and
--   by a trusted profile that it is allowed to assume by name and that is privileged in one of these
--   ways. No profile can assume another one.
with
  members as materialized (
    select members.group_id as access_group_id, members.iam_id, members.membership_type as membership
    from access_group_members as members
    where members.group_id in (select access_group_id from privileged_policies)
    union all
    select access_groups.id, everybody.iam_id, 'public'
    from access_groups
    cross join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = access_groups.account_id
    where access_groups.is_public = 1
      and access_groups.id in (select access_group_id from privileged_policies)
  ),
  -- Of static, public and dynamic the first is the last by name.
  direct as materialized (
    select
      powers.policy_id,
      coalesce(members.iam_id, powers.iam_id) as iam_id,
      max(members.membership) as membership
    from privileged_policies as powers
    left join members on members.access_group_id = powers.access_group_id
    where coalesce(members.iam_id, powers.iam_id) is not null
    group by powers.policy_id, coalesce(members.iam_id, powers.iam_id)
  ),
  ways as (
    select iam_id, policy_id, iam_id as acting_as, null as profile, membership from direct
    union
    select
      allowed.iam_id,
      direct.policy_id,
      direct.iam_id,
      coalesce(nullif(profiles.name, ''), profiles.id),
      direct.membership
    from direct
    join trustedprofiles as profiles on profiles.iam_id = direct.iam_id
    join privileged_policies as powers
      on powers.policy_id = direct.policy_id and powers.account_id = profiles.account_id
    join trustedprofile_identities as allowed on allowed.tp_id = profiles.id
    where allowed.iam_id not glob 'iam-Profile-*'
  )
select
  powers.account_id,
  ways.iam_id,
  ways.policy_id,
  ways.acting_as,
  powers.access_group_id,
  ways.membership,
  powers.administers_services,
  powers.manages_services,
  powers.administers_account,
  powers.administers_iam,
  powers.is_conditional,
  powers.why || case
    when access_groups.id is not null and ways.profile is not null then
      ' (access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
        || ' of trusted profile ' || ways.profile || ')'
    when access_groups.id is not null then
      ' (access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id) || ')'
    when ways.profile is not null then ' (trusted profile ' || ways.profile || ')'
    else ''
  end
from ways
join privileged_policies as powers on powers.policy_id = ways.policy_id
left join access_groups on access_groups.id = powers.access_group_id
