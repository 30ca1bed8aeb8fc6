-- title: Users in no access group
-- question: Which users are in no access group, and do they have policies of their own?
-- category: Users
-- severity: low
-- why: >
--   Access through groups is seen and changed in one place. A user outside all groups either has
--   no access at all, or has it through policies of their own, which reviews easily miss. The
--   Public Access group, which everybody is in, does not count. A user whom a dynamic rule puts
--   into a group is in it only after the next login. The account owner needs no group.
-- remediation: >
--   Put the user into a group with ibmcloud iam access-group-user-add GROUP USER and delete the
--   user's own policies, or remove the user with ibmcloud account user-remove USER.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.12, v2.0 1.14"
-- chart:
--   mark: bar
--   x_column: login
--   x_type: nominal
--   y_column: direct_policies
--   y_type: quantitative
--   color_column: state
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.state,
  case
    when exists (
      select 1
      from collected_parts
      where collected_parts.account_id = users.account_id
        and collected_parts.resource = 'policies'
        and collected_parts.status = 'ok'
    ) then (
      select count(*)
      from policies
      where policies.iam_id = users.iam_id
        and policies.account_id = users.account_id
        and policies.type = 'access'
        and policies.state = 'active'
    )
  end as direct_policies,
  iif(users.iam_id = accounts.owner, 'yes', 'no') as is_owner,
  users.added_on,
  users.iam_id,
  count(*) over () as report_rows
from users
join accounts on accounts.account_id = users.account_id
join identities on identities.iam_id = users.iam_id
where not exists (
    select 1
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
    where members.iam_id = users.iam_id
      and access_groups.account_id = users.account_id
      and access_groups.is_public = 0
  )
  and 2 = (
    select count(*)
    from collected_parts
    where collected_parts.account_id = users.account_id
      and collected_parts.resource in ('access_groups', 'access_group_members')
      and collected_parts.status = 'ok'
  )
order by account, users.account_id, user, users.id
