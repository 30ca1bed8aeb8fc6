-- title: Which target of policies has which service instances in it.
-- grain: one row for each target and instance
-- key: [target_id, instance_id]
-- columns:
--   target_id: {is: The target., references: policies, required: true}
--   instance_id: {is: The instance., references: resource_service_instances, required: true}
-- rests_on: [policy_targets, policy_values, resource_service_instances, tag_attachments]
-- errs: As what it rests on.
-- notes: |
--   An instance is in a target when every attribute holds for it; an attribute that the target lacks
--   limits nothing, one that it has twice must hold twice. Comparisons are case-sensitive. Every access
--   tag must be attached to the instance. Policies reach instances of their own account only.
--
--   How it is quick: the narrowest thing that a target names literally finds candidates by an index,
--   then every attribute is compared.
with
  targets as materialized (
    select distinct target_id, account_id from policy_targets
  ),
  demands as materialized (
    select
      targets.target_id,
      targets.account_id,
      named.side,
      named.position,
      case
        when min(named.operator = 'stringEquals') = 0 then 9
        when named.name = 'serviceInstance' then 1
        when named.side = 'tag' then 2
        when named.name = 'resourceGroupId' then 3
        when named.name = 'serviceName' then 4
        else 9
      end as place
    from targets
    join policy_values as named on named.policy_id = targets.target_id
    where named.side = 'tag' or (
      -- That account and kind of service fit is decided in policy_targets.
      named.side = 'target' and named.name in (
        'serviceName', 'serviceInstance', 'resourceGroupId', 'region'
      )
    )
    group by targets.target_id, named.side, named.position
  ),
  keys as materialized (
    select targets.target_id, targets.account_id, demands.side, demands.position,
      coalesce(min(demands.place), 9) as place
    from targets
    left join demands on demands.target_id = targets.target_id
    group by targets.target_id
  ),
  -- What the search by key does not settle.
  unsettled as materialized (
    select demands.*
    from demands
    join keys on keys.target_id = demands.target_id
    where keys.place = 9 or (demands.side, demands.position) is not (keys.side, keys.position)
  ),
  named as materialized (
    select keys.target_id, keys.account_id, keys.place, named.value
    from keys
    join policy_values as named
      on named.policy_id = keys.target_id
      and named.side = keys.side
      and named.position = keys.position
    where keys.place < 9
  ),
  candidates as materialized (
    select named.target_id, instances.id as instance_id
    from named
    cross join resource_service_instances as instances on instances.guid = named.value
    where named.place = 1 and instances.account_id = named.account_id
    union
    select named.target_id, attached.instance_id
    from named
    cross join tag_attachments as attached
      on attached.name = named.value and attached.kind = 'access'
    cross join resource_service_instances as instances
      on instances.id = attached.instance_id and instances.account_id = named.account_id
    where named.place = 2
    union
    select named.target_id, instances.id
    from named
    cross join resource_service_instances as instances
      on instances.resource_group_id = named.value
    where named.place = 3 and instances.account_id = named.account_id
    union
    select named.target_id, instances.id
    from named
    cross join resource_service_instances as instances
      on instances.account_id = named.account_id and instances.service_name = named.value
    where named.place = 4
    union all
    select keys.target_id, instances.id
    from keys
    cross join resource_service_instances as instances on instances.account_id = keys.account_id
    where keys.place = 9
  )
select candidates.target_id, candidates.instance_id
from candidates
cross join resource_service_instances as instances on instances.id = candidates.instance_id
where not exists (
  select 1
  from unsettled as demands
  where demands.target_id = candidates.target_id
    and not exists (
      select 1
      from policy_values as named
      where named.policy_id = demands.target_id
        and named.side = demands.side
        and named.position = demands.position
        and case named.name
          when 'tag' then exists (
            select 1
            from tag_attachments as attached
            where attached.instance_id = candidates.instance_id
              and attached.kind = 'access'
              and attached.name glob named.pattern
          )
          else iif(
            named.wants_absent,
            case named.name
              when 'serviceName' then nullif(instances.service_name, '')
              when 'serviceInstance' then nullif(instances.guid, '')
              when 'resourceGroupId' then instances.resource_group_id
              when 'region' then nullif(instances.region_id, '')
            end is null,
            case named.name
              when 'serviceName' then nullif(instances.service_name, '')
              when 'serviceInstance' then nullif(instances.guid, '')
              when 'resourceGroupId' then instances.resource_group_id
              when 'region' then nullif(instances.region_id, '')
            end glob named.pattern
          )
        end
    )
)
