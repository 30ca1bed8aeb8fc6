-- title: Access by service
-- question: How many policies and identities reach each service?
-- category: Inventories
-- severity: info
-- why: >
--   Where much leads to one service, look there first. One row for each service that has instances
--   or that an active access policy names, and for each account management service that one
--   reaches. naming_policies name the service; broad_policies reach it without naming it: an
--   instance of it (by resource group, region, tags, a pattern, a GUID, or all services), or an
--   account management service as one of all. holders are the identities and access groups with
--   such a policy, identities all who have it by themselves or through a group (the Public Access
--   group stands for every user and service ID), each once. Every role counts, Viewer too, and so
--   does a policy under a condition or about a part of an instance. A policy that names a service
--   counts though its instance may be gone. Authorizations of services are left out, and so is the
--   account owner, who needs no policy. Removed instances are not counted.
-- remediation: >
--   Nothing is to be mended here. Who reaches a single instance is in who_can_access_instance, who
--   administers account management in who_administers_account.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: identities
--   y_type: quantitative
with
  naming as materialized (
    select distinct breadths.account_id, breadths.policy_id, named.value as service
    from policy_values as named
    join policy_breadths as breadths on breadths.policy_id = named.policy_id
    where named.side = 'target'
      and named.name = 'serviceName'
      and named.operator = 'stringEquals'
      and breadths.type = 'access'
      and breadths.breadth <> 'ended'
  ),
  instances as materialized (
    select id, account_id, coalesce(nullif(service_name, ''), 'unknown') as service
    from resource_service_instances
    where coalesce(state, '') not in ('removed', 'pending_removal')
  ),
  broad as materialized (
    select policy_id, account_id, target_id as target
    from policy_targets
    where policy_id not in (select policy_id from naming)
  ),
  targets as materialized (
    select distinct account_id, target from broad
  ),
  reached as materialized (
    select distinct targets.account_id, targets.target, instances.service
    from targets
    join target_instances on target_instances.target_id = targets.target
    join instances on instances.id = target_instances.instance_id
  ),
  pairs as materialized (
    select account_id, service, policy_id, 1 as is_named
    from naming
    union all
    select broad.account_id, reached.service, broad.policy_id, 0
    from broad
    join reached on reached.account_id = broad.account_id and reached.target = broad.target
    union all
    select policies.account_id, reached.service_name, reached.policy_id, 0
    from policy_account_services as reached
    join policies on policies.id = reached.policy_id
    where reached.policy_id not in (select policy_id from naming)
  ),
  counted as materialized (
    select
      pairs.account_id,
      pairs.service,
      sum(pairs.is_named) as naming_policies,
      sum(not pairs.is_named) as broad_policies,
      count(distinct coalesce(policies.access_group_id, policies.iam_id)) as holders
    from pairs
    join policies on policies.id = pairs.policy_id
    group by pairs.account_id, pairs.service
  ),
  holders as materialized (
    select distinct pairs.account_id, pairs.service, policies.access_group_id, policies.iam_id
    from pairs
    join policies on policies.id = pairs.policy_id
  ),
  -- Identities by number: comparing long IDs a million times takes long.
  members as materialized (
    select access_group_members.group_id, identities.rowid as number
    from access_group_members
    join identities on identities.iam_id = access_group_members.iam_id
    union all
    select public.access_group_id, identities.rowid
    from access_group_identities as public
    join identities on identities.iam_id = public.iam_id
    where public.membership_type = 'public'
  ),
  reaching as materialized (
    select account_id, service, count(distinct number) as identities
    from (
      select holders.account_id, holders.service, identities.rowid as number
      from holders
      join identities on identities.iam_id = holders.iam_id
      union all
      select holders.account_id, holders.service, members.number
      from holders
      join members on members.group_id = holders.access_group_id
    )
    group by account_id, service
  ),
  sizes as materialized (
    select account_id, service, count(*) as instances
    from instances
    group by account_id, service
  ),
  public_services as materialized (
    select distinct holders.account_id, holders.service, public_access.effect
    from public_access
    join holders on holders.access_group_id = public_access.access_group_id
  ),
  services as materialized (
    select account_id, service from counted
    union
    select account_id, service from sizes
  )
select
  coalesce(accounts.name, services.account_id) as account,
  services.service,
  iif(account_services.service_name is null, 'service', 'account management') as kind,
  coalesce(sizes.instances, 0) as instances,
  coalesce(counted.naming_policies, 0) as naming_policies,
  coalesce(counted.broad_policies, 0) as broad_policies,
  coalesce(counted.holders, 0) as holders,
  coalesce(reaching.identities, 0) as identities,
  public_services.effect as public_access,
  services.account_id,
  count(*) over () as report_rows
from services
join accounts on accounts.account_id = services.account_id
left join account_services on account_services.service_name = services.service
left join sizes
  on sizes.account_id = services.account_id and sizes.service = services.service
left join counted
  on counted.account_id = services.account_id and counted.service = services.service
left join reaching
  on reaching.account_id = services.account_id and reaching.service = services.service
left join public_services
  on public_services.account_id = services.account_id
  and public_services.service = services.service
order by account, services.account_id, identities desc, services.service
