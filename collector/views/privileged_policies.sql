-- title: >
--   Policies that make their holders privileged, and why.
-- notes: |
--   Policies that make their holders privileged, each once, with the reason: Administrator on account
--   management as a whole or on one of the services that decide about access (IAM and users), in
--   full; or Administrator or Manager on all services. Under a condition too: it counts as
--   privileged while the condition holds.
select
  policy_scopes.policy_id,
  policy_scopes.account_id,
  policies.iam_id,
  policies.access_group_id,
  group_concat(distinct coalesce(roles.display_name, roles.role_id)) || ' on '
    || iif(
      policy_scopes.scope = 'one service',
      (
        select group_concat(attributes.value, ', ')
        from policy_resource_attributes as attributes
        where attributes.policy_id = policy_scopes.policy_id and attributes.name = 'serviceName'
      ),
      policy_scopes.scope
    ) as why
from policy_scopes
join policies on policies.id = policy_scopes.policy_id
join policy_roles on policy_roles.policy_id = policy_scopes.policy_id
join roles on roles.role_id = policy_roles.role_id
where policy_scopes.type = 'access'
  and case
    when policy_scopes.scope in ('whole account', 'all services') then
      policy_roles.role_id glob '*:role:Administrator'
      or policy_roles.role_id glob '*:serviceRole:Manager'
    when policy_scopes.scope in ('all account management services', 'all IAM services') then
      policy_roles.role_id glob '*:role:Administrator'
    when policy_scopes.scope = 'one service' then
      policy_roles.role_id glob '*:role:Administrator'
      and exists (
        select 1
        from policy_resource_attributes as attributes
        where attributes.policy_id = policy_scopes.policy_id
          and attributes.name = 'serviceName'
          and attributes.operator in ('stringEquals', 'stringMatch')
          and attributes.value in (
            'iam-access-management', 'iam-groups', 'iam-identity', 'user-management'
          )
      )
    else false
  end
group by policy_scopes.policy_id
