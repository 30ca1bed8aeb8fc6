-- title: What policies require of their target, one row for each attribute.
-- grain: one row for each attribute and each access tag of the target of a policy
-- key: [policy_id, side, position]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, indexed: false, required: true}
--   side: {is: "target or tag, as in policy_values.", required: true}
--   position: {is: "Place of the attribute or tag in its list, from 0.", kind: integer, required: true}
--   name: "Name of the attribute; for a tag: tag."
--   patterns: "The patterns of its values in order, one of which must match, as a JSON list."
--   wants_absent: {is: 1 if resources without the attribute match., kind: integer, required: true}
--   limits: {is: 1 unless everything that has the attribute matches., kind: integer, required: true}
--   is_part:
--     is: >
--       1 if it applies to a part of a service or of an instance: to anything except account,
--       service, instance, resource group, and region.
--     kind: integer
--     required: true
--   fits_service:
--     is: >
--       1 if services, or parts of them, can match. Which service, and which instance of it, is not
--       decided here.
--     kind: integer
--     required: true
--   fits_unplaced:
--     is: >
--       1 if a service without instances and outside resource groups can match: any instance and any
--       resource group is accepted.
--     kind: integer
--     required: true
--   fits_management: {is: 1 if account management services can match., kind: integer, required: true}
-- rests_on: [policies, policy_values]
-- errs: >
--   The names that services use for their parts (bucket, path, namespace) are not evaluated: any
--   value can match, so access can be overstated.
-- notes: |
--   Services are of the serviceType service, account management services of platform_service, of
--   which some are in the service_group_id IAM. Account management knows no resource groups, regions
--   and access tags, not even any; the resourceType resource-group is the group itself, not what is
--   in it.
with valued as (
  select policy_values.*, policies.account_id as own_account
  from policy_values
  join policies on policies.id = policy_values.policy_id
  where policy_values.side <> 'source'
  order by policy_values.policy_id, policy_values.side, policy_values.position, policy_values.pattern
)
select
  policy_id,
  side,
  position,
  name,
  json_group_array(pattern),
  max(wants_absent),
  min(not is_any),
  side = 'target' and coalesce(name, '') not in (
    'accountId', 'serviceType', 'service_group_id', 'serviceName', 'serviceInstance',
    'resourceGroupId', 'region'
  ),
  coalesce(
    max(
      case name
        when 'accountId' then own_account glob pattern
        when 'serviceType' then 'service' glob pattern
        when 'service_group_id' then 0
        when 'resourceType' then is_any or wants_absent or not 'resource-group' glob pattern
        else pattern is not null or wants_absent
      end
    ),
    0
  ),
  coalesce(
    max(
      case name
        when 'accountId' then own_account glob pattern
        when 'serviceType' then 'service' glob pattern
        when 'service_group_id' then 0
        when 'serviceInstance' then is_any or wants_absent
        when 'resourceGroupId' then is_any or wants_absent
        when 'resourceType' then is_any or wants_absent or not 'resource-group' glob pattern
        when 'tag' then side <> 'tag'
        else pattern is not null or wants_absent
      end
    ),
    0
  ),
  coalesce(
    max(
      case name
        when 'accountId' then own_account glob pattern
        when 'serviceType' then 'platform_service' glob pattern
        when 'resourceGroupId' then wants_absent
        when 'region' then wants_absent
        when 'tag' then side <> 'tag'
        else pattern is not null or wants_absent
      end
    ),
    0
  )
from valued
group by policy_id, side, position
