-- title: Privilege escalation paths
-- question: Who can make themselves an administrator, and how?
-- category: Privilege escalation
-- severity: critical
-- why: >
--   Some roles allow more than they appear to. For example, anyone who can create an API key for
--   an administrator's service ID is effectively an administrator.
-- remediation: >
--   Break the path at its first step: give those it applies to (for a group, all of its members) a
--   narrower policy for what they need, then delete the policy with its command. Alternatively,
--   reduce the access of what the path leads to, then check again.
-- notes: >
--   Each row is the shortest path of one identity to full control, through groups, service IDs,
--   trusted profiles, and other users. hops counts the steps that are escalations. rule_id is the
--   first of them, and rules lists all: docs/escalation.md explains each. Only the shortest path of
--   each identity is shown, so check again after a fix. Identities that already have full control
--   are not shown, nor are those that only have to assume an administrator's trusted profile.
--   confidence is that of the weakest step. The outcomes come from IBM's documentation and were not
--   tested on a live account. Custom roles count by their actions. The report does not evaluate
--   membership by dynamic rules before a login, claims of people, context, time, tokens already
--   issued, stored secrets, or paths through other accounts.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [identity, kind, path, rule_id, outcome, confidence, hops]
-- breakdown: {by: outcome}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: outcome
--   x_type: nominal
--   y_column: identities
--   y_type: quantitative
--   color_column: kind
with outcomes as materialized (
  select distinct number, id, outcome from escalation_rules
)
select
  coalesce(accounts.name, paths.account_id) as account,
  coalesce(identities.name, paths.iam_id) as identity,
  coalesce(identities.kind, 'unknown') as kind,
  paths.hops,
  paths.path,
  paths.via,
  (
    select public_access.effect
    from policies
    join public_access on public_access.access_group_id = policies.access_group_id
    where policies.id = paths.first_policy_id
  ) as public_access,
  paths.first_rule as rule,
  outcomes.id as rule_id,
  outcomes.outcome,
  paths.confidence,
  paths.target,
  paths.why as rules,
  1 as identities,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  paths.iam_id,
  paths.first_policy_id as policy_id,
  paths.account_id,
  count(*) over () as report_rows
from shortest_escalation_paths as paths
join outcomes on outcomes.number = paths.first_rule
left join accounts on accounts.account_id = paths.account_id
left join identities on identities.iam_id = paths.iam_id
left join policy_commands on policy_commands.policy_id = paths.first_policy_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'escalation_paths'
  and acknowledged.account_id = paths.account_id
  and acknowledged.finding = paths.iam_id
where paths.hops > 0
order by
  account,
  paths.account_id,
  paths.hops,
  case paths.confidence when 'high' then 1 when 'medium' then 2 else 3 end,
  identity,
  paths.iam_id
