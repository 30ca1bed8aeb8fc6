-- title: The policies and memberships that most escalation paths lead through.
-- grain: one row for each policy or membership to remove, in an order for each account
-- key: [account_id, place]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   place: {is: "Its place in the order: what is before it is removed first.", kind: integer, required: true}
--   policy_id: {is: "The policy; empty for a membership.", references: policies}
--   iam_id: {is: "The member; empty for a policy.", references: identities}
--   access_group_id: {is: "The group that it is a member of; empty for a policy.", references: access_groups}
--   closes: {is: How many identities then lose all of their paths to full control., kind: integer, required: true}
--   closed: {is: How many have none by then., kind: integer, required: true}
--   identities: {is: How many have paths to full control now., kind: integer, required: true}
-- rests_on:
--   [accounts, escalation_steps, identity_facts, membership_lists, path_links, path_nodes,
--   shortest_escalation_paths, users]
-- errs: >
--   Who has more than eight ways to begin is taken to keep paths whatever memberships are removed.
--   Otherwise as the steps do.
-- notes: |
--   Only identities without full control count, whose path takes at least one escalation. A path that
--   is left counts however long it is. Memberships by a rule, and of the Public Access group, cannot be
--   removed, nor can the right to assume a trusted profile. What closes the paths of less than one in
--   a hundred identities is left out: then there is no choke point.
--
--   The order is greedy, with pairs where no single removal closes as much; see chokes.py.
with
  starts as materialized (
    select nodes.account_id, nodes.number
    from shortest_escalation_paths as paths
    join path_nodes as nodes on nodes.id = paths.iam_id and nodes.account_id = paths.account_id
    where paths.hops > 0
  ),
  known as materialized (
    select identities.number as identity, nodes.number, nodes.account_id
    from path_nodes as nodes
    join identity_facts as identities on identities.iam_id = nodes.id
    where nodes.kind = 'identity' and nodes.account_id in (select account_id from starts)
  ),
  found as materialized (
    select
      accounts.account_id,
      (select count(*) from starts where starts.account_id = accounts.account_id) as identities,
      choke_points(
        (
          select number
          from path_nodes as nodes
          where nodes.id = 'full control' and nodes.account_id = accounts.account_id
        ),
        (
          select json_group_array(number)
          from starts
          where starts.account_id = accounts.account_id
        ),
        (
          select json_group_array(json_array(source, target, policy_id))
          from (
            select links.source, links.target, steps.policy_id
            from path_nodes as nodes
            cross join path_links as links on links.target = nodes.number
            cross join escalation_steps as steps on steps.id = links.step
            where nodes.account_id = accounts.account_id and links.through is null
            union all
            select everybody.number, persons.number, null
            from path_nodes as everybody
            join users on users.account_id = everybody.account_id
            join path_nodes as persons
              on persons.id = users.iam_id and persons.account_id = users.account_id
            where everybody.id = 'every user'
              and everybody.account_id = accounts.account_id
              and accounts.owner is not users.iam_id
          )
        ),
        (
          select json_group_array(json_array(nodes.number, lists.membership = 'static', json((
            select json_group_array(known.number)
            from json_each(lists.members) as member
            cross join known
              on known.identity = member.value and known.account_id = nodes.account_id
          ))))
          from path_nodes as nodes
          join membership_lists as lists on lists.access_group_id = nodes.id
          where nodes.account_id = accounts.account_id and nodes.kind = 'access_group'
        )
      ) as points
    from accounts
    where accounts.account_id in (select account_id from starts)
  )
select
  found.account_id,
  point.key + 1,
  json_extract(point.value, '$[0]'),
  (select id from path_nodes where number = json_extract(point.value, '$[1]')),
  (select id from path_nodes where number = json_extract(point.value, '$[2]')),
  json_extract(point.value, '$[3]'),
  sum(json_extract(point.value, '$[3]')) over (partition by found.account_id order by point.key),
  found.identities
from found
cross join json_each(found.points) as point
