-- title: >
--   Identities that have policies or memberships in an account but are not in it: they belong to
--   another account, or are deleted.
-- grain: one row for each account and identity that its policies or access groups name
-- key: [account_id, iam_id]
-- columns:
--   account_id: {is: "The account.", references: accounts, required: true}
--   iam_id: {is: "The identity that is not in it.", references: identities, required: true}
--   kind: {is: "person, service ID, trusted profile, or resource.", required: true}
--   other_accounts: Accounts that it belongs to; empty if none is known, so that it counts as deleted.
--   known_from: How the file knows that it belongs there.
-- rests_on:
--   [access_group_members, access_groups, accounts, complete_lists, enterprise_accounts,
--   identities, known_identities, policies]
-- errs: >
--   A kind of identity is judged only if its list was read in full. An identity of an account that
--   the file does not know looks deleted.
with
  named as (
    select account_id, iam_id
    from policies
    where type = 'access' and state = 'active' and iam_id is not null and access_group_id is null
    union
    select access_groups.account_id, members.iam_id
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
  ),
  absent as materialized (
    select
      named.account_id,
      named.iam_id,
      case
        when named.iam_id glob 'iam-ServiceId-*' then 'service ID'
        when named.iam_id glob 'iam-Profile-*' then 'trusted profile'
        when named.iam_id glob 'crn-*' then 'resource'
        else 'person'
      end as kind
    from named
    join identities on identities.iam_id = named.iam_id
    where (identities.kind <> 'service' or named.iam_id glob 'crn-*')
      and not exists (
        select 1
        from known_identities as known
        where known.iam_id = named.iam_id and known.account_id = named.account_id
      )
  ),
  elsewhere as materialized (
    select distinct
      absent.account_id,
      absent.iam_id,
      coalesce(
        (
          select nullif(accounts.name, '')
          from accounts
          where accounts.account_id = known.account_id
        ),
        (
          select max(nullif(enterprise_accounts.name, ''))
          from enterprise_accounts
          where enterprise_accounts.id = known.account_id
        ),
        known.account_id
      ) as other_account,
      known.known_from
    from absent
    join known_identities as known on known.iam_id = absent.iam_id
  ),
  homes as materialized (
    select
      account_id,
      iam_id,
      (
        select group_concat(other_account, ', ')
        from (
          select distinct other_account
          from elsewhere as others
          where others.account_id = elsewhere.account_id and others.iam_id = elsewhere.iam_id
          order by other_account
        )
      ) as other_accounts,
      (
        select group_concat(known_from, ', ')
        from (
          select distinct known_from
          from elsewhere as others
          where others.account_id = elsewhere.account_id and others.iam_id = elsewhere.iam_id
          order by known_from
        )
      ) as known_from
    from elsewhere
    group by account_id, iam_id
  ),
  complete as materialized (
    select account_id, kind from complete_lists
  )
select
  absent.account_id,
  absent.iam_id,
  absent.kind,
  homes.other_accounts,
  homes.known_from
from absent
left join homes on homes.account_id = absent.account_id and homes.iam_id = absent.iam_id
where case
    when absent.kind = 'resource' then homes.iam_id is not null
    else (absent.account_id, absent.kind) in (select account_id, kind from complete)
  end
