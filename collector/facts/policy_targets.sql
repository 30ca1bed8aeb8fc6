-- title: What each policy can reach, as one of few targets that policies share.
-- grain: one row for each active access policy that may reach service instances
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   target_id: >
--     Policies of one account with the same target reach the same instances: the ID of the first of
--     them. Thousands of policies have far fewer targets.
--   scope: >
--     conditional (under a rule of time or of attributes), else part (of an instance), else full.
-- indexes: [[target_id]]
-- rests_on: [policies, policy_conditions, policy_values]
-- errs: >
--   What single services call their parts (bucket, path, namespace) is not looked into: the policy
--   reaches the instance in part, though there may be no such part, which is too much.
with
  -- The attributes that an instance has itself; all others are about its parts.
  own(name) as (
    values
    ('accountId'), ('serviceType'), ('serviceName'), ('serviceInstance'), ('resourceGroupId'),
    ('region')
  ),
  -- One row for each attribute: whether some value of it can fit an instance or part of one.
  -- service_group_id is about account management, as is every other serviceType than service;
  -- the resourceType resource-group is the group itself, not what is in it.
  demands as materialized (
    select
      policy_id,
      side,
      position,
      name,
      max(
        case
          when name = 'service_group_id' then 0
          when name = 'accountId' then coalesce(own_account glob pattern, 0)
          when name = 'serviceType' then coalesce('service' glob pattern, 0)
          when name = 'resourceType' and not is_any and not wants_absent then
            coalesce(not 'resource-group' glob pattern, 0)
          else pattern is not null or wants_absent
        end
      ) as fits,
      json_array(
        side, name, json_group_array(iif(wants_absent, 0, pattern))
      ) as demand,
      max(side = 'target' and name not in (select name from own)) as is_part
    from (
      select policy_values.*, policies.account_id as own_account
      from policy_values
      join policies on policies.id = policy_values.policy_id
      where side <> 'source'
      order by policy_id, policy_values.pattern
    )
    group by policy_id, side, position
  ),
  targets as (
    select
      policies.id,
      policies.account_id,
      policies.rule is not null as is_conditional,
      max(coalesce(demands.is_part, 0)) as is_part,
      coalesce(group_concat(iif(demands.is_part, null, demands.demand), ' '), '') as target
    from granting_policies as policies
    left join (select * from demands order by policy_id, demand) as demands
      on demands.policy_id = policies.id
    where policies.type = 'access'
    group by policies.id
    having min(coalesce(demands.fits, 1)) = 1
  )
select
  id,
  account_id,
  min(id) over (partition by account_id, target),
  case when is_conditional then 'conditional' when is_part then 'part' else 'full' end
from targets
