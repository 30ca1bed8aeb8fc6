-- title: Policies unused for 90 days
-- question: Which policies have permitted nothing for 90 days?
-- category: Policies
-- severity: medium
-- why: >
--   Access that is no longer needed is only an opportunity for abuse.
-- remediation: >
--   Ask the people who have it, then delete the policy with its command; it can be restored for 10
--   days.
-- notes: >
--   IBM Cloud records the last use with some delay. A job that runs once a year looks unused, as
--   does access kept for emergencies. A policy with a time-based condition might simply have
--   expired. Policies that were never used are in another report. Service-to-service
--   authorizations are left out, because IBM does not say whether their use is recorded. A policy
--   created by an enterprise template has no command: change it in the template. A policy whose
--   identity or access group no longer exists has no command either: delete it through the API,
--   DELETE https://iam.cloud.ibm.com/v2/policies/POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, target, roles, condition, unused_for, last_permit_at, times_permitted]
-- breakdown: {by: unused_for}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: unused_for
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  stale as materialized (
    select
      policies.id as policy_id,
      cast(julianday(read.read_at) - julianday(policies.last_permit_at) as integer) as days
    from policies
    join collected_parts as read
      on read.account_id = policies.account_id
      and read.part = 'policies'
      and read.status = 'ok'
    where policies.type = 'access'
      and policies.state = 'active'
      and julianday(read.read_at) - julianday(policies.last_permit_at) >= 90
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.last_permit_at,
  stale.days as days_unused,
  case
    when stale.days < 180 then '90 to 179 days'
    when stale.days < 365 then '180 to 364 days'
    else 'a year or more'
  end as unused_for,
  policies.last_permit_frequency as times_permitted,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from stale
join policies on policies.id = stale.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_stale'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
order by account, policies.account_id, stale.days desc, descriptions.subject, policies.id
