-- title: The shortest path of each identity to full control, unless it already has it.
-- grain: one row for each identity of an account that can reach full control of it
-- key: [account_id, iam_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   hops: {is: Number of steps that are escalations., kind: integer}
--   path: The path in words.
--   first_rule: {is: Number of the first rule on it., kind: integer}
--   first_policy_id: {is: The policy of the first step., references: policies}
--   via: "The access group or trusted profile that the first policy belongs to, or direct."
--   target: The last object that is taken over.
--   confidence: "high, medium or low: that of the weakest step."
--   why: "The rules along the path by their IDs, each with its confidence."
--   steps: {is: "The path as a list of steps, each a list: the key and the name of where it leads, why, and the policy.", kind: json}
-- rests_on:
--   [access_group_members, access_groups, accounts, escalation_distances, escalation_steps,
--   identities, serviceids, users]
-- notes: |
--   The shortest path of each identity to full control, unless it already has it.
--
--   hops counts the steps that are escalations; of equally short paths, the one with the highest
--   confidence, that of its weakest step, is shown, then the most direct, then the first by name.
--   hops is 0 where the identity only has to assume a profile that is a full administrator. Paths
--   of more than six hops are left out. via: the group or profile that the first policy belongs to.
--   target: the last object that is taken over. why: the IDs of the rules along the path, with confidence.
--
--   Each thing has one best step by escalation_distances, and the texts grow along those, backwards
--   from full control. Steps of rule 0 form no circle (members are no groups, profiles assume no
--   profiles), and all others bring full control nearer: following best steps ends.
with recursive
  -- Being in an access group is a step as well. Only what is as short and as certain as the best
  -- way is looked at; most steps are neither.
  steps as materialized (
    select
      steps.account_id,
      steps.source,
      steps.source_kind,
      steps.target,
      steps.target_kind,
      steps.rule,
      steps.rule > 0 as hop,
      steps.policy_id,
      steps.confidence,
      steps.why,
      own.hops,
      own.level as path_level,
      next.name as target_name
    from escalation_steps as steps
    cross join escalation_distances as next
      on next.account_id = steps.account_id and next.id = steps.target
    cross join escalation_distances as own
      on own.account_id = steps.account_id
      and own.id = steps.source
      and own.hops = next.hops + (steps.rule > 0)
      and own.level = min(
        next.level, case steps.confidence when 'high' then 3 when 'medium' then 2 else 1 end
      )
    union all
    select
      groups.account_id, members.iam_id, 'identity', groups.id, 'access_group', 0, 0, null, 'high',
      'member', own.hops, own.level, next.name
    from access_groups as groups
    cross join escalation_distances as next
      on next.account_id = groups.account_id and next.id = groups.id
    cross join access_group_members as members on members.group_id = groups.id
    cross join escalation_distances as own
      on own.account_id = groups.account_id
      and own.id = members.iam_id
      and own.hops = next.hops
      and own.level = next.level
    union all
    select
      groups.account_id, everybody.iam_id, 'identity', groups.id, 'access_group', 0, 0, null,
      'high', 'member', own.hops, own.level, next.name
    from access_groups as groups
    cross join escalation_distances as next
      on next.account_id = groups.account_id and next.id = groups.id
    cross join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = groups.account_id
    cross join escalation_distances as own
      on own.account_id = groups.account_id
      and own.id = everybody.iam_id
      and own.hops = next.hops
      and own.level = next.level
    where groups.is_public = 1
  ),
  choices as materialized (
    select *
    from (
      select
        *,
        row_number() over (
          partition by account_id, source
          order by
            target_kind <> 'full_control',
            target_name,
            target,
            rule,
            policy_id,
            why
        ) as place
      from steps
    )
    where place = 1
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
      '' as chain,
      null as onward_key,
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
        'direct'
      ),
      case
        when ways.last is not null then ways.last
        when choices.target_kind = 'full_control' then null
        when choices.source_kind = 'identity' and choices.rule = 0 then null
        else coalesce(ways.onward, choices.target_name)
      end,
      iif(
        choices.hop,
        printf('ibm-iam-%03d (%s)', choices.rule, choices.confidence) || iif(ways.rules = '', '', ', ')
          || ways.rules,
        ways.rules
      ),
      iif(
        choices.source_kind in ('every', 'role'),
        ways.chain,
        json_array(
          coalesce(ways.onward_key, choices.target),
          coalesce(ways.onward, choices.target_name),
          coalesce(ways.reason || ': ', '') || choices.why,
          choices.policy_id
        ) || iif(ways.chain = '', '', ',' || ways.chain)
      ),
      iif(choices.source_kind in ('every', 'role'), choices.target, null),
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
  rules as why,
  '[' || chain || ']' as steps
from ways
left join identities on identities.iam_id = ways.id
where ways.kind = 'identity' and not is_administrator
