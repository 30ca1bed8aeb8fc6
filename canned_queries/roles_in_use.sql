-- title: Roles in use
-- question: Which roles do policies grant, how often, and to how many?
-- category: Inventories
-- severity: info
-- why: >
--   Many policies with Administrator or Manager, or custom roles of which nobody remembers why, are
--   where to begin. One row for each role that an active policy grants; roles that nobody was given
--   are not here. access_groups and own_identities are those whose own policies grant the role;
--   identities are all that hold it, members of the groups included (the Public Access group stands
--   for every user and service ID), each once. An authorization grants a role to a service, and is
--   counted apart. A role says nothing without what it is about: that is in policies_by_scope and
--   access_by_service. The account owner has all access without a role.
-- remediation: >
--   Nothing is to be mended here. Who holds a role, and on what: report who_can_do_action.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- chart:
--   mark: bar
--   x_column: role
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: kind
with
  grants as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      policies.type,
      policies.iam_id,
      policies.access_group_id,
      policies.last_permit_at,
      policy_roles.role_id
    from granting_policies as policies
    join policy_roles on policy_roles.policy_id = policies.id
  ),
  counted as materialized (
    select
      account_id,
      role_id,
      count(*) as policies,
      sum(type = 'authorization') as authorizations,
      count(distinct access_group_id) as access_groups,
      count(distinct iam_id) as own_identities,
      max(last_permit_at) as last_permit_at
    from grants
    group by account_id, role_id
  ),
  holders as materialized (
    select account_id, role_id, count(*) as identities
    from (
      select account_id, role_id, iam_id
      from grants
      where iam_id is not null and type = 'access'
      union
      select held.account_id, held.role_id, members.iam_id
      from (
        select distinct account_id, role_id, access_group_id
        from grants
        where access_group_id is not null
      ) as held
      join access_group_identities as members
        on members.access_group_id = held.access_group_id
    )
    group by account_id, role_id
  ),
  public_roles as materialized (
    select distinct grants.account_id, grants.role_id, public_access.effect
    from public_access
    join grants on grants.access_group_id = public_access.access_group_id
  )
select
  coalesce(accounts.name, counted.account_id) as account,
  coalesce(roles.display_name, roles.role_id) as role,
  roles.kind,
  coalesce(roles.service_name, 'every service') as service,
  counted.policies,
  counted.authorizations,
  counted.access_groups,
  counted.own_identities,
  coalesce(holders.identities, 0) as identities,
  public_roles.effect as public_access,
  counted.last_permit_at,
  counted.role_id,
  counted.account_id,
  count(*) over () as report_rows
from counted
join accounts on accounts.account_id = counted.account_id
join roles on roles.role_id = counted.role_id
left join holders
  on holders.account_id = counted.account_id and holders.role_id = counted.role_id
left join public_roles
  on public_roles.account_id = counted.account_id and public_roles.role_id = counted.role_id
order by account, counted.account_id, counted.policies desc, role, counted.role_id
