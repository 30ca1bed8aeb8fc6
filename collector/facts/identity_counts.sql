-- title: How many identities of each kind and state an account has.
-- grain: one row for each account, kind of identity, and state
-- key: [account_id, place, kind, state]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   place: {is: "Its place: those of the account first, in the order of their kinds.", kind: integer, required: true}
--   kind: {is: "user, service_id, trusted_profile, service, or unknown.", required: true}
--   state: {is: "The state; for those that are not in the account, whether another account has them.", required: true}
--   identities: {is: How many there are., kind: integer, required: true}
--   in_access_groups: {is: How many of them are in an access group., kind: integer, required: true}
--   with_policies: {is: How many of them have policies of their own., kind: integer, required: true}
--   with_api_keys: {is: How many of them have API keys., kind: integer, required: true}
-- rests_on:
--   [absent_identities, access_group_members, access_groups, apikeys, complete_lists, identities,
--   policies, policy_conditions, serviceids, trustedprofiles, users]
with
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
  account_id,
  place,
  kind,
  state,
  count(*),
  sum(
    exists (
      select 1
      from access_group_members as members
      cross join access_groups on access_groups.id = members.group_id
      where members.iam_id = listed.iam_id and access_groups.account_id = listed.account_id
    )
  ),
  sum(
    exists (
      select 1
      from granting_policies as policies
      where policies.iam_id = listed.iam_id
        and policies.account_id = listed.account_id
        and policies.type = 'access'
    )
  ),
  sum(
    exists (
      select 1
      from apikeys
      where apikeys.iam_id = listed.iam_id and apikeys.account_id = listed.account_id
    )
  )
from listed
group by account_id, place, kind, state
