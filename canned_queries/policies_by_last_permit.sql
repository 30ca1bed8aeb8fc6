-- title: Policies by last use
-- question: Which policies were never used, and which have been unused the longest?
-- category: Inventories
-- severity: info
-- why: >
--   A policy that has permitted nothing for years is access that nobody needs but somebody could
--   abuse.
-- remediation: >
--   Ask the subject's owner, then delete the policy; it can be restored for 10 days.
-- notes: >
--   IBM Cloud's own page of inactive policies omits policies that were never used; here they come
--   first. IBM Cloud updates the date with some delay. To delete a policy: ibmcloud iam
--   access-group-policy-delete GROUP POLICY_ID, user-policy-delete USER POLICY_ID,
--   service-policy-delete SERVICE_ID POLICY_ID, or authorization-policy-delete POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, target, roles, last_used, last_permit_at, times_permitted, condition]
-- breakdown: {by: last_used}
-- chart:
--   mark: bar
--   x_column: last_used
--   x_type: ordinal
--   y_column: policies
--   y_type: quantitative
--   color_column: type
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.last_permit_at,
  coalesce(substr(policies.last_permit_at, 1, 4), 'never') as last_used,
  coalesce(policies.last_permit_frequency, 0) as times_permitted,
  1 as policies,
  policies.type,
  policies.state,
  policies.created_at,
  policies.description,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  count(*) over () as report_rows
from policies
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
order by
  policies.last_permit_at is not null,
  policies.last_permit_at,
  policies.created_at,
  policies.id
