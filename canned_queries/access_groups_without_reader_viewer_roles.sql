-- title: Access groups without a read-only role
-- question: Which access groups have policies, but none with a read-only role?
-- category: Access groups
-- severity: low
-- why: >
--   If a group grants only roles that can change things, people who just need to look get more
--   access than they need.
-- remediation: >
--   Create a separate group for read-only access with ibmcloud iam access-group-policy-create
--   GROUP --roles Viewer,Reader --service-name SERVICE. If nobody needs only to look, acknowledge
--   the row.
-- notes: >
--   Roles do not include one another: Editor, for example, does not include the right to read
--   access policies. The roles that count as read-only are Viewer, Reader, and a service's own
--   roles named that way, such as ContentReader, SecretsReader, or ReaderPlus. A custom role never
--   counts, whatever its name. The rows have no command, because only you know which group and
--   which service.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [access_group, roles, policies, members, public_access]
-- breakdown: {by: roles}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: access_group
--   x_type: nominal
--   y_column: members
--   y_type: quantitative
--   color_column: roles
with
  grants as (
    select
      policies.account_id,
      policies.access_group_id,
      policies.id as policy_id,
      policy_roles.role_id,
      coalesce(roles.display_name, policy_roles.display_name, policy_roles.role_id) as role,
      policy_roles.role_id glob '*:role:*Viewer'
        or policy_roles.role_id glob '*:role:*Reader'
        or policy_roles.role_id glob '*:serviceRole:*Viewer'
        or policy_roles.role_id glob '*:serviceRole:*Reader'
        or policy_roles.role_id glob '*:serviceRole:ReaderPlus' as only_reads
    from granting_policies as policies
    left join policy_roles on policy_roles.policy_id = policies.id
    left join roles on roles.role_id = policy_roles.role_id
    where policies.type = 'access'
      and policies.access_group_id is not null
  ),
  writing_groups as (
    select
      account_id,
      access_group_id,
      count(distinct policy_id) as policies,
      group_concat(distinct role) as roles
    from (select * from grants order by role)
    group by account_id, access_group_id
    having coalesce(max(only_reads), 0) = 0
  )
select
  coalesce(accounts.name, writing_groups.account_id) as account,
  summaries.name as access_group,
  replace(writing_groups.roles, ',', ', ') as roles,
  writing_groups.policies,
  summaries.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = writing_groups.access_group_id
  ) as public_access,
  null as command,
  access_group_arguments.console,
  acknowledged.note as acknowledged,
  writing_groups.access_group_id,
  writing_groups.account_id,
  count(*) over () as report_rows
from writing_groups
join accounts on accounts.account_id = writing_groups.account_id
join access_group_summaries as summaries
  on summaries.access_group_id = writing_groups.access_group_id
left join access_group_arguments
  on access_group_arguments.access_group_id = writing_groups.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'access_groups_without_reader_viewer_roles'
  and acknowledged.account_id = writing_groups.account_id
  and acknowledged.finding = writing_groups.access_group_id
where summaries.is_missing = 0
  and exists (
    select 1
    from collected_parts
    where collected_parts.account_id = writing_groups.account_id
      and collected_parts.part = 'policies'
      and collected_parts.status = 'ok'
  )
order by account, writing_groups.account_id, access_group, writing_groups.access_group_id
