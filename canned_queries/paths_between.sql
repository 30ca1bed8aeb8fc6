-- title: How can one get from here to there?
-- question: >
--   How can this identity or access group get to that identity, access group, role, or instance, or
--   to full control of the account?
-- category: Explorers
-- severity: info
-- why: >
--   Shows the shortest path and the next best ones, so that you know what else must go when you
--   remove the first one.
-- remediation: >
--   Break each path at its first step: remove the membership with ibmcloud iam
--   access-group-user-remove GROUP USER, or replace the policy with a narrower one, then check
--   again.
-- notes: >
--   One row for each path, best first, up to five. They differ in how they begin: in the policy of
--   the first step, or in the access group or trusted profile that has this policy. Of the paths
--   that begin in the same way, only the best one is shown: the shortest, then the one with the
--   highest confidence. No path leads back to the source, its access groups, or the trusted profiles
--   that it can assume, so check again after you remove one of these. hops counts the steps that are
--   escalations, at most six; 0 is access that the source has already. A role is reached by holding
--   it on anything, and the path says on what. Full control of the account includes every instance
--   and every role. confidence is that of the weakest step. What escalation_paths does not evaluate is not evaluated here either, such as
--   paths through other accounts.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- parameters:
--   source: A name, login, IAM ID, or access group, or part of a name; the best match is shown.
--   target: >
--     Likewise, or an instance by name, GUID, or CRN, or the name of a role, or full control (also
--     if empty).
-- choices:
--   source: holder_names.name
--   target: path_ends.name
-- linked_from:
--   identities: {parameter: source, column: iam_id, words: "How can it gain full control?"}
--   users: {parameter: source, column: iam_id, words: "How can this person gain full control?"}
--   serviceids: {parameter: source, column: iam_id, words: "How can it gain full control?"}
--   trustedprofiles: {parameter: source, column: iam_id, words: "How can it gain full control?"}
--   access_groups: {parameter: source, column: id, words: "How can its members gain full control?"}
-- shown: [rank, path, hops, confidence, via, public_access, target]
-- breakdown: {by: via}
-- chart:
--   mark: bar
--   x_column: rank
--   x_type: ordinal
--   y_column: hops
--   y_type: quantitative
--   color_column: confidence
with recursive
  -- What was asked for, each side with a pattern that fits it in any case.
  wanted as materialized (
    select
      side,
      words,
      (
        select group_concat(coalesce(pattern, substr(words, place, 1)), '')
        from (select place from text_places where place <= length(words) order by place)
        left join letter_cases on letter_cases.letter = substr(words, place, 1)
      ) as pattern
    from (
      select 'source' as side, trim(coalesce(:source, '')) as words
      union all
      select 'target', coalesce(nullif(trim(coalesce(:target, '')), ''), 'full control')
    )
    where words <> ''
  ),
  -- How well things fit: 0 by their ID, 1 by their whole name, 2 by a part of that.
  holders as (
    select wanted.side, iam_id as id, iif(iam_id = words, 0, iif(name glob pattern, 1, 2)) as distance
    from wanted
    cross join identities
    where iam_id = words or name glob '*' || pattern || '*'
    union all
    select wanted.side, iam_id, iif(user_id glob pattern, 1, 2)
    from wanted
    cross join users
    where user_id glob '*' || pattern || '*'
    union all
    select wanted.side, id, iif(id = words, 0, iif(name glob pattern, 1, 2))
    from wanted
    cross join access_groups
    where id = words or name glob '*' || pattern || '*'
    union all
    select wanted.side, 'full control', 0
    from wanted
    where wanted.side = 'target' and lower(words) = 'full control'
  ),
  fitting as materialized (
    select
      holders.side,
      iif(nodes.kind = 'full_control', 0, 1) as place,
      nodes.id,
      nodes.name,
      nodes.account_id,
      nodes.number,
      min(holders.distance) as distance
    from holders
    cross join path_nodes as nodes on nodes.id = holders.id
    group by holders.side, nodes.number
    union all
    select
      wanted.side,
      2,
      instances.id,
      coalesce(instances.service_name || ' ', '')
        || coalesce(nullif(instances.name, ''), instances.id),
      instances.account_id,
      null,
      iif(
        instances.id = wanted.words or coalesce(instances.guid = wanted.words, 0),
        0,
        iif(instances.name glob wanted.pattern, 1, 2)
      )
    from wanted
    cross join resource_service_instances as instances
    where wanted.side = 'target'
      and (
        instances.id = wanted.words
        or instances.guid = wanted.words
        or instances.name glob '*' || wanted.pattern || '*'
      )
    union all
    select
      wanted.side, 3, coalesce(roles.display_name, roles.role_id),
      'role ' || coalesce(roles.display_name, roles.role_id), null, null,
      iif(roles.role_id = wanted.words, 0, 1)
    from wanted
    cross join roles
    where wanted.side = 'target'
      and (roles.role_id = wanted.words or roles.display_name glob wanted.pattern)
  ),
  -- An identity has a node for each account in which it holds something.
  beginning as materialized (
    select
      id,
      name,
      ',' || group_concat(number) || ',' as numbers,
      json_group_array(account_id) as accounts,
      count(*) over (partition by min(distance)) as fits
    from fitting
    where side = 'source'
    group by id
    order by min(distance), name, id
    limit 1
  ),
  chosen as materialized (
    select
      beginning.id as source_id,
      beginning.name as source,
      beginning.numbers,
      beginning.accounts,
      beginning.fits as fitting_sources,
      fitting.place,
      fitting.id as target_id,
      fitting.name as target,
      json_group_array(fitting.account_id) as target_accounts,
      count(*) over (partition by min(fitting.distance)) as fitting_targets
    from beginning
    cross join fitting
    where fitting.side = 'target'
      and fitting.id <> beginning.id
      and (
        fitting.account_id is null
        or fitting.account_id in (select value from json_each(beginning.accounts))
      )
    group by fitting.place, fitting.id
    order by min(fitting.distance), fitting.place, fitting.name, fitting.id
    limit 1
  ),

  -- The last link of all paths, to where they end: from who holds a policy for an instance, or with
  -- a role; from full control, which includes these; or from the thing itself, which is no link.
  last_links as materialized (
    select
      nodes.number as source,
      iif(policies.rule is null, 3, 2) as level,
      policies.id as policy_id
    from (
      select policy_targets.policy_id, chosen.accounts
      from chosen
      join instance_facts as instances on instances.instance_id = chosen.target_id
      cross join target_pairs on target_pairs.instance = instances.number
      cross join targets on targets.number = target_pairs.target
      cross join policy_targets on policy_targets.target_id = targets.target_id
      union
      select policy_roles.policy_id, chosen.accounts
      from chosen
      cross join roles on coalesce(roles.display_name, roles.role_id) = chosen.target_id
      cross join policy_roles on policy_roles.role_id = roles.role_id
      where chosen.place = 3
    ) as given
    cross join granting_policies as policies on policies.id = given.policy_id
    cross join path_nodes as nodes
      on nodes.id = coalesce(policies.access_group_id, policies.iam_id)
      and nodes.account_id = policies.account_id
    where policies.type = 'access'
      and instr(given.accounts, json_quote(policies.account_id))
    union all
    select nodes.number, 3, null
    from chosen
    cross join path_nodes as nodes
    where nodes.account_id in (
        select value from json_each(iif(chosen.place = 2, chosen.target_accounts, chosen.accounts))
      )
      and case
        when chosen.place in (2, 3) then nodes.kind = 'full_control'
        when nodes.id = 'every user' then exists (
          select 1
          from users
          join accounts on accounts.account_id = users.account_id
          where users.iam_id = chosen.target_id
            and users.account_id = nodes.account_id
            and accounts.owner is not users.iam_id
        )
        else nodes.id = chosen.target_id
      end
  ),

  -- Where a first step can begin: the source, the profiles it may assume, and the groups of these.
  -- before: what leads there.
  actors as materialized (
    select
      nodes.number as source,
      coalesce(profiles.number, nodes.number) as number,
      coalesce(profiles.id, nodes.id) as id,
      nodes.account_id,
      iif(profiles.number is null, '[]', json_array(profiles.number)) as before
    from chosen
    cross join path_nodes as nodes on nodes.id = chosen.source_id
    cross join (select 0 as side union all select 1) as sides
    left join path_links as links on side = 1 and links.source = nodes.number
    left join escalation_steps as steps
      on steps.id = links.step
      and steps.rule = 0
      and steps.policy_id is null
      and steps.target_kind = 'identity'
    left join path_nodes as profiles on steps.id and profiles.number = links.target
    where side = 0 or profiles.number is not null
  ),
  stations as materialized (
    select distinct
      actors.source,
      nodes.number,
      iif(side = 0, actors.before, json_insert(actors.before, '$[#]', nodes.number)) as before
    from actors
    cross join (select 0 as side union all select 1 union all select 2) as sides
    left join access_group_members as members on side = 1 and members.iam_id = actors.id
    left join access_groups as groups
      on side = 2 and groups.account_id = actors.account_id and groups.is_public = 1
    cross join path_nodes as nodes
      on nodes.id = case side when 0 then actors.id when 1 then members.group_id else groups.id end
      and nodes.account_id = actors.account_id
    where side < 2
      or exists (
        select 1
        from users
        where users.iam_id = actors.id and users.account_id = actors.account_id
      )
      or exists (
        select 1
        from serviceids
        where serviceids.iam_id = actors.id and serviceids.account_id = actors.account_id
      )
  ),

  -- Backwards from there, an escalation at a time: whatever is that far, as a list of numbers, each
  -- with its confidence in the last two bits. Paths never come back to their source, nor to its
  -- groups and profiles: these are where paths begin.
  waves(hops, near, seen, sources) as (
    select -1, '[]', '[]', ',' || group_concat(number) || ',' from stations
    union all
    select
      waves.hops + 1,
      (
        with recursive
          done(number) as materialized (
            select each.value >> 2
            from json_each(waves.seen) as wave
            cross join json_each(wave.value) as each
            union all
            select value >> 2 from json_each(waves.near)
          ),
          fresh as materialized (
            select number, max(level) as level
            from (
              select links.source as number, min(links.level, each.value & 3) as level
              from json_each(waves.near) as each
              cross join path_links as links on links.target = each.value >> 2
              where links.hop
                and (
                  links.through is null
                  or links.second is not null
                  or not instr(waves.sources, ',' || links.through || ',')
                )
              union all
              select source, level from last_links where waves.hops = -1
              union all
              select number, 9 from done
            )
            group by number
            having max(level) < 9
          ),
          -- What needs no escalation to come there.
          closed(number, level) as (
            select number, level from fresh where not instr(waves.sources, ',' || number || ',')
            union
            select links.source, min(links.level, closed.level)
            from closed
            cross join path_links as links on links.target = closed.number
            where not links.hop
              and not instr(waves.sources, ',' || links.source || ',')
              and (
                links.through is null
                or links.second is not null
                or not instr(waves.sources, ',' || links.through || ',')
              )
          )
        select json_group_array(number << 2 | level)
        from (
          select number, max(level) as level
          from (
            select number, level from closed
            union all
            select number, 9 from done
          )
          group by number
          having max(level) < 9
        )
      ),
      json_insert(waves.seen, '$[#]', json(waves.near)),
      waves.sources
    from waves
    where waves.hops < 6
  ),
  -- How far each thing of these accounts is, hops and confidence in one letter: they have a range
  -- of numbers.
  found as materialized (
    select
      cast(group_concat(char(letter), '') as blob) as letters,
      min(number) - 1 as base,
      max(is_full) as is_full
    from (
      select number, max(letter) as letter, max(is_full) as is_full
      from (
        select nodes.number, 33 as letter, spans.is_full
        from (
          select min(nodes.number) as low, max(nodes.number) as high, chosen.place = 0 as is_full
          from chosen
          cross join json_each(chosen.accounts) as account
          cross join path_nodes as nodes on nodes.account_id = account.value
        ) as spans
        cross join path_nodes as nodes on nodes.number between spans.low and spans.high
        union all
        select each.value >> 2, 40 + 4 * waves.hops + (each.value & 3), 0
        from waves
        cross join json_each(waves.near) as each
      )
      group by number
      order by number
    )
  ),
  beginnings as (
    select
      source,
      before,
      letters,
      base,
      target,
      step,
      letter - 40 >> 2 as hops,
      letter & 3 as level,
      hop + (letter - 40 >> 2) as all_hops,
      min(link_level, letter & 3) as path_level,
      is_on,
      is_full,
      rule,
      policy_id
    from (
      select
        stations.source,
        stations.before,
        found.letters,
        found.base,
        links.target,
        links.step,
        links.hop,
        links.level as link_level,
        (steps.target_kind <> 'full_control') = found.is_full as is_on,
        found.is_full,
        steps.rule,
        steps.policy_id,
        unicode(substr(found.letters, links.target - found.base, 1)) as letter
      from stations
      cross join found
      cross join path_links as links on links.source = stations.number
      cross join escalation_steps as steps on steps.id = links.step
      where not (steps.rule = 0 and steps.policy_id is null and steps.target_kind = 'identity')
      union all
      select stations.source, before, letters, base, 0, 0, 0, level, 0, is_full, 0, policy_id, 43
      from stations
      cross join found
      cross join last_links on last_links.source = stations.number
    )
    where letter >= 40
  ),
  -- The best path of each beginning.
  paths as materialized (
    select
      *,
      row_number() over (
        order by
          all_hops,
          path_level desc,
          coalesce(json_extract(before, '$[0]'), iif(is_on, target, -1)),
          coalesce(json_extract(before, '$[1]'), iif(is_on, target, -1)),
          is_on,
          target,
          rule,
          policy_id
      ) as path
    from (
      select
        *,
        row_number() over (
          partition by source, before, policy_id
          order by all_hops, path_level desc, is_on, target, rule
        ) as place
      from beginnings
      where all_hops <= 6
    )
    where place = 1
    order by path
    limit 5
  ),
  -- From each thing the best way on, until the end is reached, which is 0: what it leads to, its
  -- step, the user who takes it, the escalations left and the confidence of the rest, the policy,
  -- and whether it is an escalation.
  walk(path, about, before, letters, base, place, node, way) as (
    select
      path,
      json_array(all_hops, path_level, rule, policy_id, source, is_full),
      before,
      letters,
      base,
      1,
      coalesce(json_extract(before, '$[#-1]'), source),
      json_array(target, step, null, hops, level, policy_id, 0)
    from paths
    union all
    select
      walk.path,
      walk.about,
      walk.before,
      walk.letters,
      walk.base,
      walk.place + 1,
      json_extract(walk.way, '$[0]'),
      (
        select json_array(target, step, through, letter - 40 >> 2, letter & 3, policy_id, hop)
        from (
          select
            links.target,
            links.step,
            iif(
              links.through = json_extract(walk.about, '$[4]'), links.second, links.through
            ) as through,
            unicode(substr(walk.letters, links.target - walk.base, 1)) as letter,
            steps.policy_id,
            links.hop,
            links.level,
            coalesce(steps.target_kind <> 'full_control', 1)
              = json_extract(walk.about, '$[5]') as is_on,
            steps.rule
          from path_links as links
          left join escalation_steps as steps on steps.id = links.step
          where links.source = json_extract(walk.way, '$[0]')
            and (links.through is not json_extract(walk.about, '$[4]') or links.second is not null)
          union all
          select 0, 0, null, 43, policy_id, 0, level, 0, 0
          from last_links
          where last_links.source = json_extract(walk.way, '$[0]')
        )
        where (letter - 40 >> 2) + hop = json_extract(walk.way, '$[3]')
          and min(letter & 3, level) >= json_extract(walk.way, '$[4]')
        order by target <> 0, through, is_on, target, rule, policy_id
        limit 1
      )
    from walk
    where json_extract(walk.way, '$[0]') <> 0
  ),

  -- Every link of each path, in order. What every user leads to is two: to one of them, and from
  -- that one.
  links as (
    select
      path,
      about,
      before,
      place,
      half,
      json_extract(way, '$[0]') as target,
      iif(half, by_user, node) as node,
      iif(by_user is null or half, json_extract(way, '$[0]'), by_user) as next,
      json_extract(way, '$[5]') as policy_id,
      case
        when by_user is null then json_extract(way, '$[1]')
        when half then coalesce(
          (
            select links.step
            from path_links as links
            join escalation_steps as steps on steps.id = links.step
            where links.target = json_extract(way, '$[0]')
              and links.source = by_user
              and links.hop = json_extract(way, '$[6]')
            order by links.level desc, steps.rule, steps.policy_id
            limit 1
          ),
          0
        )
      end as step
    from (select *, json_extract(way, '$[2]') as by_user from walk)
    cross join (select 0 as half union all select 1) as halves
    where way is not null and (by_user is not null or not half)
  ),
  told as (
    select
      links.path,
      links.about,
      links.before,
      links.place,
      links.half,
      links.target = 0 as is_last,
      chosen.source_id,
      chosen.source,
      chosen.target_id,
      chosen.target,
      chosen.fitting_sources,
      chosen.fitting_targets,
      nodes.kind as from_kind,
      targets.kind in ('every', 'role')
        or (links.target = 0 and chosen.place < 2 and nodes.kind <> 'every') as is_hidden,
      coalesce(targets.id, chosen.target_id) as id,
      coalesce(targets.name, chosen.target) as name,
      coalesce(steps.policy_id, links.policy_id) as policy_id,
      case
        when links.step > 0 then steps.why
        when links.step < 0 then (
          select max(rules.step) || ': with full control'
          from escalation_rules as rules
          where rules.number = -links.step
        )
        when links.policy_id is not null then coalesce(descriptions.roles, 'a role')
          || iif(chosen.place = 3, ' on ' || descriptions.target, '')
          || case policy_targets.scope
            when 'conditional' then ', under a condition'
            when 'part' then iif(chosen.place = 3, '', ', on a part of it')
            else ''
          end
        when nodes.kind = 'full_control' then 'includes it'
        when nodes.kind = 'every' then 'one of them'
        when targets.kind = 'access_group' then 'member'
        else 'can assume it'
      end as why
    from links
    cross join chosen
    join path_nodes as nodes on nodes.number = links.node
    left join path_nodes as targets on targets.number = links.next
    left join escalation_steps as steps on steps.id = links.step
    left join policy_descriptions as descriptions on descriptions.policy_id = links.policy_id
    left join policy_targets on policy_targets.policy_id = links.policy_id
  ),
  -- A helper (every ..., a role) is not named: what leads to it is told with what leads from it.
  worded as (
    select
      *,
      iif(from_kind = 'role', why || ': ', '')
        || iif(from_kind in ('every', 'role'), lag(why) over steps, why) as reason,
      coalesce(policy_id, iif(from_kind in ('every', 'role'), lag(policy_id) over steps, null))
        as by_policy_id
    from told
    window steps as (partition by path order by place, half)
  ),
  ends as (
    select
      path,
      about,
      before,
      source_id,
      source,
      target_id,
      target,
      fitting_sources,
      fitting_targets,
      coalesce(group_concat(iif(is_hidden, null, ' → ' || name || ' (' || reason || ')'), ''), '')
        as words,
      json_group_array(
        iif(is_hidden, null, json_array(id, name, reason, by_policy_id))
      ) as steps
    from (select * from worded order by path, place, half)
    group by path
    having max(is_last)
    order by path
  ),
  starts as (
    select
      ends.*,
      coalesce(
        group_concat(
          ' → ' || nodes.name || iif(nodes.kind = 'identity', ' (can assume it)', ' (member)'), ''
        ),
        ''
      ) as first_words,
      group_concat(nodes.name, ', ') as via,
      json_group_array(
        json_array(
          nodes.id, nodes.name, iif(nodes.kind = 'identity', 'can assume it', 'member'), null
        )
      ) as first_steps
    from ends
    left join json_each(ends.before) as each
    left join path_nodes as nodes
      on nodes.number = each.value
    group by ends.path
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  row_number() over (order by starts.path) as rank,
  starts.source || starts.first_words || starts.words as path,
  json_extract(about, '$[0]') as hops,
  case json_extract(about, '$[1]') when 3 then 'high' when 2 then 'medium' else 'low' end
    as confidence,
  coalesce(starts.via, 'direct') as via,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id
        = (select access_group_id from policies where id = json_extract(about, '$[3]'))
      or (
        json_extract(about, '$[3]') is null
        and public_access.account_id = accounts.account_id
        and exists (
          select 1
          from administrators
          where administrators.iam_id = starts.source_id
            and administrators.account_id = accounts.account_id
            and administrators.is_public_only
        )
      )
  ) as public_access,
  starts.source,
  starts.target,
  starts.fitting_sources,
  starts.fitting_targets,
  (
    select json_group_array(json(value))
    from (
      select value from json_each(starts.first_steps) where json_extract(value, '$[0]') is not null
      union all
      select value from json_each(starts.steps) where value is not null
    )
  ) as steps,
  starts.source_id,
  starts.target_id,
  json_extract(about, '$[3]') as policy_id,
  accounts.account_id,
  count(*) over () as report_rows
from starts
join path_nodes as sources on sources.number = json_extract(about, '$[4]')
join accounts on accounts.account_id = sources.account_id
order by starts.path
