-- title: What leads from one object to the next on paths, by their numbers.
-- grain: one row for each step or membership that leads from one object to the next
-- key: [target, source, step]
-- by_key: true
-- indexes: [[source]]
-- columns:
--   target: {is: The object that it leads to., kind: integer, references: path_nodes, indexed: false, required: true}
--   source: {is: The object that it leads from., kind: integer, references: path_nodes, indexed: false, required: true}
--   step:
--     is: >
--       The step in escalation_steps; 0 for being in an access group, and a negative rule number for
--       what full control allows.
--     kind: integer
--     required: true
--   hop: {is: 1 if it is an escalation., kind: integer, required: true}
--   level: {is: "Confidence: 3 high, 2 medium, 1 low.", kind: integer, required: true}
--   through: {is: The first user by name who is meant by every user., kind: integer}
--   second: {is: "The next such user, if there is one.", kind: integer}
-- rests_on:
--   [accounts, escalation_rules, escalation_steps, identity_facts, membership_lists, path_nodes,
--   users]
-- notes: |
--   step of a link from "every user" is one of those that it stands for: what through itself takes
--   is the link from through to the same target, or its membership.
--
--   Walked backwards, from what somebody wants to reach. There are many users, and each can be
--   reached from "every user" only, which therefore takes their steps and memberships for them,
--   as far as those lead to different things or differ in confidence. So that paths still name a
--   user, through is the first who has that step, and second is another one. The memberships of
--   users are not here: they are in access_group_members. The owner is none of every user, because
--   it is not known whether the IAM ID of an owner can be replaced.
--
--   Who has full control of an account can do what an administrator of account management can.
with
  persons as materialized (
    select users.account_id, users.iam_id, nodes.number
    from users
    join accounts on accounts.account_id = users.account_id
    join path_nodes as nodes on nodes.id = users.iam_id and nodes.account_id = users.account_id
    where accounts.owner is not users.iam_id
  ),
  helpers as materialized (
    select account_id, id, number from path_nodes where kind in ('every', 'full_control')
  ),
  -- A user who is only one of every user is told by through.
  steps as materialized (
    select
      steps.id,
      sources.number as source,
      targets.number as target,
      steps.rule > 0 as hop,
      case steps.confidence when 'high' then 3 when 'medium' then 2 else 1 end as level
    from escalation_steps as steps
    cross join path_nodes as sources
      on sources.id = steps.source and sources.account_id = steps.account_id
    cross join path_nodes as targets
      on targets.id = steps.target and targets.account_id = steps.account_id
    where steps.source <> 'every user'
  ),
  known as materialized (
    select
      identities.number as identity,
      nodes.account_id,
      nodes.number,
      persons.number is not null as is_person
    from path_nodes as nodes
    join identity_facts as identities on identities.iam_id = nodes.id
    left join persons on persons.number = nodes.number
    where nodes.kind = 'identity'
  ),
  memberships as materialized (
    select nodes.account_id, nodes.number as target, known.number as source, known.is_person
    from path_nodes as nodes
    cross join membership_lists as lists on lists.access_group_id = nodes.id
    cross join json_each(lists.members) as member
    cross join known on known.identity = member.value and known.account_id = nodes.account_id
    where nodes.kind = 'access_group'
  ),
  -- The first two users of each kind of link.
  of_persons as (
    select account_id, target, 0 as step, 0 as hop, 3 as level, min(source) as first, max(source) as last
    from memberships
    where is_person
    group by account_id, target
    union all
    select persons.account_id, steps.target, min(steps.id), steps.hop, steps.level,
      min(steps.source), max(steps.source)
    from steps
    join persons on persons.number = steps.source
    group by persons.account_id, steps.target, steps.hop, steps.level
  )
select target, source, id, hop, level, null, null
from steps
union all
select distinct target, source, 0, 0, 3, null, null
from memberships
where not is_person
union all
select
  of_persons.target, helpers.number, of_persons.step, of_persons.hop, of_persons.level,
  of_persons.first, nullif(of_persons.last, of_persons.first)
from of_persons
join helpers on helpers.account_id = of_persons.account_id and helpers.id = 'every user'
union all
select anything.number, everything.number, -min(rules.number), 1, rules.level, null, null
from (
  select
    *,
    case confidence when 'high' then 3 when 'medium' then 2 else 1 end as level,
    rank() over (partition by gives order by confidence <> 'high', confidence <> 'medium') as place
  from escalation_rules
  where decided
    and role = 'role:Administrator'
    and service_name in (select service_name from account_services)
) as rules
join helpers as anything
  on anything.id = case rules.gives
    when 'group' then 'every access group'
    when 'service_id' then 'every service ID'
    when 'profile' then 'every trusted profile'
    when 'user' then 'every user'
  end
join helpers as everything
  on everything.account_id = anything.account_id and everything.id = 'full control'
where rules.place = 1
group by anything.number
