-- title: Policies assigned directly to users
-- question: Which policies are assigned directly to a user instead of to an access group?
-- category: Users
-- severity: medium
-- why: >
--   Access through groups can be reviewed and changed in one place. Policies of individual users
--   accumulate unnoticed, remain when people change jobs, and count toward the account's limit.
-- remediation: >
--   Assign the same policy to an access group and add the user to it with ibmcloud iam
--   access-group-user-add GROUP USER. Only then delete this policy with its command.
-- notes: >
--   A policy with a condition is listed as well. Policies for people who are not (or no longer) in
--   the account are not listed here, nor is access through an access group or a trusted profile.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.12, v2.0 1.14"
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [user, target, roles, condition, state, last_permit_at, login]
-- breakdown: {by: user}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: user
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
select
  coalesce(accounts.name, policies.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.state,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.last_permit_at,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from granting_policies as policies
join accounts on accounts.account_id = policies.account_id
join users on users.iam_id = policies.iam_id and users.account_id = policies.account_id
join identities on identities.iam_id = policies.iam_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_direct_policies'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
order by account, policies.account_id, user, users.id, policies.id
