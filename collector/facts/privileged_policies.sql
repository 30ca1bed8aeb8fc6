-- title: Policies that make their holders privileged, and why.
-- grain: one row for each active access policy that makes its holders privileged
-- key: [policy_id]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   iam_id: {is: "The identity that holds it, unless an access group does.", references: identities}
--   access_group_id: {is: The access group that holds it., references: access_groups}
--   administers_services: {is: 1 for Administrator on all services., kind: integer, required: true}
--   manages_services: {is: 1 for Manager on all services., kind: integer, required: true}
--   administers_account: {is: 1 for Administrator on all account management services., kind: integer, required: true}
--   administers_iam:
--     is: >
--       On how many of the services that control access (IAM and users) it grants Administrator.
--     kind: integer
--     required: true
--   is_conditional: {is: 1 if it applies only under a condition., kind: integer, required: true}
--   why: The roles, their target, and the condition.
-- rests_on: [policies, policy_breadths, policy_conditions, policy_roles, policy_services, roles]
-- errs: >
--   Access to all services through a policy for each resource group or service, and custom roles, are
--   not checked, so some privileges are missed. It is inferred that a policy whose only target is the
--   account includes account management.
-- notes: |
--   Privileged means Administrator on account management as a whole or on one of the services that
--   control access, in full, or Administrator or Manager on all services. Policies with a condition
--   count as long as the condition can be met. Which services a policy reaches is decided in
--   policy_account_services and policy_breadths, by what its attributes match.
with
  strong as materialized (
    select
      policy_roles.policy_id,
      max(policy_roles.role_id glob '*:role:Administrator') as administers,
      max(policy_roles.role_id glob '*:serviceRole:Manager') as manages
    from policy_roles
    where policy_roles.role_id glob '*:role:Administrator'
      or policy_roles.role_id glob '*:serviceRole:Manager'
    group by policy_roles.policy_id
  ),
  managing as materialized (
    select
      reached.policy_id,
      max(reached.reach in ('everything', 'all_account_management')) as is_all,
      max(reached.reach = 'all_iam') as is_all_iam,
      sum(services.is_iam) as iam_services,
      group_concat(iif(services.is_iam, reached.service_name, null), ', ') as names
    from (select * from policy_account_services order by policy_id, service_name) as reached
    join account_services as services on services.service_name = reached.service_name
    where reached.is_whole
    group by reached.policy_id
  ),
  powers as (
    select
      breadths.policy_id,
      breadths.account_id,
      breadths.is_conditional,
      strong.administers and breadths.breadth in ('whole account', 'all services')
        as administers_services,
      strong.manages and breadths.breadth in ('whole account', 'all services')
        as manages_services,
      strong.administers and coalesce(managing.is_all, 0) as administers_account,
      iif(strong.administers, coalesce(managing.iam_services, 0), 0) as administers_iam,
      case
        when breadths.breadth in ('whole account', 'all services') then breadths.breadth
        when managing.is_all then 'all account management services'
        when managing.is_all_iam then 'all IAM services'
        else managing.names
      end as target
    from policy_breadths as breadths
    join strong on strong.policy_id = breadths.policy_id
    left join managing on managing.policy_id = breadths.policy_id
    where breadths.type = 'access' and breadths.breadth <> 'ended'
  )
select
  powers.policy_id,
  powers.account_id,
  policies.iam_id,
  policies.access_group_id,
  powers.administers_services,
  powers.manages_services,
  powers.administers_account,
  powers.administers_iam,
  powers.is_conditional,
  (
    select group_concat(distinct coalesce(roles.display_name, roles.role_id))
    from policy_roles
    join roles on roles.role_id = policy_roles.role_id
    where policy_roles.policy_id = powers.policy_id
      and (
        policy_roles.role_id glob '*:role:Administrator'
        or (powers.manages_services and policy_roles.role_id glob '*:serviceRole:Manager')
      )
  ) || ' on ' || powers.target || coalesce(
    ', ' || (
      select conditions.words
      from policy_conditions as conditions
      where conditions.policy_id = powers.policy_id
    ),
    ''
  )
from powers
join policies on policies.id = powers.policy_id
where powers.administers_services
  or powers.manages_services
  or powers.administers_account
  or powers.administers_iam > 0
