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
--   [access_group_members, access_groups, accounts, escalation_steps, identities,
--   known_resources, serviceids, users]
-- notes: |
--   Of equally short paths, the one with the highest confidence counts. Nothing is followed forward
--   from thousands of identities: starting at full control the steps are walked backwards; the limit
--   of hops ends circles. First come the hops, then the confidence along the shortest ways only.
--   Users are left out of the walk, because there are so many: only steps from "every user" lead to
--   one, so that in links it takes their own steps for them; how far each of them is, is looked up
--   afterwards.
with recursive
  persons as materialized (
    select users.account_id, users.iam_id
    from users
    join accounts on accounts.account_id = users.account_id
    where accounts.owner is not users.iam_id
  ),
  own_steps as materialized (
    select
      steps.account_id,
      steps.source,
      steps.target,
      steps.rule > 0 as hop,
      case steps.confidence when 'high' then 3 when 'medium' then 2 else 1 end as level,
      persons.iam_id is not null as is_user
    from escalation_steps as steps
    left join persons
      on persons.iam_id = iif(steps.source_kind = 'identity', steps.source, null)
      and persons.account_id = steps.account_id
    where steps.source <> 'every user'
  ),
  -- Being in a group is a step that costs nothing. Who is in it both ways does no harm.
  groups as materialized (
    select distinct account_id, source as access_group_id
    from escalation_steps
    where source_kind = 'access_group'
  ),
  public_groups as materialized (
    select groups.account_id, groups.access_group_id
    from groups
    join access_groups on access_groups.id = groups.access_group_id
    where access_groups.is_public = 1
  ),
  links as materialized (
    select account_id, source, target, hop, level from own_steps where not is_user
    union all
    select account_id, 'every user', target, hop, max(level)
    from own_steps
    where is_user
    group by account_id, target, hop
    union all
    select groups.account_id, 'every user', groups.access_group_id, 0, 3
    from groups
    where exists (
      select 1
      from access_group_members as members
      cross join persons
        on persons.iam_id = members.iam_id and persons.account_id = groups.account_id
      where members.group_id = groups.access_group_id
    )
    union all
    select groups.account_id, members.iam_id, groups.access_group_id, 0, 3
    from groups
    cross join access_group_members as members on members.group_id = groups.access_group_id
    left join persons
      on persons.iam_id = members.iam_id and persons.account_id = groups.account_id
    where persons.iam_id is null
    union all
    select public_groups.account_id, 'every user', public_groups.access_group_id, 0, 3
    from public_groups
    union all
    select public_groups.account_id, serviceids.iam_id, public_groups.access_group_id, 0, 3
    from public_groups
    join serviceids on serviceids.account_id = public_groups.account_id
  ),
  reached(account_id, id, hops) as (
    -- As text, like the columns that it is compared with: else no index finds it.
    select account_id, cast('full control' as text), 0 from accounts
    union
    select links.account_id, links.source, reached.hops + links.hop
    from reached
    cross join links on links.target = reached.id and links.account_id = reached.account_id
    where reached.hops + links.hop <= 6
  ),
  shortest as materialized (
    select account_id, id, min(hops) as hops from reached group by account_id, id
  ),
  tight as materialized (
    select links.account_id, links.source, links.target, links.level
    from links
    cross join shortest as nearer
      on nearer.id = links.target and nearer.account_id = links.account_id
    cross join shortest as farther
      on farther.id = links.source
      and farther.account_id = links.account_id
      and farther.hops = nearer.hops + links.hop
  ),
  trusted(account_id, id, level) as (
    select account_id, cast('full control' as text), 3 from accounts
    union
    select tight.account_id, tight.source, min(trusted.level, tight.level)
    from trusted
    cross join tight on tight.target = trusted.id and tight.account_id = trusted.account_id
  ),
  others as materialized (
    select shortest.account_id, shortest.id, shortest.hops, max(trusted.level) as level
    from shortest
    join trusted on trusted.id = shortest.id and trusted.account_id = shortest.account_id
    group by shortest.account_id, shortest.id
  ),
  -- The things in others, and each user by the steps that lead from it to one of those.
  distances as materialized (
    select account_id, id, hops, level, min(10 * hops - level) as rank
    from (
      select account_id, id, hops, level from others
      union all
      select
        others.account_id, own_steps.source, others.hops + own_steps.hop,
        min(others.level, own_steps.level)
      from own_steps
      cross join others
        on others.id = own_steps.target and others.account_id = own_steps.account_id
      where own_steps.is_user
      union all
      select groups.account_id, members.iam_id, others.hops, others.level
      from groups
      cross join others
        on others.id = groups.access_group_id and others.account_id = groups.account_id
      cross join access_group_members as members on members.group_id = groups.access_group_id
      cross join persons
        on persons.iam_id = members.iam_id and persons.account_id = groups.account_id
      union all
      select persons.account_id, persons.iam_id, others.hops, others.level
      from public_groups
      cross join others
        on others.id = public_groups.access_group_id
        and others.account_id = public_groups.account_id
      cross join persons on persons.account_id = public_groups.account_id
    )
    where hops <= 6
    group by account_id, id
  )
select
  account_id,
  id,
  hops,
  level,
  coalesce(
    (
      select case identities.kind
          when 'service_id' then 'service ID '
          when 'trusted_profile' then 'trusted profile '
          else ''
        end || coalesce(nullif(identities.name, ''), identities.iam_id)
      from identities
      where identities.iam_id = distances.id
    ),
    (
      select 'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
      from access_groups
      where access_groups.id = distances.id
    ),
    (
      select max(known.service_name || ' ' || known.name)
      from known_resources as known
      where known.thing = distances.id
    ),
    distances.id
  )
from distances
