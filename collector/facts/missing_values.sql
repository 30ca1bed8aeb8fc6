-- title: Instances and resource groups that active policies name but that do not exist.
-- grain: one row for each value or pattern of a policy that matches nothing
-- key: [policy_id, side, position, number]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   side: "target or source, as in policy_values."
--   position: {is: "Place of the attribute in its list, from 0.", kind: integer, required: true}
--   number: {is: "Place of the value in the attribute, from 0.", kind: integer, required: true}
--   kind: {is: "instance or resource group.", required: true}
--   operator: stringEquals or stringMatch.
--   value: The value or pattern.
--   is_all:
--     is: >
--       1 if nothing that the attribute names exists, so that the policy applies to nothing.
--     kind: integer
--     required: true
-- rests_on: [complete_lists, missing_instances, policies, policy_values, resource_groups]
-- errs: Same as missing_instances; the same is true of resource groups.
-- notes: |
--   All attributes of a policy must hold: where one has nothing left, the policy applies to nothing.
with found as materialized (
  select policy_id, side, position, number, 'instance' as kind, operator, value
  from missing_instances
  union all
  select
    policy_values.policy_id,
    policy_values.side,
    policy_values.position,
    policy_values.number,
    'resource group',
    policy_values.operator,
    policy_values.value
  from policy_values
  join policies on policies.id = policy_values.policy_id and policies.state = 'active'
  where policy_values.operator = 'stringEquals'
    and (
      policy_values.name = 'resourceGroupId'
      or (
        policy_values.name = 'resource'
        and exists (
          select 1
          from policy_values as types
          where types.policy_id = policy_values.policy_id
            and types.side = policy_values.side
            and types.name = 'resourceType'
            and types.operator = 'stringEquals'
            and types.value = 'resource-group'
        )
      )
    )
    and (policy_values.account_id, 'resource group') in (
      select account_id, kind from complete_lists
    )
    -- What something in the account names as its group has a row, though no list shows it.
    and not exists (
      select 1
      from resource_groups
      where resource_groups.resource_group_id = policy_values.value
    )
)
select
  found.*,
  count(*) over (partition by policy_id, side, position) = (
    select count(*)
    from policy_values
    where policy_values.policy_id = found.policy_id
      and policy_values.side = found.side
      and policy_values.position = found.position
  )
from found
