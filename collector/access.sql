-- The views that every file has: what was read, what a policy reaches, policies in words.
--
-- They interpret static configuration. They do not decide access as IAM does: there is no
-- session, no time of day and no network here, and the account owner, who has all access
-- without a policy, is nowhere in them.


-- The newest state of each part of each account, and when the part was last read in full.
--
-- IBM Cloud refuses one part and grants another. A query that says "none", "unused" or "does
-- not exist" is true only where the part it rests on has the status ok: no permission must
-- not look like nothing there. What a listing leaves out without a word (policies and
-- instances that the token may not view) cannot be seen here.
create view collected_parts as
with steps as (
  select
    collections.account_id,
    collection_steps.resource,
    collection_steps.status,
    collection_steps.finished_at,
    max(collection_steps.finished_at) filter (where collection_steps.status = 'ok') over part
      as read_at,
    row_number() over (part order by collection_steps.collection_id desc) as age
  from collection_steps
  join collections on collections.id = collection_steps.collection_id
  window part as (partition by collections.account_id, collection_steps.resource)
)
select account_id, resource, status, finished_at, read_at
from steps
where age = 1;


-- The policies that can reach a service instance as far as the file can tell: active access
-- policies, unless they ask for access tags or are about something else than instances.
--
-- Tags attached to resources are not collected yet, so a policy that asks for some reaches
-- nothing here, which errs on the side of too little. Account management services
-- (serviceType platform_service, any service_group_id) are not in the list of instances, and
-- resourceType resource-group means the group itself, not what is in it.
--
-- scope: conditional (under a rule of time or attributes), else part (of an instance), else full.
-- target: policies with the same target reach the same instances. Thousands of policies have
-- far fewer targets, so whoever asks about all instances asks about one policy of each.
-- instance_guid, resource_group_id, service_name: what the policy names literally, where it
-- does; a first guess at the instances, never the whole condition.
create view policy_targets as
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
    select group_concat(attribute, ' ')
    from (
      select json_array(name, operator, value) as attribute
      from policy_resource_attributes as attributes
      where attributes.policy_id = policies.id
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
  ) as service_name
from policies
where policies.type = 'access'
  and policies.state = 'active'
  and not exists (
    select 1 from policy_resource_tags as tags where tags.policy_id = policies.id
  )
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
  );


-- Which policy reaches which service instance, and whether the whole of it (scope).
--
-- An instance is reached when every attribute of the policy holds for it; an attribute that
-- the policy lacks limits nothing, one that it has twice must hold twice. Comparisons are
-- case-sensitive. Policies reach instances of their own account only. Where this errs:
-- - An operator that IBM Cloud may add one day allows nothing: too little.
-- - What single services call their parts (bucket, path, namespace) is not looked into; the
--   policy reaches the instance with the scope part, though there may be no such part: too much.
-- - A rule that has run out still gives the scope conditional: too much.
--
-- How it is quick: the index behind the narrowest thing that the policy names literally finds
-- the candidates (one of the four keys is set, a null key finds nothing), then every attribute
-- is checked. "between" instead of "=" on the account keeps SQLite from reading the whole
-- table for every policy, because it expects fewer rows; the cross join keeps policies outside.
-- Filtered by a policy or by an instance this takes milliseconds in an account of 10,000
-- instances and 4,000 policies; unfiltered it can have millions of rows.
create view policy_instances as
select
  targets.policy_id,
  instances.id as instance_id,
  targets.scope
from (
  select
    policy_id,
    account_id,
    scope,
    instance_guid as guid_key,
    case when instance_guid is null then resource_group_id end as group_key,
    case when coalesce(instance_guid, resource_group_id) is null then service_name end
      as service_key,
    case when coalesce(instance_guid, resource_group_id, service_name) is null then account_id end
      as account_key
  from policy_targets
) as targets
cross join resource_service_instances as instances
where instances.account_id = targets.account_id
  and (
    instances.guid = targets.guid_key
    or instances.resource_group_id = targets.group_key
    or (instances.account_id = targets.account_id and instances.service_name = targets.service_key)
    or instances.account_id between targets.account_key and targets.account_key
  )
  and not exists (
    select 1
    from (
      select
        name,
        value,
        coalesce(operator, 'stringEquals') as operator,
        case name
          when 'accountId' then instances.account_id
          when 'serviceName' then instances.service_name
          when 'serviceInstance' then instances.guid
          when 'resourceGroupId' then instances.resource_group_id
          when 'region' then nullif(instances.region_id, '')
          when 'serviceType' then 'service'
        end as actual
      from policy_resource_attributes
      where policy_resource_attributes.policy_id = targets.policy_id
    )
    where not coalesce(
      case
        when name not in (
          'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId', 'region'
        ) then
          operator in (
            'stringEquals',
            'stringMatch',
            'stringExists',
            'stringEqualsAnyOf',
            'stringMatchAnyOf'
          )
        when operator = 'stringEquals' then actual = value or (value = '*' and actual is not null)
        when operator = 'stringMatch' then
          -- In a pattern {{*}} and {{?}} are literal; for GLOB, "[" is special as well.
          actual glob
            replace(replace(replace(value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
        when operator = 'stringExists' then
          case value when 'true' then actual is not null when 'false' then actual is null end
        when operator in ('stringEqualsAnyOf', 'stringMatchAnyOf') then exists (
          select 1
          from json_each(case when json_valid(value) then value else json_array(value) end) as any
          where case operator
            when 'stringEqualsAnyOf' then
              actual = any.value or (any.value = '*' and actual is not null)
            else
              actual glob replace(
                replace(replace(any.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'
              )
          end
        )
      end,
      false
    )
  );
