-- title: What each policy can reach, as one of a few targets that policies share.
-- grain: one row for each active access policy that can reach service instances
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   target_id: >
--     The ID of the first policy with this target. Policies of one account with the same target reach
--     the same instances, and thousands of policies have far fewer targets.
--   scope: >
--     conditional (it has a condition on time or attributes), otherwise part (of an instance),
--     otherwise full.
-- indexes: [[target_id]]
-- rests_on: [policies, policy_conditions, policy_demands]
-- errs: Same as policy_demands.
with
  -- Parts are no matter of which instances are reached.
  demands as materialized (
    select
      policy_id,
      fits_service,
      is_part,
      iif(is_part, null, json_array(side, name, wants_absent, patterns)) as demand
    from policy_demands
  ),
  targets as (
    select
      policies.id,
      policies.account_id,
      policies.rule is not null as is_conditional,
      max(coalesce(demands.is_part, 0)) as is_part,
      coalesce(group_concat(demands.demand, ' '), '') as target
    from granting_policies as policies
    left join (select * from demands order by policy_id, demand) as demands
      on demands.policy_id = policies.id
    where policies.type = 'access'
    group by policies.id
    having min(coalesce(demands.fits_service, 1)) = 1
  )
select
  id,
  account_id,
  min(id) over (partition by account_id, target),
  case when is_conditional then 'conditional' when is_part then 'part' else 'full' end
from targets
