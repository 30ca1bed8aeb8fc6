-- title: How many policies grant each role, and how many identities hold it.
-- grain: one row for each role that a policy of an account grants
-- key: [account_id, role_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   role_id: {is: The role., references: roles, required: true}
--   policies: {is: Policies that grant it., kind: integer, required: true}
--   authorizations: {is: Authorizations among them., kind: integer, required: true}
--   access_groups: {is: Access groups that have it., kind: integer, required: true}
--   own_identities: {is: Identities that have it through direct policies., kind: integer, required: true}
--   identities: {is: "Identities that have it, including members of groups, each once.", kind: integer, required: true}
--   public_access: The effect of the settings on public access.
--   last_permit_at: {is: When one of the policies last permitted something., kind: time}
-- rests_on:
--   [identity_facts, membership_lists, policies, policy_conditions, policy_roles,
--   public_access]
with
  grants as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      policies.type,
      policies.iam_id,
      policies.access_group_id,
      policies.last_permit_at,
      policy_roles.role_id
    from granting_policies as policies
    join policy_roles on policy_roles.policy_id = policies.id
  ),
  counted as materialized (
    select
      account_id,
      role_id,
      count(*) as policies,
      sum(type = 'authorization') as authorizations,
      count(distinct access_group_id) as access_groups,
      count(distinct iam_id) as own_identities,
      max(last_permit_at) as last_permit_at
    from grants
    group by account_id, role_id
  ),
  held as materialized (
    select distinct account_id, role_id, coalesce(access_group_id, iam_id) as holder
    from grants
    where type = 'access' and coalesce(access_group_id, iam_id) is not null
  ),
  -- Who holds something, as a set of numbers of identities.
  sets as materialized (
    select access_group_id as holder, members(members) as numbers
    from membership_lists
    where access_group_id in (select holder from held)
    union all
    select iam_id, members(json_array(number))
    from identity_facts
    where iam_id in (select holder from held)
  ),
  holders as materialized (
    select held.account_id, held.role_id, united(sets.numbers) as identities
    from held
    join sets on sets.holder = held.holder
    group by held.account_id, held.role_id
  ),
  public_roles as materialized (
    select distinct grants.account_id, grants.role_id, public_access.effect
    from public_access
    join grants on grants.access_group_id = public_access.access_group_id
  )
select
  counted.account_id,
  counted.role_id,
  counted.policies,
  counted.authorizations,
  counted.access_groups,
  counted.own_identities,
  coalesce(holders.identities, 0),
  public_roles.effect,
  counted.last_permit_at
from counted
left join holders
  on holders.account_id = counted.account_id and holders.role_id = counted.role_id
left join public_roles
  on public_roles.account_id = counted.account_id and public_roles.role_id = counted.role_id
