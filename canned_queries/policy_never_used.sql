-- title: Policies never used
-- question: Which policies are older than 30 days and have never permitted anything?
-- category: Policies
-- severity: medium
-- why: >
--   Access that was granted but never needed is only an opportunity for abuse.
-- remediation: >
--   Ask the people who have it, then delete the policy with its command; it can be restored for 10
--   days.
-- notes: >
--   IBM Cloud's own page of inactive policies omits policies that were never used. Never means
--   since IBM Cloud began to record the last use, which is later than the creation of some
--   policies. The record is updated with some delay. A job that runs once a year looks unused, as
--   does access kept for emergencies. Service-to-service authorizations are left out, because IBM
--   does not say whether their use is recorded. A policy created by an enterprise template has no
--   command: change it in the template. A policy whose identity or access group no longer exists
--   has no command either: delete it through the API, DELETE
--   https://iam.cloud.ibm.com/v2/policies/POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, holder, target, roles, condition, days_old, created_at]
-- breakdown: {by: holder}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: holder
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  coalesce(identities.kind, 'access_group') as holder,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.created_at,
  cast(julianday(read.read_at) - julianday(policies.created_at) as integer) as days_old,
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
from policies
join accounts on accounts.account_id = policies.account_id
join collected_parts as read
  on read.account_id = policies.account_id
  and read.part = 'policies'
  and read.status = 'ok'
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join identities on identities.iam_id = policies.iam_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_never_used'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
  and policies.state = 'active'
  and policies.last_permit_at is null
  and julianday(read.read_at) - julianday(policies.created_at) > 30
order by account, policies.account_id, descriptions.subject, policies.created_at, policies.id
