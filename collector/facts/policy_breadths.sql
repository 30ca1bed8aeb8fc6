-- title: The breadth of each active policy.
-- grain: one row for each active policy
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   type: access or authorization.
--   breadth: >
--     From broad to narrow: whole account (nothing but the account is named), all services, all
--     account management services, all IAM services, access tags, region, resource group, resource
--     group itself, one service, one service in a resource group, one instance, part of an instance;
--     or ended, if its condition has expired, or another account, if it names one.
--   is_conditional: {is: 1 if it has a condition on time or attributes., kind: integer}
-- facets: [account_id, breadth]
-- rests_on: [policies, policy_conditions, policy_demands]
-- errs: A list or pattern that excludes something counts as one object, however much it names.
-- notes: |
--   For an authorization, it is the breadth of its target. A requirement that something exists narrows
--   nothing, nor does a list or pattern that everything matches.
with
  named as (
    select
      policy_id,
      max(side = 'tag') as tags,
      max(name = 'service_group_id') as all_iam,
      max(name = 'accountId' and not fits_service) as elsewhere,
      max(name = 'serviceName' and limits) as service,
      max(name = 'serviceType' and not fits_service and not fits_management) as other_type,
      max(name = 'serviceType' and not fits_management) as no_management,
      max(name = 'serviceType' and not fits_service) as no_services,
      max(name = 'serviceInstance' and limits) as instance,
      max(name = 'resourceGroupId' and limits) as resource_group,
      max(name = 'region' and limits) as region,
      -- Account management has none of these, not even any.
      max(name in ('serviceInstance', 'resourceGroupId', 'region')) as of_instances,
      max(name = 'resourceType' and limits and not fits_service) as group_itself,
      max(is_part and limits) as part
    from policy_demands
    group by policy_id
  )
select
  policies.id,
  policies.account_id,
  policies.type,
  case
    when policies.id in (select policy_id from policy_conditions where has_ended) then 'ended'
    when named.elsewhere then 'another account'
    when named.tags then 'access tags'
    when named.group_itself then 'resource group itself'
    when named.part then 'part of an instance'
    when named.instance then 'one instance'
    when named.resource_group and (named.service or named.other_type or named.all_iam)
      then 'one service in a resource group'
    when named.resource_group then 'resource group'
    when named.service or named.other_type then 'one service'
    when named.region then 'region'
    when named.all_iam then 'all IAM services'
    when named.no_services then 'all account management services'
    when named.no_management or named.of_instances then 'all services'
    else 'whole account'
  end,
  policies.rule is not null
from policies
left join named on named.policy_id = policies.id
where policies.state = 'active'
