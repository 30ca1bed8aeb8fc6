-- title: >
--   Which policy reaches which account management service.
-- notes: |
--   Which active access policy reaches which account management service, and how much of it.
--
--   reach: how the policy gets there: everything (it limits nothing but the account),
--   all_account_management, all_iam, or one_service (it names services). A policy about a resource
--   group, a region or access tags reaches none: account management has no such thing. scope is
--   part where the policy names an access group, service ID or the like; conditional under a rule.
--   That a policy for the bare account includes account management is inferred: too much, if wrong.
with
  attribute_values as materialized (
    select policy_id, position, name, operator, value
    from policy_values
    where side = 'target'
  ),
  candidates as materialized (
    select
      policies.id,
      policies.account_id,
      case
        when policies.rule is not null then 'conditional'
        when max(
          attributes.name not in ('accountId', 'serviceName', 'serviceType', 'service_group_id')
        ) then 'part'
        else 'full'
      end as scope,
      case
        when max(attributes.name = 'serviceName') then 'one_service'
        when max(attributes.name = 'service_group_id') then 'all_iam'
        when max(attributes.name = 'serviceType') then 'all_account_management'
        else 'everything'
      end as reach
    from policies
    left join policy_resource_attributes as attributes on attributes.policy_id = policies.id
    where policies.type = 'access'
      and policies.state = 'active'
      and not exists (
        select 1 from policy_resource_tags as tags where tags.policy_id = policies.id
      )
      -- Most policies are about another service by name: they need no closer look.
      and not exists (
        select 1
        from policy_resource_attributes as others
        where others.policy_id = policies.id
          and coalesce(others.operator, 'stringEquals') = 'stringEquals'
          and others.value <> '*'
          and case others.name
            when 'serviceName'
              then others.value not in (select service_name from account_services)
            when 'serviceType' then others.value <> 'platform_service'
          end
      )
    group by policies.id
    having max(attributes.name in ('serviceName', 'serviceType', 'service_group_id'))
      or coalesce(max(attributes.name <> 'accountId'), 0) = 0
  )
select
  candidates.id as policy_id,
  account_services.service_name,
  candidates.reach,
  candidates.scope
from candidates
cross join account_services
where not exists (
  select 1
  from (
    select
      attributes.position,
      attributes.name,
      case attributes.name
        when 'accountId' then candidates.account_id
        when 'serviceName' then account_services.service_name
        when 'serviceType' then 'platform_service'
        when 'service_group_id' then iif(account_services.is_iam, 'IAM', null)
      end as actual
    from policy_resource_attributes as attributes
    where attributes.policy_id = candidates.id
      and attributes.name in (
        'accountId', 'serviceName', 'serviceType', 'service_group_id', 'resourceGroupId', 'region'
      )
  ) as wanted
  where not exists (
    select 1
    from attribute_values
    where attribute_values.policy_id = candidates.id
      and attribute_values.position = wanted.position
      and case attribute_values.operator
        when 'stringEquals' then attribute_values.value = wanted.actual
        when 'stringMatch' then
          wanted.actual glob replace(
            replace(replace(attribute_values.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'
          )
        when 'stringExists' then
          case attribute_values.value
            when 'false' then wanted.actual is null
            when 'true' then wanted.actual is not null
            when '*' then wanted.actual is not null
          end
      end
  )
)
