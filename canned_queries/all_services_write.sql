-- title: Write access to all services
-- question: Who can change things in every service of the whole account?
-- category: Administrators
-- severity: high
-- why: >
--   Editor, Administrator, Writer, or Manager on all services reaches every instance, including
--   production, secrets, backups, and anything created later.
-- remediation: >
--   Assign the same roles on only the resource groups that are needed (--resource-group-name),
--   then delete this policy with its command.
-- notes: >
--   The breadth "whole account" means that the policy names nothing but the account.
--   Authorizations that let one service act on all others are listed as well. Only these four
--   roles are checked, not what the roles of individual services or custom roles allow. A policy
--   limited to a region, a resource group, or access tags does not cover everything and is left
--   out, as are policies of access groups that no longer exist. A policy created by an enterprise
--   template has no command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
-- shown: [subject, holder, roles, breadth, condition, members, last_permit_at]
-- breakdown: {by: roles}
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
  policy_breadths.breadth,
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
  on acknowledged.report = 'all_services_write'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policy_breadths.breadth in ('whole account', 'all services')
  and exists (
    select 1
    from policy_roles
    where policy_roles.policy_id = policies.id
      and (
        policy_roles.role_id glob '*:role:Administrator'
        or policy_roles.role_id glob '*:role:Editor'
        or policy_roles.role_id glob '*:serviceRole:Manager'
        or policy_roles.role_id glob '*:serviceRole:Writer'
      )
  )
  and coalesce(groups.is_missing, 0) = 0
order by account, policies.account_id, descriptions.subject, policies.id
