-- title: Access groups in words, with the number of their members.
-- grain: one row for each access group
-- key: [access_group_id]
-- columns:
--   access_group_id: {is: The access group., references: access_groups, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   name: "Its name, or its ID if it has none, followed by (does not exist) if it is missing."
--   is_missing: {is: "1 if only policies mention it, although all groups were listed.", kind: integer}
--   identities: {is: How many identities of the file it represents., kind: integer, required: true}
--   members: {is: "How many identities it represents; empty if they were not read.", kind: integer}
-- rests_on: [access_group_members, access_groups, collected_parts, serviceids, users]
-- notes: |
--   A group that only policies mention is deleted, or hidden from the token. It counts as missing if
--   the list of groups was read in full; otherwise only its ID is shown. Unknown is not the same as 0.
with readings as materialized (
  select
    account_id,
    max(part = 'access_groups') as groups_were_read,
    max(part = 'access_group_members') as members_were_read,
    sum(part in ('users', 'serviceids')) = 2 as everybody_was_read
  from collected_parts
  where status = 'ok'
  group by account_id
),
counted as materialized (
  select
    id,
    iif(
      is_public = 1,
      (select count(*) from users where users.account_id = access_groups.account_id)
      + (select count(*) from serviceids where serviceids.account_id = access_groups.account_id),
      (
        select count(distinct members.iam_id)
        from access_group_members as members
        where members.group_id = access_groups.id
      )
    ) as identities
  from access_groups
)
select
  access_groups.id as access_group_id,
  access_groups.account_id,
  coalesce(nullif(access_groups.name, ''), access_groups.id)
    || iif(access_groups.listed = 0 and readings.groups_were_read, ' (does not exist)', '')
    as name,
  iif(access_groups.listed = 0 and readings.groups_were_read, 1, 0) as is_missing,
  counted.identities,
  iif(
    iif(access_groups.is_public = 1, readings.everybody_was_read, readings.members_were_read),
    counted.identities,
    null
  ) as members
from access_groups
join counted on counted.id = access_groups.id
left join readings on readings.account_id = access_groups.account_id
