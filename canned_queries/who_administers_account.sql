-- title: Who administers the account?
-- question: >
--   Who has which roles on users, access groups, identities, billing, and the account itself?
-- category: Inventories
-- severity: info
-- why: >
--   Account management controls everything else. Anyone who administers users, groups, or
--   identities can give themselves more access.
-- remediation: >
--   Split broad policies by service, and assign Administrator to few identities, with ibmcloud iam
--   access-group-policy-update GROUP POLICY_ID --roles Viewer.
-- notes: >
--   One row for each identity, service, and access path. reach shows whether the policy names the
--   service or covers all of them. The account owner has all access without a policy. The report
--   shows what is configured, not what IAM decides, so it does not consider context, time of day,
--   or sessions, and it shows dynamic members only as of their last login.
-- references:
--   - "IBM Cloud Docs: Assigning access to account management services"
-- parameters:
--   service: Part of a service's name, such as iam-groups or billing; empty for all.
--   role: Name of a role, such as Administrator; empty for all.
-- choices:
--   service: account_services.service_name
--   role: roles.display_name
-- shown: [identity, kind, role, service, reach, via, scope]
-- breakdown: {by: role}
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: ways
--   y_type: quantitative
--   color_column: role
with
  -- What was asked for as a pattern that fits it in any case.
  wanted as materialized (
    select group_concat(coalesce(pattern, substr(:role, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:role) order by place)
    left join letter_cases on letter_cases.letter = substr(:role, place, 1)
  ),
  reached as materialized (
    select policy_account_services.*
    from policy_account_services
    join account_services
      on account_services.service_name = policy_account_services.service_name
    -- likely: the planner is to expect many rows, which are worth an index.
    where likely(
      coalesce(:service, '') = ''
      or instr(lower(account_services.service_name), lower(:service)) > 0
      or instr(lower(account_services.title), lower(:service)) > 0
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
      reached.service_name,
      reached.reach,
      reached.scope,
      policy_roles.role_id,
      coalesce(roles.display_name, roles.role_id) as role,
      coalesce(summaries.identities, 1) as identities
    from reached
    join policies on policies.id = reached.policy_id
    join policy_roles on policy_roles.policy_id = policies.id
    join roles on roles.role_id = policy_roles.role_id
    left join access_groups on access_groups.id = policies.access_group_id
    left join access_group_summaries as summaries
      on summaries.access_group_id = policies.access_group_id
    where likely(coalesce(:role, '') = '' or roles.display_name glob (select pattern from wanted))
      and likely(coalesce(policies.access_group_id, policies.iam_id) is not null)
  )
-- Identities come in the order of an index on their names: what is after the last row shown is
-- counted, not made.
select
  grants.account,
  holders.name as identity,
  holders.kind,
  grants.role,
  grants.service_name as service,
  grants.reach,
  grants.scope,
  grants.via,
  holders.membership,
  grants.public_access,
  grants.last_permit_at,
  1 as ways,
  holders.iam_id,
  grants.access_group_id,
  grants.policy_id,
  grants.role_id,
  (select sum(identities) from grants) as report_rows
from identity_holders as holders
cross join grants on grants.holder_id = holders.holder_id
where holders.holder_id in (select holder_id from grants)
order by
  holders.name, holders.iam_id, grants.account_id, grants.service_name, grants.role, grants.via,
  grants.policy_id
limit 20000
