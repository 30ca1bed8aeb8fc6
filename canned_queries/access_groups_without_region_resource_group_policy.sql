-- title: Access group policies without a region or resource group
-- question: >
--   Which access group policies are not limited to a region, a resource group, or anything
--   narrower?
-- category: Access groups
-- severity: medium
-- why: >
--   Such a policy applies across the whole account.
-- remediation: >
--   Give the group policies for only the resource groups or regions it needs, with ibmcloud iam
--   access-group-policy-create GROUP --roles ROLES --resource-group-name NAME. Then delete this
--   policy with its command.
-- notes: >
--   A policy is limited if it names a region, a resource group, an instance, a single resource, or
--   another attribute that singles something out, or if it uses access tags. A resource type
--   alone, "any", and patterns made only of wildcards limit nothing. A condition on time or on
--   resource names is shown, but does not count as a limit. Policies that cannot be limited this
--   way are left out: those for account management services only, and those for services of which
--   nothing known in the account has a region or a resource group. Each policy is judged on its
--   own.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [access_group, target, roles, condition, members, public_access, last_permit_at]
-- breakdown: {by: access_group}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: access_group
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  limited as (
    -- Attributes of which every value singles something out, however many values the list has. An
    -- operator that is not known limits nothing: rather a row too many here.
    select policy_id
    from policy_values
    where side = 'target'
      and name not in (
        'accountId', 'serviceType', 'service_group_id', 'serviceName', 'resourceType'
      )
    group by policy_id, position
    having min(operator in ('stringEquals', 'stringMatch') and trim(value, '*?') <> '') = 1
    union
    select policy_id
    from policy_resource_tags
  ),
  -- Services that have neither regions nor resource groups, as far as the file knows them.
  placeless as materialized (
    -- As text, like the values that it is compared with: else no index finds it.
    select accounts.account_id, cast(account_services.service_name as text) as service_name
    from accounts
    cross join account_services
    union
    select account_id, service_name
    from (
      select account_id, service_name, region_id, resource_group_id
      from resource_service_instances
      union all
      select account_id, service_name, region_id, resource_group_id
      from resources
    )
    group by account_id, service_name
    having coalesce(max(resource_group_id), '') = ''
      and max(coalesce(region_id, '') not in ('', 'global')) = 0
  ),
  -- Attributes of which every value names nothing but such services.
  unlimitable as (
    select policy_values.policy_id
    from policy_values
    join policies on policies.id = policy_values.policy_id
    left join placeless
      on placeless.service_name = policy_values.value
      and placeless.account_id = policies.account_id
    where policy_values.side = 'target'
      and policy_values.name in ('serviceType', 'service_group_id', 'serviceName')
    group by policy_values.policy_id, policy_values.position
    having min(
      policy_values.operator = 'stringEquals'
      and case policy_values.name
        when 'serviceType' then policy_values.value = 'platform_service'
        when 'serviceName' then placeless.service_name is not null
        else true
      end
    )
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  summaries.name as access_group,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  summaries.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = policies.access_group_id
  ) as public_access,
  1 as policies,
  policies.last_permit_at,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from granting_policies as policies
join accounts on accounts.account_id = policies.account_id
join access_group_summaries as summaries on summaries.access_group_id = policies.access_group_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'access_groups_without_region_resource_group_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
  and summaries.is_missing = 0
  and policies.id not in (select policy_id from limited)
  and policies.id not in (select policy_id from unlimitable)
order by account, policies.account_id, access_group, policies.access_group_id, policies.id
