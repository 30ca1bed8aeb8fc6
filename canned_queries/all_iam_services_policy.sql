-- title: Roles on all IAM account management services
-- question: Who has a role on all IAM account management services at once?
-- category: Administrators
-- severity: high
-- why: >
--   These services control access. Administrator on all of them lets its holder grant themselves
--   any access in the account, and Editor lets its holder join access groups.
-- remediation: >
--   Assign a policy for the one service that is needed (iam-groups, iam-identity, user-management,
--   or iam-access-management), then delete this one with its command.
-- notes: >
--   The services cover users, access groups, identities, policies, and roles. A read-only role is
--   listed as well. The role belongs to whoever is in the access group or can assume the trusted
--   profile. Policies of access groups that no longer exist are left out. A policy created by an
--   enterprise template has no command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Assigning access to account management services"
-- shown: [subject, holder, roles, condition, members, created_at, last_permit_at]
-- breakdown: {by: roles}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: roles
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: holder
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  coalesce(identities.kind, 'access_group') as holder,
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
  on acknowledged.report = 'all_iam_services_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policy_breadths.type = 'access'
  and policy_breadths.breadth = 'all IAM services'
  and coalesce(groups.is_missing, 0) = 0
order by account, policies.account_id, descriptions.subject, policies.id
