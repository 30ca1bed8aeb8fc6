-- title: >
--   Access groups that reach the support service, and whether their members can open cases.
-- notes: |
--   may_open_cases: with the role Editor or Administrator, or with a custom role (whether it is
--   sufficient is not checked). has_members: static or dynamic members, or rules that can add some.
select
  access_groups.account_id,
  access_groups.id as access_group_id,
  coalesce(nullif(access_groups.name, ''), access_groups.id) as name,
  max(
    policy_roles.role_id glob '*:role:Editor'
    or policy_roles.role_id glob '*:role:Administrator'
    or policy_roles.role_id glob '*:customRole:*'
  ) as may_open_cases,
  coalesce(access_groups.is_federated, 0) = 1
    or exists (
      select 1 from access_group_members as members where members.group_id = access_groups.id
    ) as has_members
from policy_account_services as reached
join policies on policies.id = reached.policy_id
join access_groups on access_groups.id = policies.access_group_id
join policy_roles on policy_roles.policy_id = policies.id
where reached.service_name = 'support'
  and access_groups.is_public = 0
  and access_groups.listed = 1
group by access_groups.id
