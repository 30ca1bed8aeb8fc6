-- title: The shortest way of each identity to full control, for whoever is not there already.
-- grain: one row for each identity of an account that can reach full control of it
-- key: [account_id, iam_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   hops: {is: Steps that are escalations., kind: integer}
--   path: The path in words.
--   first_rule: {is: Number of the first rule on it., kind: integer}
--   first_policy_id: {is: The policy of the first step., references: policies}
--   via: "The group or profile that the first policy belongs to, or itself."
--   target: What is taken over last.
--   confidence: "high, medium or low: that of the weakest step."
--   why: "The rules on the way, each with its confidence."
-- rests_on:
--   [access_groups, accounts, escalation_steps, identities, resource_service_instances, users]
-- notes: |
--   The shortest way of each identity to full control, for whoever is not there already.
--
--   hops counts the steps that are escalations; between equally short ways the one of the highest
--   confidence, that of its weakest step, is shown, then the most direct, then the first by name.
--   hops is 0 where the identity only has to assume a profile that is a full administrator. Ways of
--   more than six hops are left out. via: the group or profile that the first policy belongs to.
--   target: what is taken over last. why: the rules on the way, each with its confidence.
--
--   How it is quick: nothing is followed forward from thousands of identities. Starting at full
--   control the steps are walked backwards, once for each thing, distance and confidence; the limit
--   of hops ends circles. Users are left out of that walk, because there are so many: only steps
--   from "every user" lead to one, so that in links it takes their own steps for them; how far each
--   of them is, is looked up afterwards. Then each thing has one best step, and the texts grow along
--   those. Steps of rule 0 form no circle (members are no groups, profiles assume no profiles), and
--   all others bring full control nearer: following best steps ends. "cross join" keeps what was
--   reached before the steps to it. SQLite also prepares a statement longer the more often its
--   parts mention one another: few of them are mentioned twice.
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
  ),
  nearest as materialized (
    select
      distances.*,
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
          select instances.service_name || ' ' || nullif(instances.name, '')
          from resource_service_instances as instances
          where instances.id = distances.id
        ),
        distances.id
      ) as name
    from distances
    union all
    select iam_id, '', 0, 0, 0, '' from identities where kind = ''
  ),
  ranked as (
    select
      steps.*,
      next.name as target_name,
      next.hops + steps.hop as hops,
      min(next.level, steps.level) as path_level,
      row_number() over (
        partition by steps.account_id, steps.source
        order by
          next.hops + steps.hop,
          min(next.level, steps.level) desc,
          steps.target_kind <> 'full_control',
          next.name,
          steps.target,
          steps.rule,
          steps.policy_id,
          steps.why
      ) as place
    from steps
    cross join nearest as next on next.account_id = steps.account_id and next.id = steps.target
  ),
  -- The second half has no row, nor has that of nearest. It lets SQLite expect many, so that it
  -- makes an index.
  choices as materialized (
    select * from ranked where place = 1 and hops <= 6
    union all
    select iam_id, '', '', '', '', 0, 0, '', '', 0, '', 0, '', 0, 0, 0
    from identities
    where kind = ''
  ),
  -- A helper (every ..., a role) is not named in the text: onward and reason are those of the
  -- step from it, which is told together with the step to it.
  ways as (
    select
      account_id,
      'full control' as id,
      'full_control' as kind,
      0 as hops,
      3 as level,
      '' as path,
      null as onward,
      null as reason,
      null as rule,
      null as policy_id,
      null as via,
      null as last,
      '' as rules,
      1 as is_administrator
    from accounts
    union all
    select
      choices.account_id,
      choices.source,
      choices.source_kind,
      choices.hops,
      choices.path_level,
      iif(
        choices.source_kind in ('every', 'role'),
        ways.path,
        ' → ' || coalesce(ways.onward, choices.target_name)
          || ' (' || coalesce(ways.reason || ': ', '') || choices.why || ')' || ways.path
      ),
      iif(choices.source_kind in ('every', 'role'), choices.target_name, null),
      iif(choices.source_kind = 'role', choices.why, null),
      iif(choices.hop, choices.rule, coalesce(ways.rule, 0)),
      iif(choices.hop, choices.policy_id, coalesce(choices.policy_id, ways.policy_id)),
      iif(
        choices.rule = 0 and choices.target_kind in ('identity', 'access_group'),
        choices.target_name,
        'itself'
      ),
      case
        when ways.last is not null then ways.last
        when choices.target_kind = 'full_control' then null
        when choices.source_kind = 'identity' and choices.rule = 0 then null
        else coalesce(ways.onward, choices.target_name)
      end,
      iif(
        choices.hop,
        choices.rule || ' (' || choices.confidence || ')' || iif(ways.rules = '', '', ', ')
          || ways.rules,
        ways.rules
      ),
      choices.rule = 0 and choices.target_kind = 'full_control'
    from ways
    cross join choices
      on choices.target = ways.id and choices.account_id = ways.account_id
  )
select
  ways.account_id,
  ways.id as iam_id,
  hops,
  case identities.kind
    when 'service_id' then 'service ID '
    when 'trusted_profile' then 'trusted profile '
    else ''
  end || coalesce(nullif(identities.name, ''), ways.id) || path as path,
  rule as first_rule,
  policy_id as first_policy_id,
  via,
  coalesce(last, 'full control') as target,
  case level when 3 then 'high' when 2 then 'medium' else 'low' end as confidence,
  rules as why
from ways
left join identities on identities.iam_id = ways.id
where ways.kind = 'identity' and not is_administrator
