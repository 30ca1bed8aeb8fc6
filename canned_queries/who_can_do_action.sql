-- title: Who can perform this action?
-- question: Who can perform this action or has this role, on what, and through which access paths?
-- category: Explorers
-- severity: info
-- why: >
--   Shows everyone who can perform an action, and which role or policy to change.
-- remediation: >
--   Assign a role with fewer actions, or a policy for fewer resources, with ibmcloud iam
--   access-group-policy-update GROUP POLICY_ID --roles ROLE.
-- notes: >
--   One row for each access path, which is a combination of identity, policy, and role. An action
--   is matched through the roles that include it in its service, so a policy for another service
--   is left out. The account owner can do everything without a policy. The report shows what is
--   configured, not what IAM decides, so it does not consider context, time of day, sessions, or
--   tokens already issued, and it shows dynamic members only as of their last login.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- parameters:
--   role_or_action: An action such as kms.secrets.list, or the name or CRN of a role.
-- choices:
--   role_or_action: roles_and_actions.name
-- linked_from:
--   roles: {parameter: role_or_action, column: role_id, words: "Who has this role?"}
-- shown: [identity, kind, role, target, via, condition, membership]
-- breakdown: {by: kind}
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: ways
--   y_type: quantitative
with
  -- What was asked for as a pattern that fits it in any case.
  wanted as materialized (
    select group_concat(coalesce(pattern, substr(:role_or_action, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:role_or_action) order by place)
    left join letter_cases on letter_cases.letter = substr(:role_or_action, place, 1)
  ),
  -- The roles that are asked for, with the service in which each allows the action; a role that
  -- was named itself counts in every service.
  asked as materialized (
    select role_id, service_name
    from role_actions
    where action = :role_or_action
    union
    select role_id, null
    from wanted
    cross join roles
    where :role_or_action <> ''
      and (role_id = :role_or_action or display_name glob wanted.pattern)
  ),
  candidates as materialized (
    select policies.id, policy_roles.role_id, asked.service_name
    from asked
    join policy_roles on policy_roles.role_id = asked.role_id
    join granting_policies as policies on policies.id = policy_roles.policy_id
    where policies.type = 'access'
  ),
  -- Where account management decides about a service, the service is asked for as such.
  granting as materialized (
    select distinct candidates.id as policy_id, candidates.role_id
    from candidates
    where candidates.service_name is null
      or exists (
        select 1
        from policy_services as reached
        where reached.policy_id = candidates.id
          and reached.service_type = iif(
            candidates.service_name in (select service_name from account_services),
            'platform_service',
            'service'
          )
          and reached.service_name = candidates.service_name
      )
  ),
  grants as materialized (
    select
      coalesce(policies.access_group_id, policies.iam_id) as holder_id,
      policies.id as policy_id,
      policies.account_id,
      (
        select coalesce(accounts.name, accounts.account_id)
        from accounts
        where accounts.account_id = policies.account_id
      ) as account,
      policies.access_group_id,
      coalesce('access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id), 'direct')
        as via,
      (
        select public_access.effect
        from public_access
        where public_access.access_group_id = policies.access_group_id
      ) as public_access,
      policies.last_permit_at,
      descriptions.target,
      descriptions.condition,
      policy_roles.role_id,
      coalesce(roles.display_name, roles.role_id) as role,
      coalesce(summaries.identities, 1) as identities
    from policies
    cross join policy_roles on policy_roles.policy_id = policies.id
    join policy_descriptions as descriptions on descriptions.policy_id = policies.id
    join roles on roles.role_id = policy_roles.role_id
    left join access_groups on access_groups.id = policies.access_group_id
    left join access_group_summaries as summaries
      on summaries.access_group_id = policies.access_group_id
    -- Of "in" the planner expects enough rows to make an index on them.
    where policies.id in (select policy_id from granting)
      and (policy_roles.policy_id, policy_roles.role_id) in (select policy_id, role_id from granting)
      and coalesce(policies.access_group_id, policies.iam_id) is not null
  )
-- Identities come in the order of an index on their names: what is after the last row shown is
-- counted, not made.
select
  grants.account,
  holders.name as identity,
  holders.kind,
  grants.role,
  grants.via,
  holders.membership,
  grants.public_access,
  grants.target,
  grants.condition,
  grants.last_permit_at,
  1 as ways,
  holders.iam_id,
  grants.access_group_id,
  grants.policy_id,
  grants.role_id,
  (select sum(identities) from grants) as report_rows
from identity_holders as holders
cross join grants on grants.holder_id = holders.holder_id
where exists (select 1 from grants) and holders.holder_id in (select holder_id from grants)
order by
  holders.name, holders.iam_id, grants.account_id, grants.via, grants.policy_id, grants.role_id
limit 20000
