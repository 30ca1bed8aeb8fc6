-- title: Policies on instances that do not exist
-- question: Which policies and authorizations name a service instance that does not exist?
-- category: Policies
-- severity: medium
-- why: >
--   What is left over from deleted instances hides what matters, and counts towards the account's
--   limit of policies. An instance exists in every state, even while it waits for its deletion; a
--   pattern exists when it matches one. Only what can be decided is listed: VPC and account
--   management have no list of instances, and another account's instances are known only if that
--   account is in this file. An instance that the collecting token may not view looks as if it
--   did not exist.
-- remediation: >
--   Make sure that the instance is gone, then delete the policy with
--   ibmcloud iam access-group-policy-delete GROUP POLICY_ID, user-policy-delete USER POLICY_ID,
--   service-policy-delete SERVICE_ID POLICY_ID or authorization-policy-delete POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: type
with
  services as materialized (
    select policy_id, side, group_concat(value, ', ') as service
    from policy_values
    where name = 'serviceName' and operator in ('stringEquals', 'stringMatch')
    group by policy_id, side
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  missing.value as missing_instance,
  coalesce(services.service, 'any service') as service,
  missing.side,
  descriptions.subject,
  descriptions.roles,
  policies.type,
  policies.last_permit_at,
  1 as policies,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  count(*) over () as report_rows
from missing_instances as missing
join policies on policies.id = missing.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join services
  on services.policy_id = missing.policy_id and services.side = missing.side
order by
  account, policies.account_id, service, missing_instance, policies.id, missing.side,
  missing.position
