-- title: Access groups that have neither members nor dynamic rules.
-- notes: |
--   Only accounts whose groups, members, and rules were read in full are judged. The Public Access
--   group, which has no list of members, is left out, and so are groups that only policies mention.
--   The columns are those of access_groups.
select access_groups.*
from access_groups
where access_groups.listed = 1
  and access_groups.is_public = 0
  and (
    select count(*)
    from collected_parts as read
    where read.account_id = access_groups.account_id
      and read.part in ('access_groups', 'access_group_members', 'access_group_rules')
      and read.status = 'ok'
  ) = 3
  and not exists (
    select 1 from access_group_members as members where members.group_id = access_groups.id
  )
  and not exists (
    select 1 from access_group_rules as rules where rules.group_id = access_groups.id
  )
