-- title: The objects that paths lead through, each with a number that is shorter than its ID.
-- grain: one row for each object of an account that a path can begin at, lead through, or end at
-- key: [number]
-- columns:
--   number: {is: "Its number, in the order of the names in each account, account by account.", kind: integer, required: true}
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: "An IAM ID, the ID of an access group, or another source of escalation_steps.", required: true}
--   kind: {is: "identity, access_group, every, role, resource, or full_control.", required: true}
--   name: Its name; for groups, service IDs, and trusted profiles, preceded by what it is.
-- indexes: [[id]]
-- rests_on:
--   [access_group_members, access_groups, accounts, escalation_steps, identities,
--   known_resources, policies, serviceids, trustedprofile_identities, trustedprofiles, users]
-- notes: |
--   An identity has a row for each account in which it is, or in which it holds something: paths do
--   not lead from one account to another.
with
  -- As in escalation_steps, which has those that something leads to.
  helpers(id, kind) as (
    values
    ('every access group', 'every'),
    ('every service ID', 'every'),
    ('every trusted profile', 'every'),
    ('every user', 'every'),
    ('full control', 'full_control')
  ),
  nodes as (
    select account_id, iam_id as id, 'identity' as kind from users
    union
    select account_id, iam_id, 'identity' from serviceids
    union
    select account_id, iam_id, 'identity' from trustedprofiles
    union
    select account_id, iam_id, 'identity'
    from policies
    where iam_id is not null and access_group_id is null
    union
    select access_groups.account_id, members.iam_id, 'identity'
    from access_groups
    join (select distinct group_id, iam_id from access_group_members) as members
      on members.group_id = access_groups.id
    union
    select trustedprofiles.account_id, allowed.iam_id, 'identity'
    from trustedprofile_identities as allowed
    join trustedprofiles on trustedprofiles.id = allowed.tp_id
    union
    select account_id, id, 'access_group' from access_groups
    union
    select accounts.account_id, helpers.id, helpers.kind from accounts cross join helpers
    union
    select account_id, source, source_kind
    from escalation_steps
    where source_kind in ('every', 'role', 'resource')
    union
    select account_id, target, target_kind
    from escalation_steps
    where target_kind in ('every', 'role', 'resource')
  ),
  named as (
    select
      nodes.account_id,
      nodes.id,
      nodes.kind,
      coalesce(
        case nodes.kind
          when 'identity' then (
            select case identities.kind
                when 'service_id' then 'service ID '
                when 'trusted_profile' then 'trusted profile '
                else ''
              end || coalesce(nullif(identities.name, ''), identities.iam_id)
            from identities
            where identities.iam_id = nodes.id
          )
          when 'access_group' then (
            select 'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
            from access_groups
            where access_groups.id = nodes.id
          )
          when 'resource' then (
            select max(known.service_name || ' ' || known.name)
            from known_resources as known
            where known.thing = nodes.id
          )
        end,
        nodes.id
      ) as name
    from nodes
  )
select row_number() over (order by account_id, name, id), account_id, id, kind, name
from named
