-- title: How far each identity, access group, and other object is from full control of its account.
-- grain: one row for each object of an account from which full control of it can be reached
-- key: [account_id, id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: "An IAM ID, the ID of an access group, or another source of escalation_steps.", required: true}
--   hops: {is: "Number of escalations that it takes, at most six.", kind: integer, required: true}
--   level: {is: "Confidence of the weakest step: 3 high, 2 medium, 1 low.", kind: integer, required: true}
--   name: Its name; for groups, service IDs, and trusted profiles, preceded by what it is.
-- rests_on:
--   [access_group_members, access_groups, path_links, path_nodes, users]
-- notes: |
--   Of equally short paths, the one with the highest confidence counts. Nothing is followed forward
--   from thousands of identities: starting at full control the steps are walked backwards; the limit
--   of hops ends circles. First come the hops, then the confidence along the shortest ways only.
--   Users are left out of the walk, as in path_links: how far the members of groups are, is looked
--   up afterwards.
with recursive
  -- What leads on from full control leads to nothing that full control does not include.
  links as materialized (
    select target, source, hop, level from path_links where step >= 0
  ),
  reached(number, hops) as (
    select number, 0 from path_nodes where kind = 'full_control'
    union
    select links.source, reached.hops + links.hop
    from reached
    cross join links on links.target = reached.number
    where reached.hops + links.hop <= 6
  ),
  shortest as materialized (
    select number, min(hops) as hops from reached group by number
  ),
  tight as materialized (
    select links.source, links.target, links.level
    from shortest as nearer
    cross join links on links.target = nearer.number
    cross join shortest as farther
      on farther.number = links.source and farther.hops = nearer.hops + links.hop
  ),
  trusted(number, level) as (
    select number, 3 from path_nodes where kind = 'full_control'
    union
    select tight.source, min(trusted.level, tight.level)
    from trusted
    cross join tight on tight.target = trusted.number
  ),
  others as materialized (
    select nodes.number, nodes.account_id, nodes.id, shortest.hops, max(trusted.level) as level
    from shortest
    join trusted on trusted.number = shortest.number
    join path_nodes as nodes on nodes.number = shortest.number
    group by shortest.number
  ),
  -- The things in others, and each user by the groups that lead to one of those.
  distances as materialized (
    select number, hops, level, min(10 * hops - level) as rank
    from (
      select number, hops, level from others
      union all
      select nodes.number, others.hops, others.level
      from others
      cross join access_group_members as members on members.group_id = others.id
      cross join path_nodes as nodes
        on nodes.id = members.iam_id and nodes.account_id = others.account_id
      union all
      select nodes.number, others.hops, others.level
      from access_groups as groups
      cross join others on others.id = groups.id and others.account_id = groups.account_id
      cross join users on users.account_id = groups.account_id
      cross join path_nodes as nodes
        on nodes.id = users.iam_id and nodes.account_id = users.account_id
      where groups.is_public = 1
    )
    group by number
  )
select nodes.account_id, nodes.id, distances.hops, distances.level, nodes.name
from distances
join path_nodes as nodes on nodes.number = distances.number
