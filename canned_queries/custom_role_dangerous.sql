-- title: Custom roles that can lead to more access
-- question: Which custom roles grant access, create keys, or read credentials, and who holds them?
-- category: Policies
-- severity: high
-- why: >
--   A custom role with a harmless name can include the one action that lets its holder become an
--   administrator.
-- remediation: >
--   Remove the actions from the role in the console (the command line cannot change custom roles).
--   Alternatively, give the people who need these actions a role for them in a policy on a single
--   resource.
-- notes: >
--   The report checks for the actions in IBM's tables of roles and actions that can be used to
--   gain access, including those of the escalation paths with high or medium confidence; what they
--   lead to was not tested on a live account. The policies that grant a
--   role decide how far it reaches: policies counts the active ones, and holders counts the
--   identities and access groups in them. Both are empty if the policies could not be read. A role
--   without policies can still be assigned at any time. rules has the escalation paths that the
--   role allows, as docs/escalation.md explains them; the report on escalation paths has who can take
--   them.
-- references:
--   - "IBM Cloud Docs: Creating custom roles"
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [role, service, leads_to, rules, actions, policies, holders]
-- breakdown: {by: leads_to}
-- identifiers: [role_id]
-- chart:
--   mark: bar
--   x_column: leads_to
--   x_type: nominal
--   y_column: roles
--   y_type: quantitative
with
  -- Words for actions, also for some that are no escalation path by themselves.
  worded(action, leads_to) as (
    values
    ('iam.policy.create', 'grants access'),
    ('iam.policy.update', 'grants access'),
    ('iam.role.assign', 'grants access'),
    ('iam-access-management.policy.create', 'grants access'),
    ('iam-access-management.policy.update', 'grants access'),
    ('iam.delegationPolicy.create', 'authorizes services'),
    ('iam.delegationPolicy.update', 'authorizes services'),
    ('iam-access-management.customRole.create', 'changes roles'),
    ('iam-access-management.customRole.update', 'changes roles'),
    ('iam-access-management.settings.update', 'weakens settings'),
    ('iam-groups.account-settings.update', 'weakens settings'),
    ('iam-identity.account.update', 'weakens settings'),
    ('user-management.user-setting.update', 'weakens settings'),
    ('iam-groups.members.add', 'joins access groups'),
    ('iam-groups.rules.create', 'joins access groups'),
    ('iam-groups.rules.update', 'joins access groups'),
    ('iam-identity.apikey.create', 'creates keys for others'),
    ('iam-identity.apikey.manage', 'creates keys for others'),
    ('iam-identity.apikey.get', 'reads credentials'),
    ('resource-controller.credential.retrieve_all', 'reads credentials'),
    ('secrets-manager.secret.read', 'reads credentials'),
    ('resource-controller.key.create', 'creates credentials'),
    ('iam-identity.profile.update', 'changes who is trusted'),
    ('iam-identity.profile.linkToResource', 'changes who is trusted'),
    ('iam-identity.idp.create', 'changes who is trusted'),
    ('iam-identity.idp.update', 'changes who is trusted'),
    ('user-management.user.replace-iam-id', 'changes who is trusted'),
    ('user-management.user.create', 'invites people'),
    ('global-search-tagging.tag.attach-access-tag', 'attaches access tags')
  ),
  -- Other actions of escalation paths have the words of the path.
  dangers as materialized (
    select action, null as service_name, leads_to from worded
    union all
    select actions.action, nullif(actions.service_name, ''), min(rules.outcome)
    from escalation_actions as actions
    join (select distinct number, outcome from escalation_rules) as rules
      on rules.number = actions.number
    where actions.confidence <> 'low'
      and actions.action not in (select action from worded)
    group by actions.action, actions.service_name
  ),
  found as materialized (
    select
      role_id,
      group_concat(distinct action) as actions,
      group_concat(distinct leads_to) as leads_to
    from (
      select roles.role_id, dangers.action, dangers.leads_to
      from roles
      join role_actions on role_actions.role_id = roles.role_id
      join dangers
        on dangers.action = role_actions.action
        and (dangers.service_name is null or dangers.service_name = role_actions.service_name)
      where roles.kind = 'custom'
        and roles.account_id is not null
      order by roles.role_id, dangers.leads_to, dangers.action
    )
    group by role_id
  ),
  allowed as materialized (
    select role_id, group_concat(printf('ibm-iam-%03d', rule), ', ') as rules
    from (
      select distinct role_id, rule
      from escalation_roles
      where role_id in (select role_id from found)
      order by role_id, rule
    )
    group by role_id
  ),
  grants as materialized (
    select
      policy_roles.role_id,
      count(*) as policies,
      count(distinct coalesce(policies.access_group_id, policies.iam_id)) as holders
    from policy_roles
    join granting_policies as policies on policies.id = policy_roles.policy_id
    where policy_roles.role_id in (select role_id from found)
    group by policy_roles.role_id
  )
select
  coalesce(accounts.name, roles.account_id) as account,
  coalesce(nullif(roles.display_name, ''), roles.role_id) as role,
  roles.service_name as service,
  replace(found.leads_to, ',', ', ') as leads_to,
  allowed.rules,
  replace(found.actions, ',', ', ') as actions,
  iif(policies_read.status = 'ok', coalesce(grants.policies, 0), null) as policies,
  iif(policies_read.status = 'ok', coalesce(grants.holders, 0), null) as holders,
  roles.description,
  roles.created_at,
  1 as roles,
  null as command,
  'https://cloud.ibm.com/iam/roles' as console,
  acknowledged.note as acknowledged,
  roles.role_id,
  roles.account_id,
  count(*) over () as report_rows
from found
join roles on roles.role_id = found.role_id
join accounts on accounts.account_id = roles.account_id
left join allowed on allowed.role_id = roles.role_id
left join grants on grants.role_id = roles.role_id
left join collected_parts as policies_read
  on policies_read.account_id = roles.account_id and policies_read.part = 'policies'
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'custom_role_dangerous'
  and acknowledged.account_id = roles.account_id
  and acknowledged.finding = roles.role_id
order by account, roles.account_id, role, roles.role_id
