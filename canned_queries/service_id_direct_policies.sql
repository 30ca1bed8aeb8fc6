-- title: Policies assigned directly to service IDs
-- question: Which policies are assigned directly to a service ID instead of to an access group?
-- category: Service IDs
-- severity: medium
-- why: >
--   Access through groups can be reviewed and changed in one place. Policies of individual service
--   IDs accumulate unnoticed and count toward the account's limit.
-- remediation: >
--   Assign the same policy to an access group and add the service ID to it with ibmcloud iam
--   access-group-service-id-add GROUP SERVICE_ID. Only then delete this policy with its command.
-- notes: >
--   Service IDs that the console or a service created for its own use, along with a credential or
--   a cluster, are listed as well: leave their policies as they are. Policies for service IDs of
--   other accounts are not listed here. The policies of a locked service ID cannot be changed, so
--   the command unlocks it first and locks it again afterward.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [serviceid, target, roles, condition, last_permit_at, is_locked]
-- breakdown: {by: roles}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: serviceid
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
select
  coalesce(accounts.name, policies.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.last_permit_at,
  iif(serviceids.locked = 1, 'yes', 'no') as is_locked,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  serviceids.id as serviceid_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from granting_policies as policies
join accounts on accounts.account_id = policies.account_id
join serviceids
  on serviceids.iam_id = policies.iam_id and serviceids.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_direct_policies'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.type = 'access'
order by account, policies.account_id, serviceid, serviceids.id, policies.id
