-- title: Policies covered by a broader policy
-- question: Which policies grant nothing that another policy of the same subject does not grant?
-- category: Policies
-- severity: low
-- why: >
--   Such policies count toward the account's limit, and if you narrow only one of the two
--   policies, the access does not change.
-- remediation: >
--   Compare the policy with the one that covers it (covered_by), then delete it with its command;
--   it can be restored for 10 days.
-- notes: >
--   Only certain cases are listed: the other policy belongs to the same identity or access group,
--   grants at least the same roles by name, requires nothing of the resource (attributes and
--   access tags) that this policy does not require in the same words, and has no condition or the
--   same one. Of two equal policies, the one that was used last is not listed; if neither was used,
--   the older one is not. The report does not check access that an identity also has through an
--   access group, roles that include one another, patterns that match one another, services as part
--   of all services, or public access. IBM Cloud might record a use for either of the two policies.
--   If only the narrower one is used, policy_right_size keeps it instead of the broader one. A
--   policy created by an enterprise template has no command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, target, roles, covered_by_target, covered_by_roles, redundant_because, condition]
-- breakdown: {by: redundant_because}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: redundant_because
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  wide.target as covered_by_target,
  wide.roles as covered_by_roles,
  case
    when pairs.dropped > 0 then 'a broader target'
    when pairs.without_rule then 'no condition'
    when wide.roles = descriptions.roles then 'the same again'
    else 'more roles'
  end as redundant_because,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  pairs.covered_by,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from covered_policies as pairs
join policies on policies.id = pairs.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_descriptions as wide on wide.policy_id = pairs.covered_by
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_redundant'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
order by account, policies.account_id, descriptions.subject, policies.id
