-- title: Roles in use
-- question: Which roles do policies grant, how often, and to how many identities?
-- category: Inventories
-- severity: info
-- why: >
--   Start your review where many policies grant Administrator or Manager, and with custom roles
--   whose purpose nobody remembers.
-- remediation: >
--   There is nothing to fix here. To see who has a role and on what, use the report
--   who_can_do_action.
-- notes: >
--   One row for each role that an active policy grants; roles that are not assigned to anyone are
--   not listed. access_groups and own_identities count those whose own policies grant the role.
--   identities counts everyone who has it, including the members of the groups, each once; the
--   Public Access group counts as every user and service ID. An authorization grants a role to a
--   service and is counted separately. A role means little without its target: see
--   policies_by_scope and access_by_service. The account owner has all access without a role.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [role, kind, service, policies, authorizations, access_groups, identities]
-- breakdown: {by: role, of: policies}
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
