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
with
  members as materialized (
    select distinct access_groups.account_id, access_group_members.iam_id
    from access_group_members
    join access_groups on access_groups.id = access_group_members.group_id
  ),
  holders as materialized (
    select distinct account_id, iam_id
    from granting_policies as policies
    where type = 'access' and iam_id is not null
  ),
  key_owners as materialized (
    select distinct account_id, iam_id from apikeys
  ),
  known as materialized (
    select account_id, iam_id, 1 as place, 'user' as kind, coalesce(state, 'no state') as state
    from users
    union all
    select account_id, iam_id, 2, 'service_id', iif(locked = 1, 'locked', 'not locked')
    from serviceids
    union all
    select account_id, iam_id, 3, 'trusted_profile', 'no state' from trustedprofiles
  ),
  listed as materialized (
    select account_id, iam_id, place, kind, state
    from known
    union all
    select
      absent.account_id,
      absent.iam_id,
      4,
      identities.kind,
      iif(absent.other_accounts is null, 'not in the account', 'of another account')
    from absent_identities as absent
    join identities on identities.iam_id = absent.iam_id
    where 3 = (
      select count(*)
      from complete_lists
      where complete_lists.account_id = absent.account_id
        and complete_lists.kind in ('person', 'service ID', 'trusted profile')
    )
  )
select
  coalesce(accounts.name, listed.account_id) as account,
  listed.kind,
  listed.state,
  count(*) as identities,
  count(members.iam_id) as in_access_groups,
  count(holders.iam_id) as with_policies,
  count(key_owners.iam_id) as with_api_keys,
  listed.account_id,
  count(*) over () as report_rows
from listed
join accounts on accounts.account_id = listed.account_id
left join members
  on members.iam_id = listed.iam_id and members.account_id = listed.account_id
left join holders
  on holders.iam_id = listed.iam_id and holders.account_id = listed.account_id
left join key_owners
  on key_owners.iam_id = listed.iam_id and key_owners.account_id = listed.account_id
group by listed.account_id, listed.place, listed.kind, listed.state
order by account, listed.account_id, listed.place, listed.kind, listed.state
