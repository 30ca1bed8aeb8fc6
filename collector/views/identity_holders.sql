-- title: >
--   The holders of each identity's policies: its own IAM ID, its access groups, and the groups that
--   represent everyone.
-- notes: |
--   One row for each identity and holder of policies that counts for it: its own IAM ID, or an
--   access group with the membership (static, dynamic, or public; static if it is both static and
--   dynamic). The groups are those of access_group_identities. This is one select without union, so
--   SQLite takes the identities in the order of an index and stops at the end of a page, instead of
--   creating all rows first.
select
  identities.iam_id,
  identities.name,
  identities.kind,
  case sides.side
    when 'itself' then identities.iam_id
    when 'member' then members.group_id
    else everybody.access_group_id
  end as holder_id,
  case sides.side
    when 'itself' then null
    when 'member' then members.membership_type
    else 'public'
  end as membership
from identities
cross join (
  select 'itself' as side union all select 'member' union all select 'user'
  union all select 'service ID'
) as sides
left join access_group_members as members
  on members.iam_id = iif(sides.side = 'member', identities.iam_id, null)
  and (
    members.membership_type = 'static'
    or not exists (
      select 1
      from access_group_members as others
      where others.iam_id = members.iam_id
        and others.group_id = members.group_id
        and others.membership_type = 'static'
    )
  )
left join users on users.iam_id = iif(sides.side = 'user', identities.iam_id, null)
left join serviceids on serviceids.iam_id = iif(sides.side = 'service ID', identities.iam_id, null)
left join public_access as everybody
  on everybody.account_id = coalesce(users.account_id, serviceids.account_id)
where sides.side = 'itself' or members.group_id is not null or everybody.access_group_id is not null
