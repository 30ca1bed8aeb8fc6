-- title: >
--   Who can do what with the account itself, one row for each access path, with the same limits as
--   effective_access.
-- notes: |
--   Who can do what with the account itself: users, groups, identities, policies, billing and so on.
--   One row for each access path, as in effective_access; reach and scope as in policy_account_services.
select
  policies.iam_id,
  reached.service_name,
  policy_roles.role_id,
  policies.id as policy_id,
  policies.access_group_id,
  reached.reach,
  reached.scope,
  policies.account_id
from policy_account_services as reached
join policies on policies.id = reached.policy_id
join policy_roles on policy_roles.policy_id = policies.id
where policies.access_group_id is null
  and policies.iam_id is not null
union all
select
  members.iam_id,
  reached.service_name,
  policy_roles.role_id,
  policies.id,
  policies.access_group_id,
  reached.reach,
  reached.scope,
  policies.account_id
from policy_account_services as reached
join policies on policies.id = reached.policy_id
join access_group_identities as members on members.access_group_id = policies.access_group_id
join policy_roles on policy_roles.policy_id = policies.id
