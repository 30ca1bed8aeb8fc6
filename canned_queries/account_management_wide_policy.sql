-- title: Roles on all account management services
-- question: Who has a role on all account management services at once?
-- category: Administrators
-- severity: high
-- why: >
--   Administrator on all account management services (users, access groups, identities, roles,
--   billing, and whatever IBM adds later) lets its holder grant themselves any access. Editor lets
--   its holder bring others in.
-- remediation: >
--   Assign a policy for each service that is needed (for example, --service-name iam-groups), then
--   delete this one with its command.
-- notes: >
--   An auditor's Viewer role is listed as well: it changes nothing, but it can view everything.
--   Policies whose only target is the account are in a separate report. The role belongs to
--   whoever is in the access group or can assume the trusted profile. Policies of access groups
--   that no longer exist are left out. A policy created by an enterprise template has no command:
--   change it in the template.
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
  on acknowledged.report = 'account_management_wide_policy'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policy_breadths.type = 'access'
  and policy_breadths.breadth = 'all account management services'
  and coalesce(groups.is_missing, 0) = 0
order by account, policies.account_id, descriptions.subject, policies.id
