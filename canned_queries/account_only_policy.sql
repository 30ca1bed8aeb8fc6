-- title: Policies whose only target is the account
-- question: Which policies and authorizations name no service, resource group, region, or tag?
-- category: Administrators
-- severity: high
-- why: >
--   The author of such a policy may have forgotten to limit it. It applies to every service, and
--   most likely to account management as well (IBM does not say so explicitly).
-- remediation: >
--   Assign a policy that names the service or the resource group, then delete this one with its
--   command.
-- notes: >
--   A service type, region, or instance that only has to exist ("any") limits nothing. Policies on
--   all services (serviceType service) state their scope and are in another report. Policies of
--   access groups that no longer exist are left out. A policy created by an enterprise template
--   has no command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
-- shown: [subject, holder, roles, condition, members, created_at, last_permit_at]
-- breakdown: {by: holder}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: holder
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: roles
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  iif(
    policies.type = 'authorization',
    'service',
    coalesce(identities.kind, 'access_group')
  ) as holder,
  descriptions.roles,
  descriptions.condition,
  groups.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = policies.access_group_id
  ) as public_access,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from policy_breadths
join policies on policies.id = policy_breadths.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join identities on identities.iam_id = policies.iam_id
left join access_group_summaries as groups on groups.access_group_id = policies.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'account_only_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policy_breadths.breadth = 'whole account'
  and coalesce(groups.is_missing, 0) = 0
order by account, policies.account_id, descriptions.subject, policies.id
