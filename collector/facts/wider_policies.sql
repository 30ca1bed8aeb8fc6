-- title: Policies of the same holder of which one applies to everything that the other applies to.
-- grain: one row for each policy and each other policy of its holder that is as wide or wider
-- key: [policy_id, wider_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   wider_id: {is: "The policy that is as wide or wider, and has a role of it.", references: policies, required: true}
--   dropped: {is: How many of its requirements the wider policy does not make., kind: integer, required: true}
--   without_rule: {is: "1 if it has a condition, and the wider policy has none.", kind: integer, required: true}
-- rests_on:
--   [access_groups, policies, policy_conditions, policy_demands, policy_resource_attributes,
--   policy_resource_tags, policy_roles]
-- errs: >
--   Policies are compared as they are worded: a pair is missing if the wider one is worded otherwise,
--   such as by a pattern that matches what the other one names.
-- notes: |
--   Where neither dropped nor without_rule is set, both are equally wide, and each has a row with the
--   other. What is compared, and what is left out, is in the notes of the report policy_redundant.
with
  granting as materialized (
    select
      id as policy_id,
      account_id,
      coalesce(access_group_id, iam_id) as subject,
      coalesce(rule, '') as rule
    from granting_policies as policies
    where type = 'access'
      and coalesce(access_group_id, iam_id) is not null
      and id in (select policy_id from policy_roles)
      -- For whoever has no login only policies on single buckets count.
      and coalesce(access_group_id, '') not in (
        select access_groups.id from access_groups where access_groups.is_public = 1
      )
  ),
  -- Only subjects with several policies can have a policy twice.
  candidates as materialized (
    select granting.*
    from granting
    join (
      select account_id, subject
      from granting
      group by account_id, subject
      having count(*) > 1
    ) as several
      on several.account_id = granting.account_id and several.subject = granting.subject
  ),
  -- Wordings of which a broader policy says nothing for certain: those on resources in a group say
  -- nothing about the group itself, nor, as far as is known, others about account management.
  certain as materialized (
    select
      name,
      patterns,
      name = 'service_group_id'
        or exists (
          select 1
          from json_each(wordings.patterns) as each
          where case wordings.name
            when 'resourceType' then 'resource-group' glob each.value
            when 'serviceType' then each.value is not 'service'
            else exists (select 1 from account_services where service_name glob each.value)
          end
        ) as must_stay
    from (
      select distinct name, patterns
      from policy_demands
      where side = 'target'
        and name in ('resourceType', 'service_group_id', 'serviceType', 'serviceName')
    ) as wordings
  ),
  -- What each policy asks for; its own account, which all name, left out.
  demands as materialized (
    select
      candidates.account_id,
      candidates.subject,
      attributes.policy_id,
      json_array(attributes.name, coalesce(attributes.operator, 'stringEquals'), attributes.value)
        as demand,
      coalesce(certain.must_stay, 0) as must_stay
    from candidates
    join policy_resource_attributes as attributes on attributes.policy_id = candidates.policy_id
    join policy_demands as asked
      on asked.policy_id = attributes.policy_id
      and asked.side = 'target'
      and asked.position = attributes.position
    left join certain on certain.name = asked.name and certain.patterns = asked.patterns
    where not (
      attributes.name = 'accountId'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value = candidates.account_id
    )
    union
    select
      candidates.account_id,
      candidates.subject,
      tags.policy_id,
      json_array('tag', tags.name, coalesce(tags.operator, 'stringEquals'), tags.value),
      0
    from candidates
    join policy_resource_tags as tags on tags.policy_id = candidates.policy_id
  ),
  sizes as materialized (
    select
      candidates.*,
      coalesce(counted.size, 0) as size
    from candidates
    left join (select policy_id, count(*) as size from demands group by policy_id) as counted
      on counted.policy_id = candidates.policy_id
  ),
  -- Whatever covers a policy asks for nothing that the policy does not ask for: of what it asks, what
  -- fewest policies of the subject ask finds those that it may cover.
  rarest as materialized (
    select demands.policy_id, demands.account_id, demands.subject, demands.demand, min(shared.policies)
    from demands
    join (
      select account_id, subject, demand, count(*) as policies
      from demands
      group by account_id, subject, demand
    ) as shared
      on shared.account_id = demands.account_id
      and shared.subject = demands.subject
      and shared.demand = demands.demand
    group by demands.policy_id
  ),
  broader as materialized (
    select demands.policy_id, rarest.policy_id as covered_by
    from rarest
    join demands
      on demands.account_id = rarest.account_id
      and demands.subject = rarest.subject
      and demands.demand = rarest.demand
    where demands.policy_id <> rarest.policy_id
    union all
    select narrow.policy_id, wide.policy_id
    from sizes as wide
    join sizes as narrow
      on narrow.account_id = wide.account_id and narrow.subject = wide.subject
    where wide.size = 0 and narrow.policy_id <> wide.policy_id
  )
select
  narrow.policy_id,
  wide.policy_id,
  narrow.size - wide.size,
  wide.rule = '' and narrow.rule <> ''
from broader
cross join sizes as narrow on narrow.policy_id = broader.policy_id
cross join sizes as wide on wide.policy_id = broader.covered_by
where wide.size <= narrow.size
  and wide.rule in ('', narrow.rule)
  and not exists (
    select 1
    from demands
    where demands.policy_id = wide.policy_id
      and not exists (
        select 1
        from demands as others
        where others.policy_id = narrow.policy_id and others.demand = demands.demand
      )
  )
  and not exists (
    select 1
    from demands
    where demands.policy_id = narrow.policy_id
      and demands.must_stay
      and not exists (
        select 1
        from demands as others
        where others.policy_id = wide.policy_id and others.demand = demands.demand
      )
  )
  and exists (
    select 1
    from policy_roles as asked
    join policy_roles as given on given.policy_id = wide.policy_id
    where asked.policy_id = narrow.policy_id and asked.role_id = given.role_id
  )
