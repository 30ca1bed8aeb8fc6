-- title: Who can do this?
-- question: Who may do this action, or holds this role, on what, and through what?
-- category: Explorers
-- severity: info
-- why: >
--   One row for each way in: identity, policy and role. An action is found through the roles that
--   allow it in its service, so a policy for another service is left out. The account owner may
--   do everything without a policy. It shows what is configured, not what IAM decides: no
--   context, no time of day, no session, no token already issued, and dynamic members only as of
--   their last login.
-- remediation: >
--   Give a role with fewer actions, or a policy for fewer resources:
--   ibmcloud iam access-group-policy-update GROUP POLICY_ID --roles ROLE.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- parameters:
--   role_or_action: An action such as kms.secrets.list, or the name or CRN of a role.
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
      and (
        asked.service_name is null
        or policies.id in (select policy_id from policy_targets)
        or policies.id in (select policy_id from policy_account_services)
      )
  ),
  attribute_values as materialized (
    select policy_id, position, name, pattern
    from policy_values
    where side = 'target'
      and name in ('serviceName', 'serviceType', 'service_group_id')
      and policy_id in (select id from candidates)
  ),
  account_reach as materialized (
    select policy_id, service_name from policy_account_services
  ),
  grants as materialized (
    select distinct candidates.id as policy_id, candidates.role_id
    from candidates
    where candidates.service_name is null
      or (
        candidates.service_name in (select service_name from account_services)
        and (candidates.id, candidates.service_name) in (
          select policy_id, service_name from account_reach
        )
      )
      or (
        candidates.service_name not in (select service_name from account_services)
        and not exists (
          select 1
          from (
            select
              position,
              max(
                case name
                  when 'serviceType' then 'service'
                  when 'serviceName' then candidates.service_name
                end glob pattern
              ) as holds
            from attribute_values
            where attribute_values.policy_id = candidates.id
            group by position
          )
          where not coalesce(holds, 0)
        )
      )
  ),
  -- The list ends at 20,000 rows: how many each identity has is counted first, and only the rows of
  -- the first ones by name are made.
  sizes as materialized (
    select policies.access_group_id, count(*) as rows
    from grants
    join policies on policies.id = grants.policy_id
    where policies.access_group_id is not null
    group by policies.access_group_id
  ),
  holders as materialized (
    select iam_id, sum(rows) as rows
    from (
      select members.iam_id, sizes.rows
      from access_group_identities as members
      join sizes on sizes.access_group_id = members.access_group_id
      union all
      select policies.iam_id, 1
      from grants
      join policies on policies.id = grants.policy_id
      where policies.access_group_id is null and policies.iam_id is not null
    )
    group by iam_id
  ),
  numbered as materialized (
    select
      holders.iam_id,
      identities.name,
      identities.kind,
      holders.rows,
      sum(holders.rows) over (order by identities.name, holders.iam_id) as last_row
    from holders
    join identities on identities.iam_id = holders.iam_id
  ),
  chosen as materialized (
    select iam_id, name, kind from numbered where last_row - rows < 20000
  ),
  members as materialized (
    select access_group_id, iam_id, membership_type
    from access_group_identities
    where iam_id in (select iam_id from chosen)
  ),
  ways as (
    select
      policies.account_id,
      policies.iam_id,
      'itself' as via,
      null as membership,
      grants.role_id,
      null as access_group_id,
      grants.policy_id
    from grants
    join policies on policies.id = grants.policy_id
    where policies.access_group_id is null and policies.iam_id is not null
    union all
    select
      policies.account_id,
      members.iam_id,
      'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id),
      members.membership_type,
      grants.role_id,
      policies.access_group_id,
      grants.policy_id
    from grants
    join policies on policies.id = grants.policy_id
    join access_groups on access_groups.id = policies.access_group_id
    join members on members.access_group_id = access_groups.id
  ),
  shown as materialized (
    select
      ways.*,
      chosen.name as identity,
      chosen.kind,
      (select sum(rows) from holders) as report_rows
    from ways
    join chosen on chosen.iam_id = ways.iam_id
    order by
      identity, ways.iam_id, ways.account_id, ways.via, ways.policy_id, ways.role_id
    limit 20000
  ),
  descriptions as materialized (
    select policy_id, target, condition from policy_descriptions
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  shown.identity,
  shown.kind,
  coalesce(roles.display_name, roles.role_id) as role,
  shown.via,
  shown.membership,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = shown.access_group_id
  ) as public_access,
  descriptions.target,
  descriptions.condition,
  policies.last_permit_at,
  1 as ways,
  shown.iam_id,
  shown.access_group_id,
  shown.policy_id,
  shown.role_id,
  shown.report_rows
from shown
join policies on policies.id = shown.policy_id
join descriptions on descriptions.policy_id = shown.policy_id
join accounts on accounts.account_id = shown.account_id
join roles on roles.role_id = shown.role_id
order by
  shown.identity, shown.iam_id, shown.account_id, shown.via, shown.policy_id, shown.role_id
