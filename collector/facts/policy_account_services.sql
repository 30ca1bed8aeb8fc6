-- title: Which policy reaches which account management service, and how much of it.
-- grain: one row for each active access policy and account management service that it reaches
-- key: [policy_id, service_name]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   service_name: The service, one of account_services.
--   reach: >
--     How wide the policy is: everything (it limits nothing but the account), all_account_management,
--     all_iam (the services that decide about access are in it, all of them), or one_service (some).
--   scope: conditional (under a rule), else part (of the service), else full.
--   is_whole:
--     is: >
--       1 if it reaches the whole service: a part that it names is any part. A condition does not count.
--     kind: integer
--     required: true
-- facets: [service_name, reach]
-- rests_on: [policies, policy_conditions, policy_resource_tags, policy_values]
-- errs: >
--   That a policy for the bare account includes account management is inferred: too much, if wrong.
-- notes: |
--   Decided by what the attributes match, however they are worded. A policy about a resource group, a
--   region, an instance or access tags reaches none: account management has no such thing.
with
  own(name) as (
    values ('accountId'), ('serviceName'), ('serviceType'), ('service_group_id')
  ),
  demands as materialized (
    select
      policy_id,
      position,
      name,
      min(not is_any) as limits,
      max(wants_absent) as wants_absent,
      max(
        case name
          when 'serviceType' then 'platform_service' glob pattern
          when 'service_group_id' then 'IAM' glob pattern
          when 'serviceName' then
            operator <> 'stringEquals' or value in (select service_name from account_services)
          when 'resourceGroupId' then wants_absent
          when 'region' then wants_absent
          when 'accountId' then 1
          else pattern is not null or wants_absent
        end
      ) as fits,
      max(name = 'serviceType' and 'service' glob pattern) as fits_instances,
      name not in (select name from own) and name not in ('resourceGroupId', 'region') as is_part
    from policy_values
    where side = 'target'
    group by policy_id, position
  ),
  candidates as materialized (
    select
      policies.id,
      policies.account_id,
      policies.rule is not null as is_conditional,
      max(coalesce(demands.is_part, 0)) as is_part,
      max(coalesce(demands.is_part and demands.limits, 0)) as names_part,
      max(coalesce(demands.name = 'serviceName' and demands.limits, 0)) as names_service,
      max(coalesce(demands.name = 'service_group_id', 0)) as names_group,
      max(
        coalesce(
          demands.limits
          and demands.name <> 'accountId'
          and not (demands.name = 'serviceType' and demands.fits_instances),
          0
        )
      ) as is_limited
    from granting_policies as policies
    left join demands on demands.policy_id = policies.id
    where policies.type = 'access'
      and policies.id not in (select policy_id from policy_resource_tags)
    group by policies.id
    having min(coalesce(demands.fits, 1)) = 1
      -- What names a part of nothing in particular is not about account management.
      and (
        max(coalesce(demands.name in ('serviceName', 'serviceType', 'service_group_id'), 0))
        or max(coalesce(demands.is_part and demands.limits and not demands.wants_absent, 0)) = 0
      )
  ),
  reached as (
    select candidates.*, account_services.service_name, account_services.is_iam
    from candidates
    cross join account_services
    where not exists (
      select 1
      from demands
      where demands.policy_id = candidates.id
        and demands.name in (select name from own)
        and not exists (
          select 1
          from policy_values as named
          where named.policy_id = demands.policy_id
            and named.side = 'target'
            and named.position = demands.position
            and iif(
              named.wants_absent,
              named.name = 'service_group_id' and not account_services.is_iam,
              case named.name
                when 'accountId' then candidates.account_id
                when 'serviceName' then account_services.service_name
                when 'serviceType' then 'platform_service'
                when 'service_group_id' then iif(account_services.is_iam, 'IAM', null)
              end glob named.pattern
            )
        )
    )
  )
select
  id,
  service_name,
  case
    when not is_limited then 'everything'
    when not names_service and not names_group then 'all_account_management'
    when sum(is_iam) over (partition by id) = (select sum(is_iam) from account_services)
      then 'all_iam'
    else 'one_service'
  end,
  case when is_conditional then 'conditional' when is_part then 'part' else 'full' end,
  not names_part
from reached
