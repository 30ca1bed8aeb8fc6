-- title: How far each identity, group and other thing is from full control of its account.
-- grain: one row for each thing of an account from which full control of it can be reached
-- key: [account_id, id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: "An IAM ID, the ID of an access group, or another source of escalation_steps.", required: true}
--   hops: {is: "How many escalations it takes, six at most.", kind: integer, required: true}
--   level: {is: "Confidence of the weakest step: 3 high, 2 medium, 1 low.", kind: integer, required: true}
--   name: Its name; of groups, service IDs and profiles with what it is before it.
-- rests_on:
--   [access_groups, accounts, escalation_steps, identities, known_resources, users]
-- notes: |
--   Between equally short ways the one of the highest confidence counts. Nothing is followed forward
--   from thousands of identities: starting at full control the steps are walked backwards, once for
--   each thing, distance and confidence; the limit of hops ends circles. Users are left out of that
--   walk, because there are so many: only steps from "every user" lead to one, so that in links it
--   takes their own steps for them; how far each of them is, is looked up afterwards.
with recursive
  steps as materialized (
    select
      account_id,
      source,
      source_kind,
      target,
      target_kind,
      rule,
      rule > 0 as hop,
      policy_id,
      confidence,
      case confidence when 'high' then 3 when 'medium' then 2 else 1 end as level,
      why,
      source_kind = 'identity' and exists (
        select 1
        from users
        join accounts on accounts.account_id = users.account_id
        where users.iam_id = source
          and users.account_id = escalation_steps.account_id
          and accounts.owner is not users.iam_id
      ) as is_user
    from escalation_steps
  ),
  links as materialized (
    select distinct account_id, iif(is_user, 'every user', source) as source, target, hop, level
    from steps
    where source <> 'every user'
  ),
  reached(account_id, id, hops, level) as (
    select account_id, 'full control', 0, 3 from accounts
    union
    select
      links.account_id,
      links.source,
      reached.hops + links.hop,
      min(reached.level, links.level)
    from reached
    cross join links on links.target = reached.id and links.account_id = reached.account_id
    where reached.hops + links.hop <= 6
  ),
  others as materialized (
    select account_id, id, min(10 * hops - level) as rank, hops, level
    from reached
    group by account_id, id
  ),
  -- The things in others, and each user by the steps that lead from it to one of those.
  distances as materialized (
    select
      others.account_id,
      coalesce(steps.source, others.id) as id,
      others.hops + coalesce(steps.hop, 0) as hops,
      min(others.level, coalesce(steps.level, 3)) as level,
      min(
        10 * (others.hops + coalesce(steps.hop, 0)) - min(others.level, coalesce(steps.level, 3))
      ) as rank
    from others
    cross join (select 0 as of_users union all select 1) as sides
    left join steps
      on steps.target = others.id
      and steps.account_id = iif(sides.of_users, others.account_id, null)
      and steps.is_user
    where steps.source is not null or not sides.of_users
    group by others.account_id, coalesce(steps.source, others.id)
    having others.hops + coalesce(steps.hop, 0) <= 6
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
