-- title: >
--   What each active access policy can reach, as far as it names it literally.
-- notes: |
--   The policies that can reach a service instance as far as the file can tell: active access
--   policies, unless they are about something else than instances.
--
--   Account management services (serviceType platform_service, any service_group_id) are not in the
--   list of instances, and resourceType resource-group means the group itself, not what is in it.
--
--   scope: conditional (under a rule of time or attributes), else part (of an instance), else full.
--   target: policies with the same target reach the same instances. Thousands of policies have
--   far fewer targets, so whoever asks about all instances asks about one policy of each.
--   instance_guid, resource_group_id, service_name: what the policy names literally, where it
--   does, and guid_prefix: how a pattern of GUIDs begins. They are a first guess at the
--   instances, never the whole condition.
select
  policies.id as policy_id,
  policies.account_id,
  case
    when policies.rule is not null then 'conditional'
    when exists (
      select 1
      from policy_resource_attributes as attributes
      where attributes.policy_id = policies.id
        and attributes.name not in (
          'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId', 'region'
        )
    ) then 'part'
    else 'full'
  end as scope,
  (
    select coalesce(group_concat(attribute, ' '), '')
    from (
      select json_array(name, operator, value) as attribute
      from policy_resource_attributes as attributes
      where attributes.policy_id = policies.id
      union all
      select json_array('tag', name, operator, value)
      from policy_resource_tags as tags
      where tags.policy_id = policies.id
      order by attribute
    )
  ) as target,
  (
    select min(value)
    from policy_resource_attributes as attributes
    where attributes.policy_id = policies.id
      and attributes.name = 'serviceInstance'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value <> '*'
  ) as instance_guid,
  (
    select min(value)
    from policy_resource_attributes as attributes
    where attributes.policy_id = policies.id
      and attributes.name = 'resourceGroupId'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value <> '*'
  ) as resource_group_id,
  (
    select min(value)
    from policy_resource_attributes as attributes
    where attributes.policy_id = policies.id
      and attributes.name = 'serviceName'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value <> '*'
  ) as service_name,
  (
    select min(
      nullif(substr(value, 1, instr(replace(replace(value, '?', '*'), '{', '*'), '*') - 1), '')
    )
    from policy_resource_attributes as attributes
    where attributes.policy_id = policies.id
      and attributes.name = 'serviceInstance'
      and attributes.operator = 'stringMatch'
  ) as guid_prefix
from policies
where policies.type = 'access'
  and policies.state = 'active'
  and not exists (
    select 1
    from policy_resource_attributes as attributes
    where attributes.policy_id = policies.id
      and (
        attributes.name = 'service_group_id'
        or (attributes.name = 'serviceType' and attributes.value = 'platform_service')
        or (
          attributes.name = 'resourceType'
          and attributes.value in ('resource-group', '["resource-group"]')
        )
      )
  )
