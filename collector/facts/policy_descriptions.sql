-- title: Policies in words, with their subject, target, roles, and condition.
-- grain: one row for each policy
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   subject: Whom it grants access to; for an authorization, the source.
--   target: What it applies to.
--   roles: "The names of its roles, separated by commas."
--   condition: The condition under which it applies; empty if always.
-- rests_on:
--   [absent_identities, access_group_summaries, access_groups, accounts, complete_lists,
--   identities, known_resources, missing_instances, policies, policy_conditions,
--   policy_resource_tags, policy_roles, policy_values, resource_groups, roles]
-- notes: |
--   Policies in words: to whom, on what, with which roles, under which condition.
--
--   Things that the file knows appear under their names, others under their IDs. "(does not
--   exist)" and "(not in the account)" stand only where every list that would show the thing
--   was read in full and nothing else knows of it; what the token may not view looks the same.
--   Identities that belong to another account, as far as the file knows, are "(of account ...)".
with
  complete as materialized (
    select account_id, kind from complete_lists
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
                select known.name
                from known_resources as known
                where known.guid = policy_values.value
                  and known.account_id = policy_values.account_id
                  and known.name is not null
                order by known.known_from <> 'instances'
                limit 1
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
                  select account_id from complete where kind = 'resource group'
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
    where policy_values.side in ('target', 'source')
      and (
        name <> 'accountId'
        or policy_values.account_id is null
        or policy_values.account_id <> (
          select policies.account_id from policies where policies.id = policy_values.policy_id
        )
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
            when side = 'source' then 'Every service'
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
      || coalesce(
        ' of ' || iif(account in ('any', 'no'), account || ' account', 'account ' || account), ''
      ) as words
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
      || coalesce(
        (
          select coalesce(' (of account ' || absent.other_accounts || ')', ' (not in the account)')
          from absent_identities as absent
          where absent.iam_id = policies.iam_id and absent.account_id = policies.account_id
        ),
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
    when policies.type = 'authorization'
      then coalesce(sources.words, 'Every service of the account')
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
  policy_conditions.words as condition
from policies
left join policy_conditions on policy_conditions.policy_id = policies.id
left join access_group_summaries
  on access_group_summaries.access_group_id = policies.access_group_id
left join identity_names on identity_names.policy_id = policies.id
left join sentences as targets on targets.policy_id = policies.id and targets.side = 'target'
left join sentences as sources on sources.policy_id = policies.id and sources.side = 'source'
