-- title: Who can access a service instance?
-- question: >
--   Who has access to this service instance, with which roles, and through which access paths?
-- category: Explorers
-- severity: info
-- why: >
--   Shows everyone who can reach an instance, and which policy or group to change.
-- remediation: >
--   Remove an identity from a group with ibmcloud iam access-group-user-remove GROUP USER, or
--   narrow the policy with ibmcloud iam access-group-policy-update GROUP POLICY_ID.
-- notes: >
--   One row for each access path, which is a combination of identity and policy. scope is full,
--   part (of the instance), or conditional. The account owner has all access without a policy.
--   Anyone who can assume a trusted profile also has its access. The report shows what is
--   configured, not what IAM decides, so it does not consider context, time of day, sessions, or
--   tokens already issued, and it shows dynamic members only as of their last login.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   instance: A name, GUID, or CRN, or part of a name; if several instances match, one is shown.
-- choices:
--   instance: resource_service_instances.name
-- linked_from:
--   resource_service_instances: {parameter: instance, column: id, words: "Who can access it?"}
-- shown: [identity, kind, roles, via, scope, membership, instance]
-- breakdown: {by: roles}
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
  exact as materialized (
    select instance_id as id
    from instance_facts
    where instance_id = :instance
    union
    select instance_id
    from instance_facts
    where guid = :instance and instance_id is not null
  ),
  fitting as materialized (
    select instances.id, instances.name, instances.account_id, 0 as distance
    from exact
    join resource_service_instances as instances on instances.id = exact.id
    union all
    select
      instances.id,
      instances.name,
      instances.account_id,
      iif(instances.name glob wanted.pattern, 1, 2)
    from wanted
    cross join resource_service_instances as instances
    where :instance <> ''
      and not exists (select 1 from exact)
      and instances.name glob '*' || wanted.pattern || '*'
  ),
  chosen as materialized (
    select
      fitting.*,
      coalesce(accounts.name, accounts.account_id) as account,
      accounts.owner,
      (
        select count(*)
        from fitting as others
        where others.distance = (select min(distance) from fitting)
      ) as fitting_instances
    from fitting
    join accounts on accounts.account_id = fitting.account_id
    order by distance, fitting.name, id
    limit 1
  ),
  reached as materialized (
    select policy_targets.policy_id, policy_targets.scope
    from target_pairs
    join targets on targets.number = target_pairs.target
    join policy_targets on policy_targets.target_id = targets.target_id
    where target_pairs.instance = (
      select number from instance_facts where instance_id = (select id from chosen)
    )
  ),
  grants as materialized (
    select
      coalesce(policies.access_group_id, policies.iam_id) as holder_id,
      reached.policy_id,
      reached.scope,
      policies.access_group_id,
      coalesce('access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id), 'direct')
        as via,
      (
        select public_access.effect
        from public_access
        where public_access.access_group_id = policies.access_group_id
      ) as public_access,
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
      ) as roles,
      coalesce(summaries.identities, 1) as identities
    from reached
    join policies on policies.id = reached.policy_id
    left join access_groups on access_groups.id = policies.access_group_id
    left join access_group_summaries as summaries
      on summaries.access_group_id = policies.access_group_id
    where coalesce(policies.access_group_id, policies.iam_id) is not null
  ),
  -- Identities by their numbers, which are in the order of their names.
  -- Identities by their numbers, which are in the order of their names.
  ways as (
    select
      member.value as number,
      grants.via,
      lists.membership,
      grants.public_access,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      grants.access_group_id,
      grants.policy_id
    from grants
    cross join membership_lists as lists on lists.access_group_id = grants.access_group_id
    cross join json_each(lists.members) as member
    union all
    select
      holders.number,
      grants.via,
      null,
      grants.public_access,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      grants.access_group_id,
      grants.policy_id
    from grants
    join identity_facts as holders on holders.iam_id = grants.holder_id
    where grants.access_group_id is null
    union all
    select owners.number, 'account owner', null, null, 'everything', 'full', null, null, null
    from chosen
    join identity_facts as owners on owners.iam_id = chosen.owner
  )
select
  chosen.account,
  chosen.name as instance,
  identities.name as identity,
  identities.kind,
  ways.via,
  ways.membership,
  ways.public_access,
  ways.roles,
  ways.scope,
  ways.last_permit_at,
  1 as ways,
  chosen.fitting_instances,
  identities.iam_id,
  ways.access_group_id,
  ways.policy_id,
  chosen.id as instance_id,
  (select count(owner) from chosen) + coalesce((select sum(identities) from grants), 0)
    as report_rows
from chosen
cross join ways
cross join identity_facts as identities on identities.number = ways.number
order by ways.via <> 'account owner', ways.number, ways.via, ways.policy_id
