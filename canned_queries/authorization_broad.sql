-- title: Broad service-to-service authorizations
-- question: >
--   Which authorizations apply to every instance of a service, or come from another account?
-- category: Policies
-- severity: high
-- why: >
--   Anyone who can create an instance of the source service can use the target through such an
--   authorization. If the source is in another account, you have no control over who that is.
-- remediation: >
--   Authorize only the instances that need it, and only then delete this authorization with its
--   command. The order matters, because services that lose access to their key management service
--   lose their data.
-- notes: >
--   An authorization that names no instance on one side applies to every instance on that side,
--   including any that are created later. A resource group narrows it but names no instance, so
--   the authorization is listed. If a side is VPC or account management, it has no instances, and
--   that side is not judged. may_pass_it_on shows whether the source can delegate the access to
--   services that it works with. To authorize single instances: ibmcloud iam
--   authorization-policy-create SOURCE TARGET ROLES --source-service-instance-id GUID
--   --target-service-instance-id GUID. Verify the other account.
-- references:
--   - "IBM Cloud Docs: Using authorizations to grant access between services"
-- shown: [source, target, roles, broad_because, may_pass_it_on, created_at]
-- breakdown: {by: broad_because}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: broad_because
--   x_type: nominal
--   y_column: authorizations
--   y_type: quantitative
with
  sides as materialized (
    select
      policy_values.policy_id,
      policy_values.side,
      max(
        policy_values.name = 'serviceInstance'
        and policy_values.operator in ('stringEquals', 'stringMatch')
        and trim(policy_values.value, '*?') <> ''
      ) as has_instance,
      max(
        policy_values.name = 'serviceName'
        and policy_values.operator = 'stringEquals'
        and (
          policy_values.value = 'is'
          or policy_values.value in (select service_name from account_services)
        )
      ) or max(policy_values.name = 'service_group_id')
        or max(policy_values.name = 'serviceType' and policy_values.value = 'platform_service')
        as knows_no_instances,
      max(
        policy_values.name = 'accountId'
        and (
          policy_values.operator <> 'stringEquals'
          or policy_values.value <> policies.account_id
        )
      ) as is_elsewhere
    from granting_policies as policies
    cross join policy_values on policy_values.policy_id = policies.id
    where policies.type = 'authorization'
    group by policy_values.policy_id, policy_values.side
  ),
  judged as materialized (
    select
      policies.id as policy_id,
      coalesce(source.is_elsewhere, 0) as is_elsewhere,
      not coalesce(source.has_instance or source.knows_no_instances, 0) as any_source,
      not coalesce(target.has_instance or target.knows_no_instances, 0) as any_target
    from granting_policies as policies
    left join sides as source on source.policy_id = policies.id and source.side = 'source'
    left join sides as target on target.policy_id = policies.id and target.side = 'target'
    where policies.type = 'authorization'
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject as source,
  descriptions.target,
  descriptions.roles,
  substr(
    iif(judged.any_source, ', every source instance', '')
      || iif(judged.any_target, ', every target instance', '')
      || iif(judged.is_elsewhere, ', from another account', ''),
    3
  ) as broad_because,
  iif(
    exists (
      select 1
      from policy_roles
      where policy_roles.policy_id = policies.id
        and policy_roles.role_id glob '*:role:AuthorizationDelegator'
    ),
    'yes',
    'no'
  ) as may_pass_it_on,
  policies.created_at,
  1 as authorizations,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from judged
join policies on policies.id = judged.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'authorization_broad'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where judged.any_source or judged.any_target or judged.is_elsewhere
order by account, policies.account_id, source, descriptions.target, policies.id
