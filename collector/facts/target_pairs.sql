-- title: Which target of policies has which service instances in it, by their numbers.
-- grain: one row for each target and instance
-- key: [target, instance]
-- by_key: true
-- columns:
--   target: {is: The target., kind: integer, references: targets, required: true}
--   instance: {is: The instance., kind: integer, references: instance_facts, required: true}
-- rests_on: [instance_facts, policy_values, tag_attachments, targets]
-- errs: Same as the facts that it depends on.
-- notes: |
--   The view target_instances has the same with IDs, which are long: here there can be hundreds of
--   thousands of pairs. An instance is in a target when every attribute holds for it; an attribute
--   that the target lacks limits nothing, one that it has twice must hold twice. Comparisons are
--   case-sensitive. Every access tag must be attached to the instance. Policies reach instances of
--   their own account only.
--
--   How it is quick: the narrowest thing that a target names finds candidates by an index (by a
--   pattern, as far as its first wildcard), then every other attribute is compared.
with
  demands as materialized (
    select
      targets.number as target,
      targets.target_id,
      named.side,
      named.position,
      case
        when named.name = 'serviceInstance' and min(named.beginning <> '') then
          iif(min(named.operator = 'stringEquals'), 1, 2)
        when min(named.operator = 'stringEquals') = 0 then 9
        when named.side = 'tag' then 3
        when named.name = 'resourceGroupId' then 4
        when named.name = 'serviceName' then 5
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
    group by targets.number, named.side, named.position
  ),
  keys as materialized (
    select
      targets.number as target,
      targets.target_id,
      targets.account_id,
      demands.side,
      demands.position,
      coalesce(min(demands.place), 9) as place
    from targets
    left join demands on demands.target = targets.number
    group by targets.number
  ),
  -- What the search by key does not settle, and the values of it of which one must fit.
  unsettled as materialized (
    select demands.*, row_number() over () as number
    from demands
    join keys on keys.target = demands.target
    where keys.place = 9 or (demands.side, demands.position) is not (keys.side, keys.position)
  ),
  offered as materialized (
    select unsettled.number, named.name, named.pattern, named.wants_absent
    from unsettled
    join policy_values as named
      on named.policy_id = unsettled.target_id
      and named.side = unsettled.side
      and named.position = unsettled.position
  ),
  named as materialized (
    select distinct
      keys.target, keys.account_id, keys.place, named.value, named.pattern, named.beginning
    from keys
    join policy_values as named
      on named.policy_id = keys.target_id
      and named.side = keys.side
      and named.position = keys.position
    where keys.place < 9
  ),
  candidates as (
    select named.target, instances.number as instance
    from named
    cross join instance_facts as instances on instances.guid = named.value
    where named.place = 1 and instances.account_id = named.account_id
    union all
    select distinct named.target, instances.number
    from named
    cross join instance_facts as instances
      on instances.guid >= named.beginning
      and instances.guid < named.beginning || char(1114111)
      and instances.guid glob named.pattern
    where named.place = 2 and +instances.account_id = named.account_id
    union all
    select distinct named.target, instances.number
    from named
    cross join tag_attachments as attached
      on attached.name = named.value and attached.kind = 'access'
    cross join instance_facts as instances
      on instances.instance_id = attached.instance_id
      and instances.account_id = named.account_id
    where named.place = 3
    union all
    select named.target, instances.number
    from named
    cross join instance_facts as instances on instances.resource_group_id = named.value
    where named.place = 4 and instances.account_id = named.account_id
    union all
    select named.target, instances.number
    from named
    cross join instance_facts as instances
      on instances.account_id = named.account_id and instances.service_name = named.value
    where named.place = 5
    union all
    select keys.target, instances.number
    from keys
    cross join instance_facts as instances on instances.account_id = keys.account_id
    where keys.place = 9
  )
select candidates.target, candidates.instance
from candidates
cross join instance_facts as instances on instances.number = candidates.instance
where not exists (
  select 1
  from unsettled as demands
  where demands.target = candidates.target
    and not exists (
      select 1
      from offered as named
      where named.number = demands.number
        and case
          when named.name = 'tag' then exists (
            select 1
            from tag_attachments as attached
            where attached.instance_id = instances.instance_id
              and attached.kind = 'access'
              and attached.name glob named.pattern
          )
          when named.wants_absent then
            case named.name
              when 'serviceName' then instances.service_name
              when 'serviceInstance' then instances.guid
              when 'resourceGroupId' then instances.resource_group_id
              when 'region' then instances.region
            end is null
          else
            case named.name
              when 'serviceName' then instances.service_name
              when 'serviceInstance' then instances.guid
              when 'resourceGroupId' then instances.resource_group_id
              when 'region' then instances.region
            end glob named.pattern
        end
    )
)
