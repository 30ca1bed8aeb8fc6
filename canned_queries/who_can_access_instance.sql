-- title: Who can access a service instance?
-- question: Who has access to this service instance, with which roles, and through what?
-- category: Explorers
-- severity: info
-- why: >
--   One row for each way in: identity and policy. scope is full, part (of the instance) or
--   conditional. The account owner has all access without a policy; whoever may assume a trusted
--   profile has the profile's access, too. It shows what is configured, not what IAM decides: no
--   context, no time of day, no session, no token already issued, and dynamic members only as of
--   their last login.
-- remediation: >
--   Take somebody out of a group with ibmcloud iam access-group-user-remove GROUP USER, or narrow
--   the policy with ibmcloud iam access-group-policy-update GROUP POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   instance: A name, GUID or CRN, or a part of a name; of several instances that fit, one is shown.
-- chart:
--   mark: bar
--   x_column: via
--   x_type: nominal
--   y_column: ways
--   y_type: quantitative
with
  -- What was asked for as a pattern that fits it in any case.
  wanted as materialized (
    select group_concat(coalesce(pattern, substr(:instance, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:instance) order by place)
    left join letter_cases on letter_cases.letter = substr(:instance, place, 1)
  ),
  fitting as materialized (
    select
      instances.id,
      instances.name,
      instances.account_id,
      case
        when :instance in (instances.id, instances.guid) then 0
        when instances.name glob wanted.pattern then 1
        else 2
      end as distance
    from wanted
    cross join resource_service_instances as instances
    where coalesce(:instance, '') <> ''
      and (
        :instance in (instances.id, instances.guid)
        or instances.name glob '*' || wanted.pattern || '*'
      )
  ),
  chosen as materialized (
    select
      *,
      (
        select count(*)
        from fitting as others
        where others.distance = (select min(distance) from fitting)
      ) as fitting_instances
    from fitting
    order by distance, name, id
    limit 1
  ),
  reached as materialized (
    select policy_id, instance_id, scope
    from policy_instances
    where instance_id = (select id from chosen)
  ),
  grants as materialized (
    select
      reached.policy_id,
      reached.scope,
      policies.iam_id,
      policies.access_group_id,
      policies.last_permit_at,
      (
        select group_concat(display_name, ', ')
        from (
          select coalesce(roles.display_name, roles.role_id) as display_name
          from policy_roles
          join roles on roles.role_id = policy_roles.role_id
          where policy_roles.policy_id = policies.id
          order by display_name, roles.role_id
        )
      ) as roles
    from reached
    join policies on policies.id = reached.policy_id
  ),
  ways as (
    select
      grants.iam_id,
      'itself' as via,
      null as membership,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      null as access_group_id,
      grants.policy_id
    from grants
    where grants.access_group_id is null and grants.iam_id is not null
    union all
    select
      members.iam_id,
      'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id),
      members.membership_type,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      grants.access_group_id,
      grants.policy_id
    from grants
    join access_groups on access_groups.id = grants.access_group_id
    join access_group_identities as members on members.access_group_id = access_groups.id
    union all
    select accounts.owner, 'account owner', null, 'everything', 'full', null, null, null
    from chosen
    join accounts on accounts.account_id = chosen.account_id
    where accounts.owner is not null
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  chosen.name as instance,
  identities.name as identity,
  identities.kind,
  ways.via,
  ways.membership,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = ways.access_group_id
  ) as public_access,
  ways.roles,
  ways.scope,
  ways.last_permit_at,
  1 as ways,
  chosen.fitting_instances,
  ways.iam_id,
  ways.access_group_id,
  ways.policy_id,
  chosen.id as instance_id,
  count(*) over () as report_rows
from chosen
join ways
join identities on identities.iam_id = ways.iam_id
join accounts on accounts.account_id = chosen.account_id
order by ways.via <> 'account owner', identity, ways.iam_id, ways.via, ways.policy_id
