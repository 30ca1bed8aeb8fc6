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
-- policies, unless they are about something else than instances.
--
-- Account management services (serviceType platform_service, any service_group_id) are not in the
-- list of instances, and resourceType resource-group means the group itself, not what is in it.
--
-- scope: conditional (under a rule of time or attributes), else part (of an instance), else full.
-- target: policies with the same target reach the same instances. Thousands of policies have
-- far fewer targets, so whoever asks about all instances asks about one policy of each.
-- instance_guid, resource_group_id, service_name: what the policy names literally, where it
-- does, and guid_prefix: how a pattern of GUIDs begins. They are a first guess at the
-- instances, never the whole condition.
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
  );


-- Which policy reaches which service instance, and whether the whole of it (scope).
--
-- An instance is reached when every attribute of the policy holds for it; an attribute that
-- the policy lacks limits nothing, one that it has twice must hold twice. Comparisons are
-- case-sensitive. Every access tag that the policy asks for must be attached to the instance.
-- Policies reach instances of their own account only. Where this errs:
-- - An operator that IBM Cloud may add one day allows nothing: too little.
-- - What single services call their parts (bucket, path, namespace) is not looked into; the
--   policy reaches the instance with the scope part, though there may be no such part: too much.
-- - A rule that has run out still gives the scope conditional: too much.
--
-- How it is quick: what each policy names is looked up once, before anything else. The index
-- behind the narrowest thing that it names literally finds the candidates (GUIDs, resource group,
-- service or account; the other keys are null and find nothing), then every attribute is checked.
-- "between" instead of "=" on the account keeps SQLite from reading the whole table for every
-- policy, because it expects fewer rows; the cross join keeps policies outside. Filtered by a
-- policy or by an instance this takes a tenth of a second in an account of 10,000 instances and
-- 4,000 policies; unfiltered it can have millions of rows.
create view policy_instances as
with targets as materialized (
  select
    policy_id,
    account_id,
    scope,
    coalesce(instance_guid, guid_prefix) as first_guid,
    coalesce(instance_guid, guid_prefix || char(1114111)) as last_guid,
    case when coalesce(instance_guid, guid_prefix) is null then resource_group_id end as group_key,
    case when coalesce(instance_guid, guid_prefix, resource_group_id) is null then service_name end
      as service_key,
    case
      when coalesce(instance_guid, guid_prefix, resource_group_id, service_name) is null
        then account_id
    end as account_key
  from policy_targets
)
select
  targets.policy_id,
  instances.id as instance_id,
  targets.scope
from targets
cross join resource_service_instances as instances
where instances.account_id = targets.account_id
  and (
    instances.guid between targets.first_guid and targets.last_guid
    or instances.resource_group_id = targets.group_key
    or (instances.account_id = targets.account_id and instances.service_name = targets.service_key)
    or instances.account_id between targets.account_key and targets.account_key
  )
  and not exists (
    select 1
    from (
      select
        name,
        coalesce(operator, 'stringEquals') as operator,
        value as wanted, -- under a name that json_each has not
        case name
          when 'accountId' then instances.account_id
          when 'serviceName' then nullif(instances.service_name, '')
          when 'serviceInstance' then nullif(instances.guid, '')
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
        when operator = 'stringEquals' then actual = wanted or (wanted = '*' and actual is not null)
        when operator = 'stringMatch' then
          -- In a pattern {{*}} and {{?}} are literal; for GLOB, "[" is special as well.
          actual glob
            replace(replace(replace(wanted, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
        when operator = 'stringExists' then
          case wanted when 'true' then actual is not null when 'false' then actual is null end
        when operator in ('stringEqualsAnyOf', 'stringMatchAnyOf') then exists (
          select 1
          from json_each(case when json_valid(wanted) then wanted else json_array(wanted) end) as one
          where case operator
            when 'stringEqualsAnyOf' then
              actual = one.value or (one.value = '*' and actual is not null)
            else
              actual glob replace(
                replace(replace(one.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'
              )
          end
        )
      end,
      false
    )
  )
  and not exists (
    select 1
    from policy_resource_tags as tags
    where tags.policy_id = targets.policy_id
      and not exists (
        select 1
        from tag_attachments as attached
        where attached.instance_id = instances.id
          and attached.kind = 'access'
          and case coalesce(tags.operator, 'stringEquals')
            when 'stringEquals' then attached.name = tags.name || ':' || tags.value
            when 'stringMatch' then
              attached.name glob
                replace(tags.name, '[', '[[]') || ':' || replace(
                  replace(replace(tags.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'
                )
          end
      )
  );


-- The identities that an access group stands for, each once.
--
-- Whoever was put into a group and is found by one of its rules as well counts as static. The
-- Public Access group stands for every user and service ID of its account; that it may stand
-- for people without a login, too, is not shown.
create view access_group_identities as
select group_id as access_group_id, iam_id, membership_type
from access_group_members as members
where membership_type = 'static'
  or not exists (
    select 1
    from access_group_members as others
    where others.iam_id = members.iam_id
      and others.group_id = members.group_id
      and others.membership_type = 'static'
  )
union all
select access_groups.id, users.iam_id, 'public'
from access_groups
join users on users.account_id = access_groups.account_id
where access_groups.is_public = 1
union all
select access_groups.id, serviceids.iam_id, 'public'
from access_groups
join serviceids on serviceids.account_id = access_groups.account_id
where access_groups.is_public = 1;


-- Who can do what with which service instance, one row for each way in: the identity, the policy
-- (its own, or that of an access group it is in), one of the policy's roles, and the instance.
--
-- scope: full, part (of the instance) or conditional, as in policy_instances. access_group_id is
-- null for a policy of the identity itself. The account owner has all access without a policy
-- and has no row for it. Made to be filtered by iam_id, instance_id or policy_id.
create view effective_access as
select
  policies.iam_id,
  reached.instance_id,
  policy_roles.role_id,
  policies.id as policy_id,
  policies.access_group_id,
  reached.scope
from policies
join policy_instances as reached on reached.policy_id = policies.id
join policy_roles on policy_roles.policy_id = policies.id
where policies.access_group_id is null
  and policies.iam_id is not null
union all
select
  members.iam_id,
  reached.instance_id,
  policy_roles.role_id,
  policies.id,
  policies.access_group_id,
  reached.scope
from policies
join access_group_identities as members on members.access_group_id = policies.access_group_id
join policy_instances as reached on reached.policy_id = policies.id
join policy_roles on policy_roles.policy_id = policies.id;


-- The account management services, and whether service_group_id IAM stands for them too.
--
-- IBM Cloud has no list of them by API; "everything in the account" and serviceType
-- platform_service also stand for services that are not named here.
create view account_services as
select column1 as service_name, column2 as title, column3 as is_iam
from (
  values
    ('iam-access-management', 'IAM Access Management (policies and custom roles)', 1),
    ('iam-groups', 'IAM Access Groups', 1),
    ('iam-identity', 'IAM Identity (service IDs, trusted profiles, API keys, settings)', 1),
    ('user-management', 'User Management', 1),
    ('billing', 'Billing', 0),
    ('cloudshell', 'Cloud Shell', 0),
    ('context-based-restrictions', 'Context-based restrictions', 0),
    ('enterprise', 'Enterprise', 0),
    ('entitlement', 'License and Entitlement', 0),
    ('globalcatalog', 'Global Catalog', 0),
    ('globalcatalog-collection', 'Catalog Management', 0),
    ('project', 'Projects', 0),
    ('security-compliance', 'Security and Compliance Center', 0),
    ('support', 'Support Center', 0)
);


-- Which active access policy reaches which account management service, and how much of it.
--
-- reach: how the policy gets there: everything (it limits nothing but the account),
-- all_account_management, all_iam, or one_service (it names services). A policy about a resource
-- group, a region or access tags reaches none: account management has no such thing. scope is
-- part where the policy names an access group, service ID or the like; conditional under a rule.
-- That a policy for the bare account includes account management is inferred: too much, if wrong.
create view policy_account_services as
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
);


-- Who can do what with the account itself: users, groups, identities, policies, billing and so on.
-- One row for each way in, as in effective_access; reach and scope as in policy_account_services.
create view effective_account_access as
select
  policies.iam_id,
  reached.service_name,
  policy_roles.role_id,
  policies.id as policy_id,
  policies.access_group_id,
  reached.reach,
  reached.scope,
  policies.account_id
from policy_account_services as reached
join policies on policies.id = reached.policy_id
join policy_roles on policy_roles.policy_id = policies.id
where policies.access_group_id is null
  and policies.iam_id is not null
union all
select
  members.iam_id,
  reached.service_name,
  policy_roles.role_id,
  policies.id,
  policies.access_group_id,
  reached.reach,
  reached.scope,
  policies.account_id
from policy_account_services as reached
join policies on policies.id = reached.policy_id
join access_group_identities as members on members.access_group_id = policies.access_group_id
join policy_roles on policy_roles.policy_id = policies.id;


-- Access groups in words: the name, and how many identities the group stands for.
--
-- A group that only policies mention is deleted, or hidden from the token. It is called missing
-- where the listing of groups was read in full; else its ID stands alone. members is null where
-- the listings that it rests on were not read: not known is not none.
create view access_group_summaries as
with readings as materialized (
  select
    account_id,
    max(resource = 'access_groups') as groups_were_read,
    max(resource = 'access_group_members') as members_were_read,
    sum(resource in ('users', 'serviceids')) = 2 as everybody_was_read
  from collected_parts
  where status = 'ok'
  group by account_id
)
select
  access_groups.id as access_group_id,
  access_groups.account_id,
  coalesce(nullif(access_groups.name, ''), access_groups.id)
    || iif(access_groups.listed = 0 and readings.groups_were_read, ' (does not exist)', '')
    as name,
  iif(access_groups.listed = 0 and readings.groups_were_read, 1, 0) as is_missing,
  case
    when access_groups.is_public = 1 then
      case
        when readings.everybody_was_read then
          (select count(*) from users where users.account_id = access_groups.account_id)
          + (select count(*) from serviceids where serviceids.account_id = access_groups.account_id)
      end
    when readings.members_were_read then (
      select count(distinct members.iam_id)
      from access_group_members as members
      where members.group_id = access_groups.id
    )
  end as members
from access_groups
left join readings on readings.account_id = access_groups.account_id;


-- What policies name, one row for each value, with the operator made plain.
--
-- side: target (what the policy is about) or source (the service that an authorization is for;
-- the subjects of access policies are identities and groups, which are columns of policies).
-- operator: stringEquals, stringMatch or stringExists; lists are taken apart, a missing operator
-- means stringEquals, and stringEquals with * means stringExists. Others stay as they are.
-- account_id: the account in which the named things are; null where the policy leaves it open.
create view policy_values as
with attributes as (
  select
    attributes.policy_id,
    'target' as side,
    attributes.position,
    attributes.name,
    attributes.operator,
    attributes.value,
    case
      when exists (
        select 1
        from policy_resource_attributes as accounts
        where accounts.policy_id = attributes.policy_id and accounts.name = 'accountId'
      ) then (
        select min(accounts.value)
        from policy_resource_attributes as accounts
        where accounts.policy_id = attributes.policy_id
          and accounts.name = 'accountId'
          and coalesce(accounts.operator, 'stringEquals') = 'stringEquals'
      )
      else policies.account_id
    end as account_id
  from policy_resource_attributes as attributes
  join policies on policies.id = attributes.policy_id
  union all
  select
    attributes.policy_id,
    'source',
    attributes.position,
    attributes.name,
    attributes.operator,
    attributes.value,
    case
      when exists (
        select 1
        from policy_subjects as accounts
        where accounts.policy_id = attributes.policy_id and accounts.name = 'accountId'
      ) then (
        select min(accounts.value)
        from policy_subjects as accounts
        where accounts.policy_id = attributes.policy_id
          and accounts.name = 'accountId'
          and coalesce(accounts.operator, 'stringEquals') = 'stringEquals'
      )
      else policies.account_id
    end
  from policy_subjects as attributes
  join policies on policies.id = attributes.policy_id
  where policies.type = 'authorization'
)
select
  attributes.policy_id,
  attributes.side,
  attributes.position,
  attributes.name,
  case coalesce(attributes.operator, 'stringEquals')
    when 'stringEquals' then iif(each.value = '*', 'stringExists', 'stringEquals')
    when 'stringEqualsAnyOf' then iif(each.value = '*', 'stringExists', 'stringEquals')
    when 'stringMatchAnyOf' then 'stringMatch'
    else attributes.operator
  end as operator,
  each.value,
  attributes.account_id
from attributes
join json_each(
  case
    when attributes.operator like '%AnyOf' and json_valid(attributes.value) then attributes.value
    else json_array(attributes.value)
  end
) as each;


-- Instances that active policies name and that do not exist, one row for each name or pattern.
--
-- Every state counts as existing, a waiting deletion included, and a pattern exists when one
-- instance matches it; patterns of nothing but wildcards name nothing. Only what can be decided
-- is here: the account that the instance would be in is in the file and its instances were read
-- in full. Left out are services whose resources are in no list of service instances: VPC and
-- account management. Both leave too few rows rather than a wrong one; only an instance that
-- the token may not view is taken for missing.
create view missing_instances as
with
  readable_accounts as materialized (
    select account_id
    from collected_parts
    where resource = 'resource_service_instances' and status = 'ok'
  ),
  named as materialized (
    select policy_values.policy_id, side, position, operator, value, policy_values.account_id
    from policy_values
    join policies on policies.id = policy_values.policy_id
    where policy_values.name = 'serviceInstance'
      and policies.state = 'active'
      and policy_values.account_id in (select account_id from readable_accounts)
      and (operator = 'stringEquals' or (operator = 'stringMatch' and trim(value, '*?') <> ''))
  ),
  undecidable as materialized (
    select policy_id, side
    from policy_values
    where name = 'serviceName'
      and operator = 'stringEquals'
      and value in (
        'is', 'billing', 'cloudshell', 'context-based-restrictions', 'enterprise', 'entitlement',
        'globalcatalog', 'globalcatalog-collection', 'iam-access-management', 'iam-groups',
        'iam-identity', 'project', 'support', 'user-management'
      )
  )
select policy_id, side, position, operator, value, account_id
from named
where not exists (
    select 1
    from undecidable
    where undecidable.policy_id = named.policy_id and undecidable.side = named.side
  )
  and not (
    operator = 'stringEquals'
    and exists (
      select 1
      from resource_service_instances as instances
      where instances.guid = named.value and instances.account_id = named.account_id
    )
  )
  and not (
    operator = 'stringMatch'
    and exists (
      select 1
      from resource_service_instances as instances
      where instances.account_id = named.account_id
        and instances.guid glob
          replace(replace(replace(named.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
    )
  );


-- Policies in words: to whom, on what, with which roles, under which condition.
--
-- Things that the file knows appear under their names, others under their IDs. "(does not
-- exist)" and "(not in the account)" stand only where the listing that would show the thing
-- was read in full; what the token may not view looks the same.
create view policy_descriptions as
with
  read_parts as materialized (
    select account_id, resource from collected_parts where status = 'ok'
  ),
  missing as materialized (
    select policy_id, side, position, value from missing_instances
  ),
  named_values as (
    select
      policy_values.policy_id,
      policy_values.side,
      name,
      policy_values.position,
      case policy_values.operator
        when 'stringEquals' then
          case name
            when 'serviceInstance' then coalesce(
              (
                select nullif(instances.name, '')
                from resource_service_instances as instances
                where instances.guid = policy_values.value
                  and instances.account_id = policy_values.account_id
              ),
              policy_values.value || iif(missing.value is null, '', ' (does not exist)')
            )
            when 'resourceGroupId' then coalesce(
              (
                select nullif(resource_groups.name, '')
                from resource_groups
                where resource_groups.resource_group_id = policy_values.value
              ),
              policy_values.value || iif(
                policy_values.account_id in (
                  select account_id from read_parts where resource = 'resource_groups'
                ),
                ' (does not exist)',
                ''
              )
            )
            when 'resource' then coalesce(
              (
                select nullif(resource_groups.name, '')
                from resource_groups
                where resource_groups.resource_group_id = policy_values.value
              ),
              (
                select nullif(access_groups.name, '')
                from access_groups
                where access_groups.id = policy_values.value
              ),
              policy_values.value
            )
            when 'accountId' then coalesce(
              (select accounts.name from accounts where accounts.account_id = policy_values.value),
              policy_values.value
            )
            else policy_values.value
          end
        when 'stringMatch' then
          'matching ' || policy_values.value || iif(missing.value is null, '', ' (none exists)')
        when 'stringExists' then iif(policy_values.value = 'false', 'no', 'any')
        else policy_values.operator || ' ' || coalesce(policy_values.value, '')
      end as words
    from policy_values
    left join missing
      on missing.policy_id = policy_values.policy_id
      and missing.side = policy_values.side
      and missing.position = policy_values.position
      and missing.value = policy_values.value
    where name <> 'accountId'
      or policy_values.account_id is null
      or policy_values.account_id <> (
        select policies.account_id from policies where policies.id = policy_values.policy_id
      )
  ),
  attributes as (
    select policy_id, side, name, group_concat(words, ' or ') as words
    from named_values
    group by policy_id, side, position, name
  ),
  sides as (
    select
      policy_id,
      side,
      group_concat(words, ' and ') filter (where name = 'accountId') as account,
      group_concat(words, ' and ') filter (where name = 'serviceType') as service_type,
      group_concat(words, ' and ') filter (where name = 'service_group_id') as service_group,
      group_concat(words, ' and ') filter (where name = 'serviceName') as service,
      group_concat(words, ' and ') filter (where name = 'serviceInstance') as instance,
      group_concat(words, ' and ') filter (where name = 'resourceGroupId') as resource_group,
      group_concat(words, ' and ') filter (where name = 'region') as region,
      group_concat(words, ' and ') filter (where name = 'resourceType') as resource_type,
      group_concat(words, ' and ') filter (where name = 'resource') as resource,
      group_concat(name || ' ' || words, ', ') filter (
        where name not in (
          'accountId', 'serviceType', 'service_group_id', 'serviceName', 'serviceInstance',
          'resourceGroupId', 'region', 'resourceType', 'resource'
        )
      ) as others
    from attributes
    group by policy_id, side
  ),
  sentences as materialized (
    select
      policy_id,
      side,
      case
        when resource_type = 'resource-group'
          then 'Resource group ' || coalesce(resource, resource_group, 'any') || ' itself'
        else
          case
            when resource_type is not null and resource is not null
              then resource_type || ' ' || resource || ' of '
            when resource_type is not null then 'every ' || resource_type || ' of '
            when resource is not null then 'resource ' || resource || ' of '
            else ''
          end
          || case
            when instance is not null
              then coalesce(iif(service = 'any', 'any service', service) || ' ', '')
                || iif(instance in ('any', 'no'), instance || ' instance', 'instance ' || instance)
            when service in ('any', 'no') then service || ' service'
            when service is not null then iif(service glob 'matching *', 'services ', '') || service
            when service_type = 'service' then 'All Identity and Access enabled services'
            when service_type = 'platform_service' then 'All Account Management services'
            when service_type is not null then 'services of type ' || service_type
            when service_group = 'IAM' then 'All IAM Account Management services'
            when service_group is not null then 'services of group ' || service_group
            when coalesce(resource_group, region) is not null then 'Every service'
            else 'Everything in the account'
          end
          || coalesce(
            ' in ' || iif(
              resource_group in ('any', 'no'),
              resource_group || ' resource group',
              'resource group ' || resource_group
            ),
            ''
          )
          || coalesce(
            ' in ' || iif(region in ('any', 'no'), region || ' region', 'region ' || region), ''
          )
      end
      || coalesce(', ' || others, '')
      || coalesce(' of account ' || account, '') as words
    from sides
  ),
  identity_names as (
    select
      policies.id as policy_id,
      case identities.kind
        when 'service_id' then 'service ID '
        when 'trusted_profile' then 'trusted profile '
        else ''
      end
      || identities.name
      || iif(
        identities.kind <> 'service'
        and 3 = (
          select count(*)
          from read_parts
          where read_parts.account_id = policies.account_id
            and read_parts.resource in ('users', 'serviceids', 'trustedprofiles')
        )
        and not exists (
          select 1
          from users
          where users.iam_id = policies.iam_id and users.account_id = policies.account_id
        )
        and not exists (
          select 1
          from serviceids
          where serviceids.iam_id = policies.iam_id
            and serviceids.account_id = policies.account_id
        )
        and not exists (
          select 1
          from trustedprofiles
          where trustedprofiles.iam_id = policies.iam_id
            and trustedprofiles.account_id = policies.account_id
        ),
        ' (not in the account)',
        ''
      ) as name
    from policies
    join identities on identities.iam_id = policies.iam_id
  )
select
  policies.id as policy_id,
  case
    when policies.access_group_id is not null then 'access group ' || access_group_summaries.name
    when policies.iam_id is not null then identity_names.name
    else sources.words
  end as subject,
  coalesce(targets.words, 'Everything in the account')
    || coalesce(
      ', tagged '
      || (
        select group_concat(tags.name || ':' || tags.value, ' and ')
        from policy_resource_tags as tags
        where tags.policy_id = policies.id
      ),
      ''
    ) as target,
  (
    select group_concat(display_name, ', ')
    from (
      select coalesce(roles.display_name, policy_roles.display_name, roles.role_id) as display_name
      from policy_roles
      join roles on roles.role_id = policy_roles.role_id
      where policy_roles.policy_id = policies.id
      order by display_name, roles.role_id
    )
  ) as roles,
  case
    when policies.rule is null then null
    when policies.pattern = 'time-based-conditions:once' then 'between two moments'
    when policies.pattern like 'time-based-conditions:%' then 'at certain times'
    when policies.pattern like 'attribute-based-condition:%' then 'on resources with certain names'
    else 'under a condition'
  end as condition
from policies
left join access_group_summaries
  on access_group_summaries.access_group_id = policies.access_group_id
left join identity_names on identity_names.policy_id = policies.id
left join sentences as targets on targets.policy_id = policies.id and targets.side = 'target'
left join sentences as sources on sources.policy_id = policies.id and sources.side = 'source';
