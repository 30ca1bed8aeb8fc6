-- title: Policies on instances that do not exist
-- question: Which policies and authorizations name a service instance that does not exist?
-- category: Policies
-- severity: medium
-- why: >
--   Policies left over from deleted instances distract from the ones that matter, and count toward
--   the account's policy limit.
-- remediation: >
--   Make sure that the instance no longer exists, then delete the policy with its command.
-- notes: >
--   An instance counts as deleted only if it is found nowhere. It exists in every state, even
--   while its deletion is pending, and so does anything that search, a service credential, a
--   trusted profile's link, a tag, or another service's authorization names. A pattern exists if
--   it matches an instance. A policy is listed only if this can be decided, that is, if the list
--   of instances and search were both read in full. VPC and account management have no instances,
--   and the instances of another account are known only if that account is in this file. An
--   instance that the collecting token may not view looks as if it did not exist. A policy whose
--   list also names other instances, which might exist, has no command: remove the missing one
--   from the list in the console.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [missing_instance, service, side, subject, roles, type, last_permit_at]
-- breakdown: {by: service}
-- identifiers: [policy_id, side, missing_instance]
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
  ),
  named as materialized (
    select policy_id, side, position, value from missing_instances
  ),
  -- One attribute all of whose values are missing is enough for a policy never to hold.
  dead as materialized (
    select distinct policy_id
    from (
      select policy_id, side, position, 1 as is_missing from named
      union all
      select policy_id, side, position, -1 from policy_values where name = 'serviceInstance'
    )
    group by policy_id, side, position
    having sum(is_missing) = 0
  ),
  missing as materialized (
    select distinct policy_id, side, value from named
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
  iif(dead.policy_id is null, null, policy_commands.command) as command,
  policy_commands.console,
  iif(dead.policy_id is null, null, policy_commands.remark) as remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from missing
join policies on policies.id = missing.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join services
  on services.policy_id = missing.policy_id and services.side = missing.side
left join dead on dead.policy_id = policies.id
left join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'services_referenced_not_existing'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id || ' ' || missing.side || ' ' || missing.value
order by account, policies.account_id, service, missing_instance, policies.id, missing.side
