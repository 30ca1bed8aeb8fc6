-- title: Who is privileged in an account, by any access path, and to what extent.
-- grain: one row for each account and identity that is privileged in it, the owner included
-- key: [account_id, iam_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The privileged identity., references: identities, required: true}
--   kind: "user, service_id, trusted_profile, service, or unknown (in no account of the file)."
--   is_person: {is: "1 for people, whether they are in the account or not.", kind: integer, required: true}
--   rank: >
--     owner, full administrator, or privileged, by all its access paths, including the trusted
--     profiles that it can assume.
--   direct_rank: >
--     The same by direct policies and access groups only; empty if it is privileged only through
--     trusted profiles.
--   through: >
--     its own policies, access groups, or both; trusted profiles, alone or after one of these; empty
--     for an owner without policies.
--   direct_through: The same without trusted profiles.
--   privileges: "The roles, their targets, and the access paths."
--   direct_privileges: The same without trusted profiles.
--   is_conditional: {is: 1 if every access path has a condition., kind: integer, required: true}
--   is_public_only: {is: 1 if every access path is through the Public Access group., kind: integer, required: true}
--   ways: {is: Number of access paths in administrator_ways., kind: integer, required: true}
--   direct_ways: {is: How many of them need no trusted profile., kind: integer, required: true}
-- facets: [account_id, kind, rank, through]
-- indexes: [[iam_id]]
-- rests_on: [accounts, administrator_ways, identities]
-- errs: Same as the facts that it depends on.
-- notes: |
--   This is the one place that says who is an administrator. A full administrator holds Administrator
--   and Manager on all services and Administrator on all account management services, without a
--   condition, by all its access paths together. The owner has all access without a policy.
with
  counted as (
    select
      account_id,
      iam_id,
      count(*) as ways,
      sum(acting_as = iam_id) as direct_ways,
      sum(acting_as = iam_id and access_group_id is null) as own_ways,
      min(is_conditional) as is_conditional,
      min(coalesce(membership = 'public', 0)) as is_public_only,
      max(administers_services and not is_conditional)
        and max(manages_services and not is_conditional)
        and max(administers_account and not is_conditional) as is_full,
      max(administers_services and not is_conditional and acting_as = iam_id)
        and max(manages_services and not is_conditional and acting_as = iam_id)
        and max(administers_account and not is_conditional and acting_as = iam_id)
        as is_full_directly
    from administrator_ways
    group by account_id, iam_id
  ),
  reasons as (
    select
      account_id,
      iam_id,
      group_concat(why, '; ') as privileges,
      group_concat(iif(is_direct, why, null), '; ') as direct_privileges
    from (
      select distinct account_id, iam_id, acting_as = iam_id as is_direct, why
      from administrator_ways
      order by account_id, iam_id, is_direct desc, why
    )
    group by account_id, iam_id
  ),
  -- The owner holds everything, without any way in.
  everybody as (
    select * from counted
    union all
    select account_id, owner, 0, 0, 0, 0, 0, 0, 0
    from accounts
    where owner is not null
      and not exists (
        select 1
        from administrator_ways as ways
        where ways.account_id = accounts.account_id and ways.iam_id = accounts.owner
      )
  ),
  judged as (
    select
      everybody.account_id,
      everybody.iam_id,
      coalesce(accounts.owner = everybody.iam_id, 0) as is_owner,
      everybody.is_full,
      everybody.is_full_directly,
      case
        when everybody.direct_ways = 0 then null
        when everybody.own_ways = 0 then 'access groups'
        when everybody.own_ways = everybody.direct_ways then 'its own policies'
        else 'both'
      end as direct_through,
      reasons.privileges,
      reasons.direct_privileges,
      everybody.is_conditional,
      everybody.is_public_only,
      everybody.ways,
      everybody.direct_ways
    from everybody
    join accounts on accounts.account_id = everybody.account_id
    left join reasons
      on reasons.account_id = everybody.account_id and reasons.iam_id = everybody.iam_id
  )
select
  judged.account_id,
  judged.iam_id,
  coalesce(identities.kind, 'unknown'),
  coalesce(identities.kind, 'unknown') = 'user' or (
    coalesce(identities.kind, 'unknown') = 'unknown'
    and judged.iam_id not glob 'iam-ServiceId-*'
    and judged.iam_id not glob 'iam-Profile-*'
  ),
  case
    when is_owner then 'owner'
    when is_full then 'full administrator'
    else 'privileged'
  end,
  case
    when is_owner then 'owner'
    when direct_ways = 0 then null
    when is_full_directly then 'full administrator'
    else 'privileged'
  end,
  iif(
    ways > direct_ways,
    coalesce(
      iif(direct_through = 'both', 'its own policies, access groups', direct_through) || ' and ', ''
    ) || 'trusted profiles',
    direct_through
  ),
  direct_through,
  privileges,
  direct_privileges,
  iif(is_owner, 0, is_conditional),
  is_public_only,
  ways,
  direct_ways
from judged
left join identities on identities.iam_id = judged.iam_id
