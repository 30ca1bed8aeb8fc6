-- title: Identities by kind and state
-- question: How many people, service IDs, and trusted profiles are there, and in which state?
-- category: Inventories
-- severity: info
-- why: >
--   Every identity is an access path into the account, including inactive users and service IDs
--   that nobody tracks.
-- remediation: >
--   There is nothing to fix here. The reports on users, service IDs, and trusted profiles list the
--   identities that are inactive or have no access.
-- notes: >
--   The state of a person is the state of their membership in the account; a service ID is locked
--   or not locked; a trusted profile has no state. Identities that policies or groups of the
--   account name but that are not in the account come last, and only if people, service IDs, and
--   trusted profiles could all be read. They are shown as of another account if the file knows
--   which one, otherwise as not in the account. Their kind is unknown unless an account in the
--   file lists them. in_access_groups, with_policies (direct, active), and with_api_keys count the
--   identities that have at least one. The identities that assume a trusted profile are not in any
--   list.
-- references:
--   - "IBM Cloud Docs: How IBM Cloud IAM works"
-- shown: [kind, state, identities, in_access_groups, with_policies, with_api_keys]
-- breakdown: {by: kind, of: identities}
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: identities
--   y_type: quantitative
--   color_column: state
select
  coalesce(accounts.name, counted.account_id) as account,
  counted.kind,
  counted.state,
  counted.identities,
  counted.in_access_groups,
  counted.with_policies,
  counted.with_api_keys,
  counted.account_id,
  count(*) over () as report_rows
from identity_counts as counted
join accounts on accounts.account_id = counted.account_id
order by account, counted.account_id, counted.place, counted.kind, counted.state
