-- title: The services that each policy applies to, and how much of them.
-- grain: >
--   one row for each active access policy and known service that it applies to
-- key: [policy_id, service_type, service_name]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, indexed: false, required: true}
--   service_type: {is: "service, or platform_service for account management.", required: true}
--   service_name: {is: "The service; empty represents instances whose service is not known.", required: true}
--   reach: >
--     The extent of the policy: everything (limited only to the account), all_services or
--     all_account_management (it names no service), all_iam (it includes all services that control
--     access), or one_service (some services).
--   scope: >
--     conditional (it has a condition), otherwise part (only certain instances, locations, tags, or
--     parts), otherwise full.
--   is_whole:
--     is: >
--       1 if it reaches the whole service: any part that it names is unlimited. Conditions are ignored.
--     kind: integer
--     required: true
--   is_unplaced:
--     is: 1 if it reaches what the service has outside instances and resource groups.
--     kind: integer
--     required: true
-- rests_on:
--   [instance_facts, policies, policy_conditions, policy_demands, policy_values, role_actions]
-- errs: >
--   It is inferred that a policy whose only target is the account includes account management; if that
--   is wrong, access is overstated.
-- notes: |
--   This is the one place that decides which services a policy applies to, by what its attributes
--   match, however they are worded. An attribute that the policy lacks limits nothing; each attribute
--   that it has must match. An attribute that must be absent matches if the service lacks it, and any
--   value matches if the service does not. Whether a single instance is reached is decided in target_pairs.
--
--   Services are those that have instances, that roles have actions on, or that policies name, and
--   those that reports check, whether the account has them or not.
with
  services as materialized (
    select
      'platform_service' as service_type,
      service_name,
      iif(is_iam, 'IAM', null) as service_group,
      is_iam
    from account_services
    union all
    select 'service', service_name, null, 0
    from (
      select coalesce(service_name, '') as service_name
      from instance_facts
      union
      select service_name
      from (
        select service_name
        from role_actions
        union
        select value
        from policy_values
        where side = 'target' and name = 'serviceName' and operator = 'stringEquals'
        union
        select column1
        from (values ('atracker'), ('logs-router'), ('cloud-object-storage'))
      )
      where service_name <> '' and service_name not in (select service_name from account_services)
    )
  ),
  -- Few: thousands of policies say the same about services.
  wordings as materialized (
    select distinct name, patterns, wants_absent
    from policy_demands
    where side = 'target' and name in ('serviceName', 'service_group_id')
  ),
  fitting as materialized (
    select
      wordings.name, wordings.patterns, wordings.wants_absent, services.service_type,
      services.service_name
    from wordings
    cross join services
    where iif(
      wordings.wants_absent,
      iif(wordings.name = 'serviceName', nullif(services.service_name, ''), services.service_group)
        is null,
      exists (
        select 1
        from json_each(wordings.patterns) as each
        where iif(
          wordings.name = 'serviceName', nullif(services.service_name, ''), services.service_group
        ) glob each.value
      )
    )
  ),
  asked as materialized (
    select
      policies.id as policy_id,
      policies.rule is not null as is_conditional,
      count(*) filter (where demands.name in ('serviceName', 'service_group_id')) as about_services,
      min(coalesce(demands.fits_service, 1)) as fits_service,
      min(coalesce(demands.fits_unplaced, 1)) as is_unplaced,
      min(coalesce(demands.fits_management, 1))
        -- What names a part of nothing in particular is not about account management.
        and (
          max(coalesce(demands.name in ('serviceName', 'serviceType', 'service_group_id'), 0))
          or max(
            coalesce(
              (demands.is_part or demands.name = 'serviceInstance')
              and demands.limits
              and not demands.wants_absent,
              0
            )
          ) = 0
        ) as fits_management,
      max(coalesce(demands.is_part, 0)) as is_part,
      max(coalesce(demands.is_part and demands.limits, 0)) as names_part,
      max(coalesce(demands.name = 'serviceInstance', 0)) as has_instance,
      max(coalesce(demands.name = 'serviceInstance' and demands.limits, 0)) as names_instance,
      max(
        coalesce(
          demands.side = 'tag'
          or (demands.name in ('resourceGroupId', 'region') and demands.limits),
          0
        )
      ) as names_place,
      max(coalesce(demands.name = 'serviceName' and demands.limits, 0))
        or max(coalesce(demands.name = 'service_group_id', 0)) as names_services,
      max(
        coalesce(
          demands.limits
          and demands.name <> 'accountId'
          and not (
            demands.name = 'serviceType' and demands.fits_service and demands.fits_management
          ),
          0
        )
      ) as is_limited
    from granting_policies as policies
    left join policy_demands as demands on demands.policy_id = policies.id
    where policies.type = 'access'
    group by policies.id
  ),
  reached as materialized (
    select asked.policy_id, services.service_type, services.service_name
    from asked
    cross join services
    where asked.about_services = 0
      and iif(services.service_type = 'service', asked.fits_service, asked.fits_management)
    union all
    select asked.policy_id, fitting.service_type, fitting.service_name
    from asked
    cross join policy_demands as demands on demands.policy_id = asked.policy_id
    join fitting
      on fitting.name = demands.name
      and fitting.patterns = demands.patterns
      and fitting.wants_absent = demands.wants_absent
    where demands.side = 'target'
      and iif(fitting.service_type = 'service', asked.fits_service, asked.fits_management)
    group by asked.policy_id, fitting.service_type, fitting.service_name
    having count(*) = asked.about_services
  ),
  all_iam as materialized (
    select reached.policy_id
    from reached
    join services
      on services.service_type = reached.service_type
      and services.service_name = reached.service_name
    where services.is_iam
    group by reached.policy_id
    having count(*) = (select sum(is_iam) from services)
  )
select
  reached.policy_id,
  reached.service_type,
  reached.service_name,
  case
    when not asked.is_limited then 'everything'
    when not asked.names_services
      then iif(reached.service_type = 'service', 'all_services', 'all_account_management')
    when reached.service_type <> 'service' and reached.policy_id in (select policy_id from all_iam)
      then 'all_iam'
    else 'one_service'
  end,
  case
    when asked.is_conditional then 'conditional'
    when asked.is_part then 'part'
    when reached.service_type <> 'service' then iif(asked.has_instance, 'part', 'full')
    when asked.names_instance or asked.names_place then 'part'
    else 'full'
  end,
  not (
    asked.names_part
    or asked.names_instance
    or (asked.names_place and reached.service_type = 'service')
  ),
  asked.is_unplaced or reached.service_type <> 'service'
from reached
join asked on asked.policy_id = reached.policy_id
