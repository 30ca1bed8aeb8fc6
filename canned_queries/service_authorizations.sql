-- title: Service-to-service authorizations
-- question: Which services can use which other services, with which roles?
-- category: Inventories
-- severity: info
-- why: >
--   An authorization lets one service act on another without a person being involved.
-- remediation: >
--   Name the instances on both sides, or delete authorizations that are not needed with ibmcloud
--   iam authorization-policy-delete POLICY_ID.
-- notes: >
--   An authorization without an instance on either side applies to every instance, including those
--   created later. One from another account lets that account's services access this one.
-- references:
--   - "IBM Cloud Docs: Using authorizations to grant access between services"
-- shown: [source, target, roles, from_another_account, may_pass_it_on, last_permit_at]
-- breakdown: {by: target}
-- chart:
--   mark: bar
--   x_column: source
--   x_type: nominal
--   y_column: authorizations
--   y_type: quantitative
--   color_column: target
with source_accounts as materialized (
  select policy_id, max(value) as account_id
  from policy_values
  where side = 'source' and name = 'accountId' and operator = 'stringEquals'
  group by policy_id
)
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject as source,
  descriptions.roles,
  descriptions.target,
  coalesce(source_accounts.account_id <> policies.account_id, 0) as from_another_account,
  exists (
    select 1
    from policy_roles
    where policy_roles.policy_id = policies.id
      and policy_roles.role_id like '%:role:AuthorizationDelegator'
  ) as may_pass_it_on,
  policies.last_permit_at,
  1 as authorizations,
  policies.id as policy_id,
  count(*) over () as report_rows
from granting_policies as policies
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join source_accounts on source_accounts.policy_id = policies.id
where policies.type = 'authorization'
order by account, policies.account_id, source, descriptions.target, policies.id
