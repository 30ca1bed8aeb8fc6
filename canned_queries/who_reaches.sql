-- title: Who can reach this?
-- question: >
--   Who can reach this instance, identity, or access group, or full control of the account, directly
--   or through others?
-- category: Explorers
-- severity: info
-- why: >
--   Access that somebody can get counts as much as access that somebody has. For example, anyone who
--   can create an API key for a service ID can read every secret that the service ID can read.
-- remediation: >
--   Remove an identity from a group with ibmcloud iam access-group-user-remove GROUP USER, or replace
--   the policy of the first step with a narrower one. All paths of an identity are in
--   paths_between.
-- notes: >
--   One row for each identity, with its shortest path, of which the first step is shown. hops
--   counts the steps that are escalations, at most six; 0 is access that the identity has already,
--   or the target itself. With a role or an action, only who has it on the instance counts, or can
--   get it: an Administrator can grant itself every role there. Full control of the account
--   includes every instance and every role. confidence is that of the weakest step. What
--   escalation_paths does not evaluate is not evaluated here either, such as paths through other
--   accounts.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   target: >
--     An instance, identity, or access group by name or ID, or part of a name, or full control; the
--     best match is shown.
--   role: The name or CRN of a role, or an action, for an instance; any role if empty.
-- choices:
--   target: path_ends.name
--   role: roles_and_actions.name
-- linked_from:
--   resource_service_instances: {parameter: target, column: id, words: "Who can reach it?"}
--   identities: {parameter: target, column: iam_id, words: "Who can act as it?"}
--   users: {parameter: target, column: iam_id, words: "Who can act as this person?"}
--   serviceids: {parameter: target, column: iam_id, words: "Who can act as this service ID?"}
--   trustedprofiles: {parameter: target, column: iam_id, words: "Who can act as it?"}
--   access_groups: {parameter: target, column: id, words: "Who can join it?"}
-- shown: [identity, kind, hops, first_step, public_access, confidence, target]
-- breakdown: {by: hops}
-- chart:
--   mark: bar
--   x_column: hops
--   x_type: ordinal
--   y_column: identities
--   y_type: quantitative
--   color_column: kind
with recursive
  -- What was asked for as a pattern that fits it in any case.
  wanted as materialized (
    select
      words,
      (
        select group_concat(coalesce(pattern, substr(words, place, 1)), '')
        from (select place from text_places where place <= length(words) order by place)
        left join letter_cases on letter_cases.letter = substr(words, place, 1)
      ) as pattern
    from (
      select trim(coalesce(:target, '')) as words
    )
    where words <> ''
  ),
  -- How well things fit: 0 by their ID, 1 by their whole name, 2 by a part of that.
  holders as (
    select iam_id as id, iif(iam_id = words, 0, iif(name glob pattern, 1, 2)) as distance
    from wanted
    cross join identities
    where iam_id = words or name glob '*' || pattern || '*'
    union all
    select iam_id, iif(user_id glob pattern, 1, 2)
    from wanted
    cross join users
    where user_id glob '*' || pattern || '*'
    union all
    select id, iif(id = words, 0, iif(name glob pattern, 1, 2))
    from wanted
    cross join access_groups
    where id = words or name glob '*' || pattern || '*'
    union all
    select 'full control', 0
    from wanted
    where lower(words) = 'full control'
  ),
  fitting as materialized (
    select
      iif(nodes.kind = 'full_control', 0, 1) as place,
      nodes.id,
      nodes.name,
      nodes.account_id,
      nodes.number,
      min(holders.distance) as distance
    from holders
    cross join path_nodes as nodes on nodes.id = holders.id
    group by nodes.number
    union all
    select
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
    where instances.id = wanted.words
      or instances.guid = wanted.words
      or instances.name glob '*' || wanted.pattern || '*'
  ),
  -- An identity has a node for each account in which it holds something.
  chosen as materialized (
    select
      place,
      id as target_id,
      name as target,
      json_group_array(account_id) as accounts,
      count(*) over (partition by min(distance)) as fitting_targets
    from fitting
    group by place, id
    order by min(distance), place, name, id
    limit 1
  ),
  asked as materialized (
    select trim(coalesce(:role, '')) as words
  ),
  -- The roles that are asked for; an action counts in the service of the instance.
  roles_asked as materialized (
    select role_actions.role_id
    from asked
    cross join role_actions on role_actions.action = asked.words
    join chosen
    join resource_service_instances as instances on instances.id = chosen.target_id
    where role_actions.service_name = instances.service_name
    union
    select roles.role_id
    from asked
    cross join roles
    where roles.role_id = asked.words or lower(roles.display_name) = lower(asked.words)
  ),
  -- The roles whose holders can give themselves any role there.
  giving as materialized (
    select held.role_id
    from chosen
    join resource_service_instances as instances on instances.id = chosen.target_id
    join (
      select distinct number from escalation_rules where decided and gives = 'resource'
    ) as rules
    join escalation_roles as held
      on held.rule = rules.number and held.service_name in ('', instances.service_name)
  ),

  -- The last link of all paths, to where they end: from who holds a policy for an instance, or could
  -- give itself one; from full control, which includes these; or from the thing itself, which is no
  -- link.
  last_links as materialized (
    select
      nodes.number as source,
      given.hop,
      iif(policies.rule is null, 3, 2) as level,
      policies.id as policy_id
    from (
      select
        policy_targets.policy_id,
        iif(
          asked.words = '' or exists (
            select 1
            from policy_roles
            where policy_roles.policy_id = policy_targets.policy_id
              and policy_roles.role_id in (select role_id from roles_asked)
          ),
          0,
          (
            select 1
            from policy_roles
            where policy_roles.policy_id = policy_targets.policy_id
              and policy_roles.role_id in (select role_id from giving)
          )
        ) as hop
      from chosen
      join instance_facts as instances on instances.instance_id = chosen.target_id
      cross join target_pairs on target_pairs.instance = instances.number
      cross join targets on targets.number = target_pairs.target
      cross join policy_targets on policy_targets.target_id = targets.target_id
      cross join asked
    ) as given
    cross join policies on policies.id = given.policy_id
    cross join path_nodes as nodes
      on nodes.id = coalesce(policies.access_group_id, policies.iam_id)
      and nodes.account_id = policies.account_id
    where given.hop is not null
    union all
    select nodes.number, 0, 3, null
    from chosen
    cross join path_nodes as nodes
    where case
        when chosen.place = 2 then nodes.kind = 'full_control'
          and nodes.account_id in (select value from json_each(chosen.accounts))
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

  -- Backwards from there, an escalation at a time: whatever is that far, as a list of numbers, each
  -- with its confidence in the last two bits. Who is a member of groups is looked up afterwards.
  waves(hops, near, seen) as (
    select -1, '[]', '[]'
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
              union all
              select source, level from last_links where hop = waves.hops + 1
              union all
              select number, 9 from done
            )
            group by number
            having max(level) < 9
          ),
          -- What needs no escalation to come there.
          closed(number, level) as (
            select number, level from fresh
            union
            select links.source, min(links.level, closed.level)
            from closed
            cross join path_links as links on links.target = closed.number
            where not links.hop
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
      json_insert(waves.seen, '$[#]', json(waves.near))
    from waves
    where waves.hops < 6
  ),
  reached as materialized (
    select each.value >> 2 as number, waves.hops, each.value & 3 as level
    from waves
    cross join json_each(waves.near) as each
  ),
  -- The first steps of each identity, as numbers that the best comes first of: hops, confidence,
  -- what kind of step it is, and what it leads to.
  ways as (
    select
      member.value as identity,
      nodes.account_id,
      (reached.hops * 4 + 3 - reached.level) * 67108864 + 33554432 + reached.number as way,
      0 as step,
      null as policy_id
    from reached
    cross join path_nodes as nodes on nodes.number = reached.number
    cross join membership_lists as lists on lists.access_group_id = nodes.id
    cross join json_each(lists.members) as member
    where nodes.kind = 'access_group'
    union all
    select
      identities.number,
      nodes.account_id,
      (
        (reached.hops + (steps.rule > 0)) * 4 + 3 - min(
          reached.level, case steps.confidence when 'high' then 3 when 'medium' then 2 else 1 end
        )
      ) * 67108864 + 16777216 + reached.number,
      steps.id,
      steps.policy_id
    from escalation_steps as steps
    cross join path_nodes as targets
      on targets.id = steps.target and targets.account_id = steps.account_id
    cross join reached on reached.number = targets.number
    cross join path_nodes as nodes
      on nodes.id = steps.source and nodes.account_id = steps.account_id
    cross join identity_facts as identities on identities.iam_id = nodes.id
    where steps.source_kind = 'identity'
      and reached.hops + (steps.rule > 0) <= 6
    union all
    select
      identities.number,
      nodes.account_id,
      (last_links.hop * 4 + 3 - last_links.level) * 67108864,
      0,
      min(last_links.policy_id)
    from last_links
    cross join path_nodes as nodes on nodes.number = last_links.source
    cross join identity_facts as identities on identities.iam_id = nodes.id
    where nodes.kind = 'identity'
    group by nodes.number, last_links.hop, last_links.level
  ),
  best as materialized (
    select identity, account_id, min(way) as way, step, policy_id
    from ways
    group by account_id, identity
  )
select
  coalesce(accounts.name, best.account_id) as account,
  identities.name as identity,
  identities.kind,
  best.way >> 28 as hops,
  case
    when targets.kind = 'access_group' and best.step = 0 then targets.name || ' (member)'
    when targets.kind = 'role' then descriptions.target || ' (' || steps.why || ')'
    when targets.number is not null then targets.name || ' (' || steps.why || ')'
    when best.policy_id is null then 'the identity itself'
    when best.way >> 28 then chosen.target || ' (grants itself every role there: '
      || coalesce(descriptions.roles, 'a role') || ')'
    else chosen.target || ' (' || coalesce(descriptions.roles, 'a role') || ')'
  end as first_step,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = targets.id
      or (
        steps.target_kind = 'full_control'
        and steps.policy_id is null
        and public_access.account_id = best.account_id
        and exists (
          select 1
          from administrators
          where administrators.iam_id = identities.iam_id
            and administrators.account_id = best.account_id
            and administrators.is_public_only
        )
      )
  ) as public_access,
  case 3 - ((best.way >> 26) & 3) when 3 then 'high' when 2 then 'medium' else 'low' end
    as confidence,
  chosen.target,
  1 as identities,
  chosen.fitting_targets,
  identities.iam_id,
  iif(targets.kind = 'access_group', targets.id, null) as access_group_id,
  best.policy_id,
  chosen.target_id,
  best.account_id,
  count(*) over () as report_rows
from best
cross join chosen
join accounts on accounts.account_id = best.account_id
join identity_facts as identities on identities.number = best.identity
left join path_nodes as targets on targets.number = best.way & 16777215
left join escalation_steps as steps on steps.id = best.step
left join policy_descriptions as descriptions on descriptions.policy_id = best.policy_id
order by best.way >> 26, account, best.account_id, best.identity
