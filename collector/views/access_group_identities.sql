-- title: >
--   The identities that an access group represents, each once.
-- notes: |
--   The identities that an access group represents, each once.
--
--   An identity that was added to a group by hand and also matches one of its rules counts as
--   static. The Public Access group represents every user and service ID of its account; that it can
--   also represent people without a login is not shown. Each kind is a separate select, and a column
--   has the same type in all of them: only then does SQLite look up one group instead of creating
--   all rows.
select group_id as access_group_id, iam_id, membership_type
from access_group_members as members
where membership_type = 'static'
  or not exists (
    select 1
    from access_group_members as others
    where others.iam_id = members.iam_id
      and others.group_id = members.group_id
      and others.membership_type = 'static'
  )
union all
select access_groups.id, users.iam_id, cast('public' as text)
from access_groups
join users on users.account_id = access_groups.account_id
where access_groups.is_public = 1
union all
select access_groups.id, serviceids.iam_id, cast('public' as text)
from access_groups
join serviceids on serviceids.account_id = access_groups.account_id
where access_groups.is_public = 1
