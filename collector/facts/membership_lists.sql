-- title: Who is in each access group, as lists of numbers.
-- grain: one row for each access group and kind of membership that somebody has in it
-- key: [access_group_id, membership]
-- by_key: true
-- columns:
--   access_group_id: {is: The access group., references: access_groups, indexed: false, required: true}
--   membership: {is: "static, dynamic, or public, as in access_group_identities.", required: true}
--   members: {is: "Numbers of the identities in identity_facts, in order, as a JSON list.", kind: json, required: true}
-- rests_on: [access_group_members, access_groups, identity_facts, serviceids, users]
-- notes: |
--   The view access_group_identities has the same with one row for each identity. Here there can be
--   a hundred thousand memberships, which are read a group at a time. Each list is made once, not
--   once more to see whether it is empty.
with lists as materialized (
  select
    access_groups.id as access_group_id,
    kinds.membership,
    (
      select json_group_array(number)
      from (
        select identities.number
        from access_group_identities as members
        join identity_facts as identities on identities.iam_id = members.iam_id
        where members.access_group_id = access_groups.id
          and members.membership_type = kinds.membership
        order by identities.number
      )
    ) as members
  from access_groups
  cross join (
    select 'static' as membership union all select 'dynamic' union all select 'public'
  ) as kinds
)
select access_group_id, membership, members
from lists
where members <> '[]'
