-- title: Group policies without region or resource group
-- question: >
--   Which policies of access groups are limited to no region, no resource group and nothing
--   narrower?
-- category: Access groups
-- severity: medium
-- why: >
--   Such a policy reaches across the whole account. Limited means by a region, a resource group,
--   an instance, a single resource or another attribute that singles something out, or by access
--   tags; a kind of resource alone, "any", and patterns of nothing but wildcards limit nothing.
--   A condition of time or of resource names is shown but does not count as a limit. Account
--   management services have neither regions nor resource groups, so that every policy for them
--   is listed. Each policy is judged by itself.
-- remediation: >
--   Give the group policies that name the resource groups or regions it needs, with
--   ibmcloud iam access-group-policy-create GROUP --roles ROLES --resource-group-name NAME, then
--   delete this one with the command in its row. A policy that names account management services
--   cannot be limited so and has no command: give it to few, or acknowledge the row.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
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
  managing as materialized (
    select distinct policy_id from policy_account_services where reach <> 'everything'
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  summaries.name as access_group,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  summaries.members,
  1 as policies,
  policies.last_permit_at,
  iif(managing.policy_id is null, policy_remedies.delete_command, null) as command,
  policy_remedies.console,
  acknowledged.note as acknowledged,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from policies
join accounts on accounts.account_id = policies.account_id
join access_group_summaries as summaries on summaries.access_group_id = policies.access_group_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_remedies on policy_remedies.policy_id = policies.id
left join managing on managing.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'access_groups_without_region_resource_group_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
  and policies.state = 'active'
  and summaries.is_missing = 0
  and policies.id not in (select policy_id from limited)
order by account, policies.account_id, access_group, policies.access_group_id, policies.id
