-- title: Policies covered by a broader policy
-- question: Which policies grant nothing that another policy of the same subject does not grant?
-- category: Policies
-- severity: low
-- why: >
--   Such policies count toward the account's limit, and if you narrow only one of the two
--   policies, the access does not change.
-- remediation: >
--   Compare the policy with the one that covers it (covered_by), then delete it with its command;
--   it can be restored for 10 days.
-- notes: >
--   Only certain cases are listed: the other policy belongs to the same identity or access group,
--   grants at least the same roles by name, requires nothing of the resource (attributes and
--   access tags) that this policy does not require in the same words, and has no condition or the
--   same one. Of two equal policies, the newer one is listed. The report does not check access
--   that an identity also has through an access group, roles that include one another, patterns
--   that match one another, services as part of all services, or public access. IBM Cloud might
--   record a use for either of the two policies. A policy created by an enterprise template has no
--   command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, target, roles, covered_by_target, covered_by_roles, redundant_because, condition]
-- breakdown: {by: redundant_because}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: redundant_because
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  granting as materialized (
    select
      id as policy_id,
      account_id,
      coalesce(access_group_id, iam_id) as subject,
      coalesce(rule, '') as rule,
      coalesce(created_at, '') as created_at
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
  ),
  pairs as materialized (
    select
      narrow.policy_id,
      wide.policy_id as covered_by,
      narrow.size - wide.size as dropped,
      wide.rule = '' and narrow.rule <> '' as without_rule,
      row_number() over (
        partition by narrow.policy_id
        order by wide.size, wide.rule <> '', wide.created_at, wide.policy_id
      ) as place
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
      and not exists (
        select 1
        from policy_roles as asked
        where asked.policy_id = narrow.policy_id
          and not exists (
            select 1
            from policy_roles as given
            where given.policy_id = wide.policy_id and given.role_id = asked.role_id
          )
      )
      -- Of policies that cover each other the oldest one stays.
      and (
        wide.size < narrow.size
        or wide.rule <> narrow.rule
        or exists (
          select 1
          from policy_roles as given
          where given.policy_id = wide.policy_id
            and not exists (
              select 1
              from policy_roles as asked
              where asked.policy_id = narrow.policy_id and asked.role_id = given.role_id
            )
        )
        or (wide.created_at, wide.policy_id) < (narrow.created_at, narrow.policy_id)
      )
  ),
  -- The texts are made once for both sides.
  texts as materialized (
    select policy_id, subject, target, roles, condition
    from policy_descriptions
    where policy_id in (select policy_id from pairs union all select covered_by from pairs)
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  wide.target as covered_by_target,
  wide.roles as covered_by_roles,
  case
    when pairs.dropped > 0 then 'a broader target'
    when pairs.without_rule then 'no condition'
    when wide.roles = descriptions.roles then 'the same again'
    else 'more roles'
  end as redundant_because,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  pairs.covered_by,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from pairs
join policies on policies.id = pairs.policy_id
join accounts on accounts.account_id = policies.account_id
join texts as descriptions on descriptions.policy_id = policies.id
join texts as wide on wide.policy_id = pairs.covered_by
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_redundant'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where pairs.place = 1
order by account, policies.account_id, descriptions.subject, policies.id
