-- title: Policies of somebody who is gone
-- question: Which policies are given to an identity or access group that the account no longer has?
-- category: Policies
-- severity: medium
-- why: >
--   Such policies hide what matters and count towards the account's limit, and whoever rejoins the
--   account has the old access at once.
-- remediation: >
--   Make sure that nobody acts by it from another account, then delete the policy by the API:
--   DELETE https://iam.cloud.ibm.com/v2/policies/POLICY_ID. It can be restored for 10 days.
-- notes: >
--   The command line deletes policies by their subject and cannot do it here. Subjects that the
--   file knows to belong to another account are not listed here but in cross_account_access; a
--   subject whose account it does not know looks as if it were gone, and the access may be meant.
--   So do access groups that the collecting token may not see, and people if it may not see the
--   whole list. Each kind is looked at only where its list was read in full; people are not where
--   the account hides its users and the token saw only one. An identity that has an API key or a
--   service credential in the account is not taken for gone. IBM Cloud services cannot be looked
--   up.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, missing, target, roles, condition, created_at, last_permit_at]
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: missing
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with subjects as materialized (
  select policies.id as policy_id, absent.kind as missing
  from absent_identities as absent
  join policies
    on policies.iam_id = absent.iam_id
    and policies.account_id = absent.account_id
    and policies.access_group_id is null
  where absent.other_accounts is null
  union all
  select policies.id, 'access group'
  from policies
  join access_groups on access_groups.id = policies.access_group_id
  where access_groups.listed = 0
    and (policies.account_id, 'access group') in (select account_id, kind from complete_lists)
)
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
from subjects
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
