-- title: Grants that have run out, or soon will
-- question: Which policies were for a time that is over, or that ends within 30 days?
-- category: Policies
-- severity: low
-- why: >
--   A policy whose time is over is easily taken for access, or for a start to renew it by. Whoever
--   still needs one that is about to end will be locked out.
-- remediation: >
--   Delete what has run out with its command; it can be restored for 10 days. Ask whether what
--   will end is still needed, and if so change the condition.
-- notes: >
--   IBM Cloud keeps a policy in the list as active when the time in its condition is over: it no
--   longer grants anything, and counts for the limit of policies. Those that end within 30 days of
--   the last collection are listed as well, for information. Only conditions with a last moment
--   count; days of the week and hours come again. Kubernetes ignores conditions of time (IBM's
--   documentation says so): there a policy that has run out may still grant. Service
--   authorizations have no conditions. A condition is changed with ibmcloud iam
--   user-policy-update, service-policy-update, access-group-policy-update or
--   trusted-profile-policy-update and a JSON file, or in the console. A policy that an enterprise
--   template made has no command.
-- references:
--   - "IBM Cloud Docs: Limiting access with time-based conditions"
-- shown: [subject, target, roles, severity, ends, ends_at, condition]
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: ends
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  ending as materialized (
    select
      conditions.policy_id,
      conditions.ends_at,
      julianday(conditions.ends_at) - julianday(read.read_at) as days_left
    from policy_conditions as conditions
    join policies on policies.id = conditions.policy_id
    join (
      select account_id, coalesce(read_at, finished_at) as read_at
      from collected_parts
      where part = 'policies'
    ) as read
      on read.account_id = policies.account_id
    where policies.type = 'access'
      and policies.state = 'active'
      and julianday(conditions.ends_at) - julianday(read.read_at) <= 30
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  ending.ends_at,
  -- Whole days until the end, and since.
  cast(ending.days_left as integer) as days_left,
  case
    when ending.days_left > 0 then 'within 30 days'
    when ending.days_left > -30 then 'up to 30 days ago'
    when ending.days_left > -365 then '30 to 364 days ago'
    else 'a year ago or more'
  end as ends,
  iif(ending.days_left > 0, 'info', 'low') as severity,
  policies.last_permit_at,
  1 as policies,
  iif(ending.days_left <= 0, policy_remediations.delete_command, null) as command,
  policy_remediations.console,
  policy_remediations.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from ending
join policies on policies.id = ending.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_remediations on policy_remediations.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_expired_condition'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
order by account, policies.account_id, ending.ends_at, descriptions.subject, policies.id
