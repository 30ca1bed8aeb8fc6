-- title: >
--   Who can do what with which service instance, one row for each access path. It shows what is
--   configured, not what IAM decides: it does not consider context, time, sessions, or tokens already
--   issued, shows dynamic members only as of their last login, and has no row for the account owner.
-- notes: |
--   Who can do what with which service instance, one row for each access path: the identity, the policy
--   (its own, or that of an access group it is in), one of the policy's roles, and the instance.
--
--   scope: full, part (of the instance) or conditional, as in policy_instances. access_group_id is
--   null for a direct policy. The account owner has all access without a policy
--   and has no row for it. Made to be filtered by iam_id, instance_id or policy_id.
select
  policies.iam_id,
  reached.instance_id,
  policy_roles.role_id,
  policies.id as policy_id,
  policies.access_group_id,
  reached.scope
from policies
join policy_instances as reached on reached.policy_id = policies.id
join policy_roles on policy_roles.policy_id = policies.id
where policies.access_group_id is null
  and policies.iam_id is not null
union all
select
  members.iam_id,
  reached.instance_id,
  policy_roles.role_id,
  policies.id,
  policies.access_group_id,
  reached.scope
from policies
join access_group_identities as members on members.access_group_id = policies.access_group_id
join policy_instances as reached on reached.policy_id = policies.id
join policy_roles on policy_roles.policy_id = policies.id
