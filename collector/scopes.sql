-- How broad policies are: what the reports on privileges have in common.


-- How much each active policy is about, in one of these words, from broad to narrow:
-- whole account (nothing but the account is named), all services, all account management services,
-- all IAM services, access tags, region, resource group, resource group itself, one service,
-- one service in a resource group, one instance, part of an instance.
--
-- For an authorization it is what its target names. That a kind, instance or region must only
-- exist narrows nothing. A list or a pattern counts as one; a list of kinds of services as what it
-- names. is_conditional: under a rule of time or of attributes.
create view policy_scopes as
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
where policies.state = 'active';


-- Policies that make their holders privileged, each once, with the reason: Administrator on account
-- management as a whole or on one of the services that decide about access (IAM and users), in
-- full; or Administrator or Manager on all services. Under a condition too: it counts as
-- privileged while the condition holds.
create view privileged_policies as
select
  policy_scopes.policy_id,
  policy_scopes.account_id,
  policies.iam_id,
  policies.access_group_id,
  group_concat(distinct coalesce(roles.display_name, roles.role_id)) || ' on '
    || iif(
      policy_scopes.scope = 'one service',
      (
        select group_concat(attributes.value, ', ')
        from policy_resource_attributes as attributes
        where attributes.policy_id = policy_scopes.policy_id and attributes.name = 'serviceName'
      ),
      policy_scopes.scope
    ) as why
from policy_scopes
join policies on policies.id = policy_scopes.policy_id
join policy_roles on policy_roles.policy_id = policy_scopes.policy_id
join roles on roles.role_id = policy_roles.role_id
where policy_scopes.type = 'access'
  and case
    when policy_scopes.scope in ('whole account', 'all services') then
      policy_roles.role_id glob '*:role:Administrator'
      or policy_roles.role_id glob '*:serviceRole:Manager'
    when policy_scopes.scope in ('all account management services', 'all IAM services') then
      policy_roles.role_id glob '*:role:Administrator'
    when policy_scopes.scope = 'one service' then
      policy_roles.role_id glob '*:role:Administrator'
      and exists (
        select 1
        from policy_resource_attributes as attributes
        where attributes.policy_id = policy_scopes.policy_id
          and attributes.name = 'serviceName'
          and attributes.operator in ('stringEquals', 'stringMatch')
          and attributes.value in (
            'iam-access-management', 'iam-groups', 'iam-identity', 'user-management'
          )
      )
    else false
  end
group by policy_scopes.policy_id;


-- Claim rules without one condition that limits well whom they let in: dynamic rules of access
-- groups (kind access_group), and rules of trusted profiles for federated people (trusted_profile).
--
-- All conditions of a rule must hold, so one good condition is enough. Weak are operators that only
-- exclude, CONTAINS (which on a list is exact, but which claims are lists is not in the data), and
-- claims that many people share, under their usual names. Other operators than the six that IBM
-- documents are not judged. conditions: in words.
create view weak_claim_rules as
with
  rules as (
    select 'access_group' as kind, id, conditions from access_group_rules
    union all
    select 'trusted_profile', id, conditions from trustedprofile_rules where type = 'Profile-SAML'
  ),
  conditions as materialized (
    select
      rules.kind,
      rules.id as rule_id,
      each.key as position,
      iif(each.type = 'object', json_extract(each.value, '$.claim'), null) as claim,
      iif(each.type = 'object', upper(json_extract(each.value, '$.operator')), null) as operator,
      iif(each.type = 'object', json_extract(each.value, '$.value'), null) as value
    from rules
    join json_each(rules.conditions) as each
  ),
  judged as materialized (
    select
      kind,
      rule_id,
      position,
      claim || ' ' || operator || ' ' || case
        when json_valid(value) then
          iif(json_type(value) = 'text', json_extract(value, '$'), value)
        else value
      end as condition,
      case
        when operator in ('NOT_EQUALS', 'NOT_EQUALS_IGNORE_CASE') then 'only excludes'
        when operator = 'CONTAINS' then 'part of a text, unless a list'
        when operator in ('EQUALS', 'EQUALS_IGNORE_CASE', 'IN')
          -- The last part of a claim that is named by a URL, without underscores.
          and lower(replace(replace(claim, rtrim(claim, replace(claim, '/', '')), ''), '_', ''))
            in (
              'c', 'city', 'co', 'company', 'companyname', 'country', 'countrycode', 'domain',
              'emailverified', 'employeetype', 'l', 'language', 'locale', 'location', 'o',
              'organisation', 'organization', 'preferredlanguage', 'region', 'timezone', 'usertype'
            )
          then 'shared by many people'
      end as weakness
    from conditions
  )
select
  kind,
  rule_id,
  group_concat(condition, ' and ') as conditions,
  case
    when min(weakness) = max(weakness) then min(weakness)
    else 'several weak conditions'
  end as weakness
from (select * from judged order by kind, rule_id, position)
group by kind, rule_id
having count(*) = count(weakness)
union all
select kind, id, 'none', 'no condition'
from rules
where not exists (
  select 1
  from conditions
  where conditions.kind = rules.kind and conditions.rule_id = rules.id
);
