-- title: >
--   The service instances and unlisted resources in each target of policies, by their numbers.
-- grain: one row for each target and instance
-- key: [target, instance]
-- by_key: true
-- columns:
--   target: {is: The target., kind: integer, references: targets, required: true}
--   instance: {is: The instance or resource., kind: integer, references: instance_facts, required: true}
-- rests_on:
--   [instance_facts, policy_demands, policy_services, policy_values, tag_attachments, targets]
-- errs: Same as the facts that it depends on.
-- notes: |
--   The view target_instances has the instances with IDs, which are long: here there can be hundreds
--   of thousands of pairs. An instance is in a target when every attribute holds for it; an attribute
--   that the target lacks limits nothing, one that it has twice must hold twice. Which services fit is
--   decided in policy_services. Comparisons are case-sensitive. Every access tag must be attached to
--   the instance. Policies reach instances of their own account only.
--
--   How it is quick: the narrowest thing that a target names finds candidates by an index (by a
--   pattern, as far as its first wildcard), then every other attribute is compared.
with
  -- What a target asks of a thing, beside what policy_services and policy_targets decide.
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
        when named.name = 'region' then 6
        else 9
      end as place
    from targets
    join policy_values as named on named.policy_id = targets.target_id
    where named.side = 'tag' or (
      named.side = 'target' and named.name in ('serviceInstance', 'resourceGroupId', 'region')
    )
    group by targets.number, named.side, named.position
    union all
    select distinct targets.number, targets.target_id, 'service', null, 5
    from targets
    join policy_demands as named on named.policy_id = targets.target_id
    where named.side = 'target' and named.name = 'serviceName'
  ),
  services as materialized (
    select demands.target, nullif(reached.service_name, '') as service_name
    from demands
    join policy_services as reached on reached.policy_id = demands.target_id
    where demands.side = 'service' and reached.service_type = 'service'
  ),
  tagged as materialized (
    select things.number as thing, things.account_id, attached.name
    from tag_attachments as attached
    join instance_facts as things on things.instance_id = attached.instance_id
    where attached.kind = 'access'
    union
    select things.number, things.account_id, attached.name
    from instance_facts as things
    join tag_attachments as attached on attached.crn = things.unlisted
    where attached.kind = 'access'
  ),
  -- A region beside the services narrows them in the same search.
  keys as materialized (
    select
      found.*,
      regions.position as region_position,
      -- Nothing but its key, or nothing at all.
      found.demands = (found.place < 9) + (regions.position is not null) as is_settled
    from (
      select
        targets.number as target,
        targets.target_id,
        targets.account_id,
        demands.side,
        demands.position,
        -- A region alone is no key.
        coalesce(nullif(min(demands.place), 6), 9) as place,
        count(demands.place) as demands
      from targets
      left join demands on demands.target = targets.number
      group by targets.number
    ) as found
    left join (
      select target, min(position) as position
      from demands
      where place = 6
      group by target
    ) as regions
      on regions.target = iif(found.place = 5, found.target, null)
  ),
  -- What the search by key does not settle, and the values of it of which one must fit.
  unsettled as materialized (
    select demands.*, row_number() over () as number
    from demands
    join keys on keys.target = demands.target
    where keys.place = 9 or (
      (demands.side, demands.position) is not (keys.side, keys.position)
      and not (demands.side = 'target' and demands.position is keys.region_position)
    )
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
      keys.target, keys.account_id, keys.place, keys.is_settled, named.value, named.pattern,
      named.beginning
    from keys
    join policy_values as named
      on named.policy_id = keys.target_id
      and named.side = keys.side
      and named.position = keys.position
    where keys.place < 5
  ),
  regions as materialized (
    select distinct keys.target, named.value
    from keys
    join policy_values as named
      on named.policy_id = keys.target_id
      and named.side = 'target'
      and named.position = keys.region_position
  ),
  candidates as (
    select named.target, named.is_settled, things.number as thing
    from named
    cross join instance_facts as things on things.guid = named.value
    where named.place = 1 and things.account_id = named.account_id
    union all
    select distinct named.target, named.is_settled, things.number
    from named
    cross join instance_facts as things
      on things.guid >= named.beginning
      and things.guid < named.beginning || char(1114111)
      and things.guid glob named.pattern
    where named.place = 2 and +things.account_id = named.account_id
    union all
    select distinct named.target, named.is_settled, tagged.thing
    from named
    cross join tagged on tagged.name = named.value and tagged.account_id = named.account_id
    where named.place = 3
    union all
    select named.target, named.is_settled, things.number
    from named
    cross join instance_facts as things on things.resource_group_id = named.value
    where named.place = 4 and things.account_id = named.account_id
    union all
    select keys.target, keys.is_settled, things.number
    from keys
    cross join services on services.target = keys.target
    cross join instance_facts as things
      on things.account_id = keys.account_id and things.service_name is services.service_name
    where keys.place = 5 and keys.region_position is null
    union all
    select keys.target, keys.is_settled, things.number
    from keys
    cross join services on services.target = keys.target
    cross join regions on regions.target = keys.target
    cross join instance_facts as things
      on things.account_id = keys.account_id
      and things.service_name is services.service_name
      and things.region = regions.value
    where keys.place = 5 and keys.region_position is not null
    union all
    select keys.target, keys.is_settled, things.number
    from keys
    cross join instance_facts as things on things.account_id = keys.account_id
    where keys.place = 9
  )
select candidates.target, candidates.thing
from candidates
where candidates.is_settled or not exists (
  select 1
  from unsettled as demands
  cross join instance_facts as things
  where demands.target = candidates.target
    and things.number = candidates.thing
    and not case demands.side
      when 'service' then exists (
        select 1
        from services
        where services.target = demands.target and services.service_name is things.service_name
      )
      when 'tag' then exists (
        select 1
        from offered as named
        join tagged on tagged.name glob named.pattern
        where named.number = demands.number and tagged.thing = things.number
      )
      else exists (
        select 1
        from offered as named
        where named.number = demands.number
          and iif(
            named.wants_absent,
            case named.name
              when 'serviceInstance' then things.guid
              when 'resourceGroupId' then coalesce(things.resource_group_id, things.unlisted)
              when 'region' then things.region
            end is null,
            case named.name
              when 'serviceInstance' then things.guid
              when 'resourceGroupId' then
                -- What is in no list is in some group, though it is not known in which.
                coalesce(things.resource_group_id, iif(things.unlisted is null, null, ''))
              when 'region' then things.region
            end glob named.pattern
          )
      )
    end
)
