-- title: Whether each active access policy is to be kept, narrowed, split, or deleted, and why.
-- grain: one row for each active access policy
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   recommendation: {is: "keep, narrow, split, or delete.", required: true}
--   reason: >
--     Of delete: expired, no subject, empty group, nothing left, covered, or unused. Of narrow: roles
--     covered, names gone, or both. Of split: few services. Of keep: used, too young, public access,
--     or not known.
--   is_used:
--     is: >
--       1 if it permitted something within the period; empty if the policies were not read in full.
--     kind: integer
--   stands_in: {is: "1 if what is deleted or narrowed rests on this policy, so it stays as it is.", kind: integer, required: true}
--   stand_ins: {is: "Policies that grant what goes, as a JSON list; empty if none do.", kind: json}
--   roles: {is: "Roles that go, if some stay, as a JSON list of their IDs.", kind: json}
--   services: {is: "The services that it is split into, as a JSON list.", kind: json}
--   identities: {is: How many identities hold it; empty if it is kept., kind: integer}
--   targets:
--     is: >
--       How many service instances and account management services it reaches; empty if it is kept.
--     kind: integer
--   access_rows:
--     is: >
--       How many rows of access (identity, role, and target) go with it, although other policies
--       might give the same; empty if it is kept.
--     kind: integer
-- facets: [recommendation, reason]
-- rests_on:
--   [absent_identities, access_group_members, access_group_rules, access_group_summaries,
--   access_groups, collected_parts, complete_lists, instance_facts, missing_values, policies,
--   policy_breadths, policy_conditions, policy_resource_attributes, policy_roles, policy_services,
--   policy_targets, target_pairs, targets, wider_policies]
-- errs: >
--   IBM Cloud records the last use of a policy with delay, and not of its single members and roles.
--   Where in doubt a policy is kept. What the token may not view looks as if it did not exist.
-- notes: |
--   The period is 90 days before the policies were read, as in the report policy_stale. What permitted
--   something within it goes only if policies of the same holder that stay give all of it, in
--   wider_policies' sense, or if its condition expired after that. All of the recommendations can be
--   followed together: what another one rests on has no other behind it that goes, and is not split.
with
  period as (select 90 as days, 10 as most_services),
  judged as materialized (
    select
      policies.*,
      read.read_at,
      coalesce(julianday(read.read_at) - julianday(policies.last_permit_at) < period.days, 0)
        as is_used,
      coalesce(
        julianday(read.read_at)
          - max(
            julianday(policies.created_at),
            julianday(coalesce(policies.last_modified_at, policies.created_at))
          )
          >= period.days,
        0
      ) as is_old,
      coalesce(access_groups.is_public, 0) as is_public,
      conditions.has_ended,
      conditions.has_ended
        and coalesce(julianday(policies.last_permit_at) < julianday(conditions.ends_at), 1)
        as is_over
    from policies
    cross join period
    join collected_parts as read
      on read.account_id = policies.account_id
      and read.part = 'policies'
      and read.status = 'ok'
      and coalesce(read.lacks, '') not like '%policies.last_permit_at%'
    left join access_groups on access_groups.id = policies.access_group_id
    left join policy_conditions as conditions on conditions.policy_id = policies.id
    where policies.type = 'access' and policies.state = 'active'
  ),
  goes as materialized (
    select policy_id, reason
    from (
      select
        id as policy_id,
        case
          when is_over then 'expired'
          when is_used or is_public then null
          when id in (select policy_id from policies_without_subject) then 'no subject'
          when access_group_id in (select id from empty_groups) then 'empty group'
          when id in (select policy_id from missing_values where side = 'target' and is_all)
            then 'nothing left'
          when is_old then 'unused'
        end as reason
      from judged
    )
    where reason is not null
  ),
  -- Among those that are equally wide, the one with most roles stays, or else the one used last.
  ranks as materialized (
    select
      judged.id as policy_id,
      row_number() over (
        order by
          (select count(*) from policy_roles where policy_roles.policy_id = judged.id) desc,
          coalesce(judged.last_permit_at, '') desc,
          coalesce(judged.created_at, ''),
          judged.id
      ) as rank
    from judged
    where judged.id in (select policy_id from wider_policies)
      or judged.id in (select wider_id from wider_policies)
  ),
  wider as materialized (
    select pairs.policy_id, pairs.wider_id, wide.rank
    from wider_policies as pairs
    join ranks as narrow on narrow.policy_id = pairs.policy_id
    join ranks as wide on wide.policy_id = pairs.wider_id
    where (pairs.dropped > 0 or pairs.without_rule or wide.rank < narrow.rank)
      and pairs.policy_id not in (select policy_id from goes)
      and pairs.wider_id not in (select policy_id from goes)
  ),
  -- Role by role: a policy can be covered by several that each have one of its roles.
  covered as materialized (
    select asked.policy_id, asked.role_id, wider.wider_id, wider.rank
    from wider
    join policy_roles as asked on asked.policy_id = wider.policy_id
    join policy_roles as given
      on given.policy_id = wider.wider_id and given.role_id = asked.role_id
  ),
  covered_roles as materialized (
    select distinct policy_id, role_id from covered
  ),
  -- Of those that cover a role, only some that are not covered themselves: these stay.
  resting as materialized (
    select covered.policy_id, covered.role_id, covered.wider_id as stand_in, min(covered.rank)
    from covered
    left join covered_roles as others
      on others.policy_id = covered.wider_id and others.role_id = covered.role_id
    where others.policy_id is null
    group by covered.policy_id, covered.role_id
  ),
  counted as materialized (
    select
      policy_id,
      count(*) as roles,
      count(*) = (
        select count(*) from policy_roles where policy_roles.policy_id = resting.policy_id
      ) as is_all,
      json_group_array(role_id) as role_ids,
      (
        select json_group_array(stand_in)
        from (
          select distinct stand_in
          from resting as others
          where others.policy_id = resting.policy_id
          order by stand_in
        )
      ) as stand_ins
    from (select * from resting order by policy_id, role_id) as resting
    group by policy_id
  ),
  -- Lists that name things that are gone beside others that are not; patterns may match again.
  lists as materialized (
    select distinct missing.policy_id
    from missing_values as missing
    join policy_resource_attributes as attributes
      on attributes.policy_id = missing.policy_id and attributes.position = missing.position
    where missing.side = 'target'
      and missing.operator = 'stringEquals'
      and not missing.is_all
      and attributes.operator = 'stringEqualsAnyOf'
  ),
  unnamed as materialized (
    select judged.id as policy_id
    from judged
    join policy_breadths as breadths on breadths.policy_id = judged.id
    where breadths.breadth in (
        'whole account', 'all services', 'resource group', 'region', 'access tags'
      )
      and not judged.is_public
      and judged.id not in (select policy_id from goes)
      and judged.id not in (select policy_id from counted)
      and judged.id not in (select policy_id from lists)
      and judged.id not in (select stand_in from resting)
      and exists (
        select 1
        from policy_services as reached
        where reached.policy_id = judged.id
          and reached.service_type = 'service'
          and reached.reach in ('everything', 'all_services')
      )
  ),
  -- Policies share targets; things in no list count as well, so that none of them is lost.
  services as materialized (
    select target, json_group_array(service_name) as services, count(*) as number
    from (
      select distinct pairs.target, things.service_name
      from (
        select distinct targets.number
        from unnamed
        join policy_targets on policy_targets.policy_id = unnamed.policy_id
        join targets on targets.target_id = policy_targets.target_id
      ) as wanted
      cross join target_pairs as pairs on pairs.target = wanted.number
      join instance_facts as things on things.number = pairs.instance
      order by pairs.target, things.service_name
    )
    group by target
    having count(*) = count(service_name)
      and max(service_name in (select service_name from account_services)) = 0
  ),
  split as materialized (
    select unnamed.policy_id, services.services
    from unnamed
    cross join period
    join policy_targets on policy_targets.policy_id = unnamed.policy_id
    join targets on targets.target_id = policy_targets.target_id
    join services on services.target = targets.number
    where services.number <= period.most_services
  ),
  recommended as materialized (
    select
      judged.*,
      case
        when goes.policy_id is not null or counted.is_all then 'delete'
        when counted.policy_id is not null or lists.policy_id is not null then 'narrow'
        when split.policy_id is not null then 'split'
        else 'keep'
      end as recommendation,
      case
        when goes.reason is not null then goes.reason
        when counted.is_all then 'covered'
        when counted.policy_id is not null and lists.policy_id is not null
          then 'roles covered and names gone'
        when counted.policy_id is not null then 'roles covered'
        when lists.policy_id is not null then 'names gone'
        when split.policy_id is not null then 'few services'
        when judged.is_used then 'used'
        when judged.is_public then 'public access'
        else 'too young'
      end as reason,
      counted.stand_ins,
      iif(counted.is_all, null, counted.role_ids) as role_ids,
      iif(counted.is_all, null, counted.roles) as some_roles,
      split.services
    from judged
    left join goes on goes.policy_id = judged.id
    left join counted on counted.policy_id = judged.id
    left join lists on lists.policy_id = judged.id
    left join split on split.policy_id = judged.id
  ),
  -- What is in no list of instances has the last numbers.
  last as materialized (
    select max(number) as instance from instance_facts where instance_id is not null
  ),
  instances as materialized (
    select wanted.number as target, count(*) as number
    from (
      select distinct targets.number
      from recommended
      join policy_targets on policy_targets.policy_id = recommended.id
      join targets on targets.target_id = policy_targets.target_id
      where recommended.recommendation <> 'keep'
    ) as wanted
    cross join last
    cross join target_pairs as pairs
      on pairs.target = wanted.number and pairs.instance <= last.instance
    group by wanted.number
  ),
  sized as (
    select
      recommended.*,
      coalesce(groups.identities, recommended.iam_id is not null) as identities,
      coalesce(instances.number, 0) + (
        select count(*)
        from policy_services as reached
        where reached.policy_id = recommended.id and reached.service_type = 'platform_service'
      ) as targets,
      case recommended.recommendation
        when 'delete' then (
          select count(*) from policy_roles where policy_roles.policy_id = recommended.id
        )
        when 'narrow' then coalesce(recommended.some_roles, 0)
        else 0
      end as roles_gone
    from recommended
    left join access_group_summaries as groups
      on groups.access_group_id = recommended.access_group_id
    left join policy_targets on policy_targets.policy_id = recommended.id
    left join targets on targets.target_id = policy_targets.target_id
    left join instances on instances.target = targets.number
    where recommended.recommendation <> 'keep'
  )
select
  policies.id,
  coalesce(recommended.recommendation, 'keep'),
  coalesce(recommended.reason, 'not known'),
  recommended.is_used,
  policies.id in (select stand_in from resting),
  recommended.stand_ins,
  recommended.role_ids,
  recommended.services,
  sized.identities,
  sized.targets,
  sized.identities * sized.targets * sized.roles_gone
from policies
left join recommended on recommended.id = policies.id
left join sized on sized.id = policies.id
where policies.type = 'access' and policies.state = 'active'
