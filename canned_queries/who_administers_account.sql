-- title: Who administers the account?
-- question: Who holds which roles on users, access groups, identities, billing and the account itself?
-- category: Inventories
-- severity: info
-- why: >
--   Account management is the key to everything else: whoever administers users, groups or
--   identities can give themselves more. One row for each identity, service and way in; reach says
--   whether the policy names the service or covers all of them. The account owner has all access
--   without a policy. It shows what is configured, not what IAM decides: no context, no time of
--   day, no session, and dynamic members only as of their last login.
-- remediation: >
--   Split broad policies by service, and give Administrator to few:
--   ibmcloud iam access-group-policy-update GROUP POLICY_ID --roles Viewer.
-- references:
--   - "IBM Cloud Docs: Assigning access to account management services"
-- parameters:
--   service: Part of a service's name, such as iam-groups or billing; empty for all.
--   role: Name of a role, such as Administrator; empty for all.
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
    where coalesce(:service, '') = ''
      or instr(lower(account_services.service_name), lower(:service)) > 0
      or instr(lower(account_services.title), lower(:service)) > 0
  ),
  grants as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      policies.iam_id,
      policies.access_group_id,
      policies.last_permit_at,
      reached.service_name,
      reached.reach,
      reached.scope,
      policy_roles.role_id,
      coalesce(roles.display_name, roles.role_id) as role
    from reached
    join policies on policies.id = reached.policy_id
    join policy_roles on policy_roles.policy_id = policies.id
    join roles on roles.role_id = policy_roles.role_id
    where coalesce(:role, '') = '' or roles.display_name glob (select pattern from wanted)
  ),
  -- The list ends at 20,000 rows: how many each identity has is counted first, and only the rows of
  -- the first ones by name are made.
  sizes as materialized (
    select access_group_id, count(*) as rows
    from grants
    where access_group_id is not null
    group by access_group_id
  ),
  holders as materialized (
    select iam_id, sum(rows) as rows
    from (
      select members.iam_id, sizes.rows
      from access_group_identities as members
      join sizes on sizes.access_group_id = members.access_group_id
      union all
      select iam_id, 1 from grants where access_group_id is null and iam_id is not null
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
    select grants.*, grants.iam_id as holder, 'itself' as via, null as membership
    from grants
    where access_group_id is null and iam_id is not null
    union all
    select
      grants.*,
      members.iam_id,
      'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id),
      members.membership_type
    from grants
    join access_groups on access_groups.id = grants.access_group_id
    join members on members.access_group_id = access_groups.id
  ),
  shown as materialized (
    select
      ways.*,
      chosen.name as identity,
      chosen.kind,
      (select sum(rows) from holders) as report_rows
    from ways
    join chosen on chosen.iam_id = ways.holder
    order by
      identity, ways.holder, ways.account_id, ways.service_name, ways.role, ways.via,
      ways.policy_id
    limit 20000
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  shown.identity,
  shown.kind,
  shown.role,
  shown.service_name as service,
  shown.reach,
  shown.scope,
  shown.via,
  shown.membership,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = shown.access_group_id
  ) as public_access,
  shown.last_permit_at,
  1 as ways,
  shown.holder as iam_id,
  shown.access_group_id,
  shown.policy_id,
  shown.role_id,
  shown.report_rows
from shown
join accounts on accounts.account_id = shown.account_id
order by
  shown.identity, shown.holder, shown.account_id, shown.service_name, shown.role, shown.via,
  shown.policy_id
