-- title: >
--   The policies that make full administrators, and what each brings.
-- notes: |
--   The policies that make full administrators, and what each of them contributes: Administrator and
--   Manager on all services, Administrator on all account management services.
--
--   Active access policies without a condition that name nothing but the account and kinds of
--   services. A policy for the bare account counts for both kinds, as in policy_account_services.
with
  candidates as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      policies.access_group_id,
      policies.iam_id,
      max(policy_roles.role_id glob '*:role:Administrator') as administers,
      max(policy_roles.role_id glob '*:serviceRole:Manager') as manages
    from policies
    join policy_roles on policy_roles.policy_id = policies.id
    where policies.type = 'access'
      and policies.state = 'active'
      and policies.rule is null
      and (
        policy_roles.role_id glob '*:role:Administrator'
        or policy_roles.role_id glob '*:serviceRole:Manager'
      )
      and not exists (
        select 1 from policy_resource_tags as tags where tags.policy_id = policies.id
      )
      and not exists (
        select 1
        from policy_resource_attributes as attributes
        where attributes.policy_id = policies.id
          and attributes.name not in ('accountId', 'serviceType')
      )
    group by policies.id
  ),
  service_types(service_type) as (values ('service'), ('platform_service'))
select
  policy_id,
  account_id,
  access_group_id,
  iam_id,
  max(administers and service_type = 'service') as administers_services,
  max(manages and service_type = 'service') as manages_services,
  max(administers and service_type = 'platform_service') as administers_account
from candidates
join service_types
where not exists (
    select 1
    from policy_resource_attributes as attributes
    where attributes.policy_id = candidates.policy_id
      and not exists (
        select 1
        from json_each(
          case
            when attributes.operator glob '*AnyOf' and json_valid(attributes.value)
              then attributes.value
            else json_array(attributes.value)
          end
        ) as each
        where case
          when attributes.operator in ('stringMatch', 'stringMatchAnyOf') then
            iif(attributes.name = 'accountId', candidates.account_id, service_type)
              glob replace(each.value, '[', '[[]')
          when attributes.operator = 'stringExists' then each.value <> 'false'
          when coalesce(attributes.operator, 'stringEquals')
            in ('stringEquals', 'stringEqualsAnyOf') then
            each.value in (
              iif(attributes.name = 'accountId', candidates.account_id, service_type), '*'
            )
        end
      )
  )
  and (administers or service_type = 'service')
group by policy_id
