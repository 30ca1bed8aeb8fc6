-- title: >
--   How much each active policy is about, in one of twelve words.
-- notes: |
--   How much each active policy is about, in one of these words, from broad to narrow:
--   whole account (nothing but the account is named), all services, all account management services,
--   all IAM services, access tags, region, resource group, resource group itself, one service,
--   one service in a resource group, one instance, part of an instance.
--
--   For an authorization it is what its target names. That a kind, instance or region must only
--   exist narrows nothing. A list or a pattern counts as one; a list of kinds of services as what it
--   names. is_conditional: under a rule of time or of attributes.
with named as materialized (
  select
    policy_id,
    max(
      name = 'serviceType'
      and (value = 'service' or (operator glob '*AnyOf' and instr(value, '"service"')))
    ) as all_services,
    max(
      name = 'serviceType'
      and (
        value = 'platform_service' or (operator glob '*AnyOf' and instr(value, '"platform_service"'))
      )
    ) as all_management,
    max(name = 'service_group_id') as all_iam,
    max(
      name = 'serviceName'
      or (
        name = 'serviceType'
        and value not in ('service', 'platform_service')
        and not (
          operator glob '*AnyOf'
          and (instr(value, '"service"') or instr(value, '"platform_service"'))
        )
      )
    ) as service,
    max(name = 'serviceInstance') as instance,
    max(name = 'resourceGroupId') as resource_group,
    max(name = 'region') as region,
    max(name = 'resourceType' and value = 'resource-group') as group_itself,
    max(
      name not in (
        'accountId', 'serviceType', 'service_group_id', 'serviceName', 'serviceInstance',
        'resourceGroupId', 'region'
      )
    ) as part
  from policy_resource_attributes
  where not (
    name in ('serviceType', 'serviceInstance', 'region')
    and operator in ('stringExists', 'stringEquals', 'stringMatch')
    and value = iif(operator = 'stringExists', 'true', '*')
  )
  group by policy_id
)
select
  policies.id as policy_id,
  policies.account_id,
  policies.type,
  case
    when exists (select 1 from policy_resource_tags as tags where tags.policy_id = policies.id)
      then 'access tags'
    when named.group_itself then 'resource group itself'
    when named.part then 'part of an instance'
    when named.instance then 'one instance'
    when named.resource_group and (named.service or named.all_iam)
      then 'one service in a resource group'
    when named.resource_group then 'resource group'
    when named.service then 'one service'
    when named.region then 'region'
    when named.all_services and named.all_management then 'whole account'
    when named.all_iam then 'all IAM services'
    when named.all_management then 'all account management services'
    when named.all_services then 'all services'
    else 'whole account'
  end as scope,
  policies.rule is not null as is_conditional
from policies
left join named on named.policy_id = policies.id
where policies.state = 'active'
