-- title: Roles in use
-- question: Which roles do policies grant, how often, and to how many?
-- category: Inventories
-- severity: info
-- why: >
--   Many policies with Administrator or Manager, or custom roles that nobody remembers the reason
--   for, are where to begin.
-- remediation: >
--   There is nothing to fix here. Who holds a role, and on what: report who_can_do_action.
-- notes: >
--   One row for each role that an active policy grants; roles that nobody was given are not here.
--   access_groups and own_identities are those whose own policies grant the role; identities are
--   all that hold it, members of the groups included (the Public Access group stands for every
--   user and service ID), each once. An authorization grants a role to a service, and is counted
--   apart. A role says nothing without what it is about: that is in policies_by_scope and
--   access_by_service. The account owner has all access without a role.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [role, kind, service, policies, authorizations, access_groups, identities]
-- chart:
--   mark: bar
--   x_column: role
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: kind
select
  coalesce(accounts.name, used.account_id) as account,
  coalesce(roles.display_name, roles.role_id) as role,
  roles.kind,
  coalesce(roles.service_name, 'every service') as service,
  used.policies,
  used.authorizations,
  used.access_groups,
  used.own_identities,
  used.identities,
  used.public_access,
  used.last_permit_at,
  used.role_id,
  used.account_id,
  count(*) over () as report_rows
from role_use as used
join accounts on accounts.account_id = used.account_id
join roles on roles.role_id = used.role_id
order by account, used.account_id, used.policies desc, role, used.role_id
