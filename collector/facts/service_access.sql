-- title: How many instances each service has, and how many policies and identities reach it.
-- grain: one row for each service of an account that has instances or that a policy applies to
-- key: [account_id, service]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   service: {is: "The service; unknown if an instance does not show it.", required: true}
--   instances: {is: Its instances that are not removed., kind: integer, required: true}
--   naming_policies: {is: Policies that name it., kind: integer, required: true}
--   broad_policies: {is: Policies that reach it without naming it., kind: integer, required: true}
--   holders: {is: Identities and access groups that hold these policies., kind: integer, required: true}
--   identities: {is: "Those identities, including members of the groups, each once.", kind: integer, required: true}
--   public_access: The effect of the settings on public access.
-- rests_on:
--   [identity_facts, membership_lists, policies, policy_breadths, policy_services,
--   policy_targets, policy_values, public_access, resource_service_instances, target_services,
--   targets]
with
  naming as materialized (
    select distinct breadths.account_id, breadths.policy_id, named.value as service
    from policy_values as named
    join policy_breadths as breadths on breadths.policy_id = named.policy_id
    where named.side = 'target'
      and named.name = 'serviceName'
      and named.operator = 'stringEquals'
      and named.value is not null
      and breadths.type = 'access'
      and breadths.breadth <> 'ended'
  ),
  instances as materialized (
    select id, account_id, coalesce(nullif(service_name, ''), 'unknown') as service
    from resource_service_instances
    where coalesce(state, '') not in ('removed', 'pending_removal')
  ),
  broad as materialized (
    select policy_targets.policy_id, policy_targets.account_id, targets.number as target
    from policy_targets
    join targets on targets.target_id = policy_targets.target_id
    where policy_targets.policy_id not in (select policy_id from naming)
  ),
  pairs as materialized (
    select account_id, service, policy_id, 1 as is_named
    from naming
    union all
    select broad.account_id, reached.service_name, broad.policy_id, 0
    from broad
    cross join target_services as reached on reached.target = broad.target
    union all
    select policies.account_id, reached.service_name, reached.policy_id, 0
    from policy_account_services as reached
    join policies on policies.id = reached.policy_id
    where reached.policy_id not in (select policy_id from naming)
  ),
  counted as materialized (
    select
      pairs.account_id,
      pairs.service,
      sum(pairs.is_named) as naming_policies,
      sum(not pairs.is_named) as broad_policies,
      count(distinct coalesce(policies.access_group_id, policies.iam_id)) as holders
    from pairs
    join policies on policies.id = pairs.policy_id
    group by pairs.account_id, pairs.service
  ),
  holders as materialized (
    select distinct pairs.account_id, pairs.service, policies.access_group_id, policies.iam_id
    from pairs
    join policies on policies.id = pairs.policy_id
  ),
  -- Who holds something, as a set of numbers of identities; that somebody is in it twice is no
  -- matter.
  held as materialized (
    select access_group_id as holder, members(members) as numbers
    from membership_lists
    where access_group_id in (select access_group_id from holders)
    union all
    select iam_id, members(json_array(number))
    from identity_facts
    where iam_id in (select iam_id from holders where access_group_id is null)
  ),
  reaching as materialized (
    select holders.account_id, holders.service, united(held.numbers) as identities
    from holders
    join held on held.holder = coalesce(holders.access_group_id, holders.iam_id)
    group by holders.account_id, holders.service
  ),
  sizes as materialized (
    select account_id, service, count(*) as instances
    from instances
    group by account_id, service
  ),
  public_services as materialized (
    select distinct holders.account_id, holders.service, public_access.effect
    from public_access
    join holders on holders.access_group_id = public_access.access_group_id
  ),
  services as materialized (
    select
      account_id,
      service,
      sum(instances) as instances,
      sum(naming_policies) as naming_policies,
      sum(broad_policies) as broad_policies,
      sum(holders) as holders
    from (
      select account_id, service, 0 as instances, naming_policies, broad_policies, holders
      from counted
      union all
      select account_id, service, instances, 0, 0, 0
      from sizes
    )
    group by account_id, service
  )
select
  services.account_id,
  services.service,
  services.instances,
  services.naming_policies,
  services.broad_policies,
  services.holders,
  coalesce(reaching.identities, 0),
  public_services.effect
from services
left join reaching
  on reaching.account_id = services.account_id and reaching.service = services.service
left join public_services
  on public_services.account_id = services.account_id
  and public_services.service = services.service
