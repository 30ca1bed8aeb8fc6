-- title: Policies that have expired or expire soon
-- question: Which policies were for a period that is over, or that ends within 30 days?
-- category: Policies
-- severity: low
-- why: >
--   An expired policy is easily mistaken for current access, and is a shortcut to renew that
--   access. When a policy expires, whoever still needs it loses access.
-- remediation: >
--   Delete an expired policy with its command; it can be restored for 10 days. Ask whether a
--   policy that is about to expire is still needed, and if so, change its condition.
-- notes: >
--   When the period in a policy's condition is over, IBM Cloud still lists the policy as active:
--   it no longer grants anything, but counts toward the policy limit. Policies that expire within
--   30 days of the last collection are listed as well, for information. Only conditions with an
--   end time count; days of the week and hours of the day recur. According to IBM's documentation,
--   Kubernetes ignores time-based conditions, so an expired policy might still grant access there.
--   Service-to-service authorizations have no conditions. To change a condition, use ibmcloud iam
--   user-policy-update, service-policy-update, access-group-policy-update, or
--   trusted-profile-policy-update with a JSON file, or use the console. A policy created by an
--   enterprise template has no command.
-- references:
--   - "IBM Cloud Docs: Limiting access with time-based conditions"
-- shown: [subject, target, roles, severity, ends, ends_at, condition]
-- breakdown: {by: ends}
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
  iif(ending.days_left <= 0, policy_commands.command, null) as command,
  policy_commands.console,
  policy_commands.remark,
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
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_expired_condition'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
order by account, policies.account_id, ending.ends_at, descriptions.subject, policies.id
