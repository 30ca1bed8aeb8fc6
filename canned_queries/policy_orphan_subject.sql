-- title: Policies of deleted identities and access groups
-- question: >
--   Which policies are assigned to an identity or access group that the account no longer has?
-- category: Policies
-- severity: medium
-- why: >
--   Such policies distract from the ones that matter and count toward the account's limit. A
--   person who rejoins the account gets the old access back immediately.
-- remediation: >
--   Make sure that nobody uses the policy from another account, then delete it through the API:
--   DELETE https://iam.cloud.ibm.com/v2/policies/POLICY_ID. It can be restored for 10 days.
-- notes: >
--   The command line deletes policies by their subject, so it cannot delete these. Subjects that
--   the file knows to belong to another account are listed in cross_account_access instead. If the
--   file does not know a subject's account, the subject looks deleted, although its access might
--   be intended. The same applies to access groups that the collecting token may not view, and to
--   people if the token may not view the whole list. Each kind of subject is checked only if its
--   list was read in full; people are not checked if the account hides its users and the token saw
--   only one. An identity that has an API key or a service credential in the account is not
--   considered deleted. IBM Cloud services cannot be looked up.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, missing, target, roles, condition, created_at, last_permit_at]
-- breakdown: {by: missing}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: missing
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  subjects.missing,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  null as command,
  null as console,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from policies_without_subject as subjects
join policies on policies.id = subjects.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_orphan_subject'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
  and policies.state = 'active'
order by account, policies.account_id, descriptions.subject, policies.id
