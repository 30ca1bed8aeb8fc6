-- title: What each role allows that leads to more access, by its name or by its actions.
-- grain: one row for each role, rule, and service
-- key: [role_id, rule, service_name]
-- columns:
--   role_id: {is: The role., references: roles, required: true}
--   rule: {is: Number of the rule in escalation_rules., kind: integer, required: true}
--   service_name: {is: "The service, as escalation_rules has it; empty is any.", required: true}
--   action: "The action by which the role allows it; empty if its name is enough."
--   confidence: "high, medium, or low."
-- rests_on: [escalation_actions, escalation_rules, role_actions, roles]
-- errs: >
--   The actions of a predefined role are known for the services that policies name; elsewhere its name
--   decides, as in IBM's tables. Two actions that are needed together count only as escalation_actions
--   has them.
-- notes: |
--   This is the one place that decides what a role allows: a role counts if the rule names it, or if
--   the role has one of the rule's actions in the service, whatever the name of the role. Custom roles
--   are predefined by nobody, so they count by their actions only.
with
  rules as materialized (
    select number, service_name, role, confidence
    from escalation_rules
    where role <> ''
  ),
  named as materialized (
    select role_id, substr(role_id, instr(role_id, '::::') + 4) as role
    from roles
    where instr(role_id, '::::')
  )
select named.role_id, rules.number, rules.service_name, null as action, rules.confidence
from rules
join named on named.role = rules.role
union all
select
  role_id,
  number,
  service_name,
  action,
  case max(level) when 3 then 'high' when 2 then 'medium' else 'low' end
from (
  select
    role_actions.role_id,
    actions.number,
    role_actions.service_name,
    role_actions.action,
    case actions.confidence when 'high' then 3 when 'medium' then 2 else 1 end as level
  from escalation_actions as actions
  cross join role_actions
    on role_actions.action = actions.action
    and role_actions.service_name
      = coalesce(nullif(actions.service_name, ''), role_actions.service_name)
  order by role_actions.action
) as acting
where not exists (
  select 1
  from named
  join rules on rules.role = named.role
  where named.role_id = acting.role_id
    and rules.number = acting.number
    and rules.service_name in ('', acting.service_name)
)
group by role_id, number, service_name
