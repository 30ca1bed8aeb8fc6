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
  ways as (
    select
      identities.name as identity,
      identities.kind,
      grants.via,
      members.membership_type as membership,
      grants.public_access,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      identities.iam_id,
      grants.access_group_id,
      grants.policy_id
    from grants
    cross join access_group_members as members
      on members.group_id = grants.access_group_id
      and (
        members.membership_type = 'static'
        or not exists (
          select 1
          from access_group_members as others
          where others.iam_id = members.iam_id
            and others.group_id = members.group_id
            and others.membership_type = 'static'
        )
      )
    cross join identities on identities.iam_id = members.iam_id
    union all
    select
      identities.name,
      identities.kind,
      grants.via,
      'public',
      grants.public_access,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      identities.iam_id,
      grants.access_group_id,
      grants.policy_id
    from grants
    join public_access on public_access.access_group_id = grants.access_group_id
    join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = public_access.account_id
    join identities on identities.iam_id = everybody.iam_id
    union all
    select
      identities.name,
      identities.kind,
      grants.via,
      null,
      grants.public_access,
      grants.roles,
      grants.scope,
      grants.last_permit_at,
      identities.iam_id,
      null,
      grants.policy_id
    from grants
    join identities on identities.iam_id = grants.holder_id
    where grants.access_group_id is null
    union all
    select
      identities.name, identities.kind, 'account owner', null, null, 'everything', 'full', null,
      identities.iam_id, null, null
    from chosen
    join identities on identities.iam_id = chosen.owner
  )
select
  chosen.account,
  chosen.name as instance,
  ways.identity,
  ways.kind,
  ways.via,
  ways.membership,
  ways.public_access,
  ways.roles,
  ways.scope,
  ways.last_permit_at,
  1 as ways,
  chosen.fitting_instances,
  ways.iam_id,
  ways.access_group_id,
  ways.policy_id,
  chosen.id as instance_id,
  (select count(owner) from chosen) + coalesce((select sum(identities) from grants), 0)
    as report_rows
from chosen
cross join ways
order by ways.via <> 'account owner', ways.identity, ways.iam_id, ways.via, ways.policy_id
