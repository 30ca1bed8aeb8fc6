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
--   that match one another, services as part of all services, public access, or policies with more
--   than eight attributes. IBM Cloud might record a use for either of the two policies. A policy
--   created by an enterprise template has no command: change it in the template.
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
with recursive
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
  -- What each policy asks for; its own account, which all name, left out.
  demands as materialized (
    select
      attributes.policy_id,
      json_array(attributes.name, coalesce(attributes.operator, 'stringEquals'), attributes.value)
        as demand,
      -- Broader policies on resources in a group or account say nothing about the group itself,
      -- nor, as far as is certain, about account management.
      exists (
        select 1
        from policy_values as named
        where named.policy_id = attributes.policy_id
          and named.side = 'target'
          and named.position = attributes.position
          and case named.name
            when 'resourceType' then 'resource-group' glob named.pattern
            when 'service_group_id' then true
            when 'serviceType' then named.value is not 'service'
            when 'serviceName' then
              exists (select 1 from account_services where service_name glob named.pattern)
          end
      ) as must_stay
    from candidates
    join policy_resource_attributes as attributes on attributes.policy_id = candidates.policy_id
    where not (
      attributes.name = 'accountId'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value = candidates.account_id
    )
    union
    select
      tags.policy_id,
      json_array('tag', tags.name, coalesce(tags.operator, 'stringEquals'), tags.value),
      0
    from candidates
    join policy_resource_tags as tags on tags.policy_id = candidates.policy_id
  ),
  numbered as materialized (
    select
      policy_id,
      demand,
      must_stay,
      row_number() over (partition by policy_id order by demand) as number
    from demands
  ),
  sizes as materialized (
    select
      candidates.*,
      coalesce(targets.size, 0) as size,
      coalesce(targets.target, '') as target
    from candidates
    left join (
      select policy_id, count(*) as size, group_concat(demand, '') as target
      from (select * from numbered order by policy_id, number)
      group by policy_id
    ) as targets on targets.policy_id = candidates.policy_id
    where coalesce(targets.size, 0) <= 8
  ),
  -- Every way to drop demands of a policy: what a policy that covers it may look like.
  broader as (
    select policy_id, size, 0 as number, '' as target, 0 as kept
    from sizes
    union all
    select
      broader.policy_id,
      broader.size,
      numbered.number,
      broader.target || iif(keeps.keep, numbered.demand, ''),
      broader.kept + keeps.keep
    from broader
    join numbered
      on numbered.policy_id = broader.policy_id and numbered.number = broader.number + 1
    join (select 0 as keep union all select 1) as keeps
      on keeps.keep = 1 or numbered.must_stay = 0
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
    join sizes as narrow on narrow.policy_id = broader.policy_id
    join sizes as wide
      on wide.target = broader.target
      and wide.subject = narrow.subject
      and wide.account_id = narrow.account_id
    where broader.number = broader.size
      and wide.policy_id <> narrow.policy_id
      and wide.rule in ('', narrow.rule)
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
  policy_remediations.delete_command as command,
  policy_remediations.console,
  policy_remediations.remark,
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
join policy_remediations on policy_remediations.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_redundant'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where pairs.place = 1
order by account, policies.account_id, descriptions.subject, policies.id
