-- title: Access group policies that name no service
-- question: Which access group policies name neither a service nor a service type?
-- category: Access groups
-- severity: medium
-- why: >
--   Such a policy covers every service in its resource group or region, including services added
--   later. If its only target is the account, it covers everything.
-- remediation: >
--   Give the group a policy for each service it needs, with ibmcloud iam
--   access-group-policy-create GROUP --roles ROLES --service-name SERVICE. Then delete this policy
--   with its command.
-- notes: >
--   Each policy is judged on its own, even if the group also has a narrower one. A policy for the
--   group of IAM account management services names services and is not listed. "any" and patterns
--   made only of wildcards name no service.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [access_group, target, roles, condition, members, public_access, last_permit_at]
-- breakdown: {by: roles}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: access_group
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with services as (
  -- Attributes of which every value names something, however many values the list has.
  select policy_id
  from policy_values
  where side = 'target' and name in ('serviceName', 'serviceType', 'service_group_id')
  group by policy_id, position
  having min(operator in ('stringEquals', 'stringMatch') and trim(value, '*?') <> '') = 1
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
  on acknowledged.report = 'access_groups_without_service_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
  and summaries.is_missing = 0
  and policies.id not in (select policy_id from services)
order by account, policies.account_id, access_group, policies.access_group_id, policies.id
