-- title: Who is in full control of an account already, owner and groups too.
-- grain: one row for each identity or access group in full control of an account
-- key: [account_id, id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: The IAM ID or the ID of the access group., required: true}
--   kind: identity or access_group.
--   why: "is the account owner, is a full administrator, or its members are full administrators."
-- rests_on: [access_group_members, access_groups, accounts, privileged_policies, serviceids, users]
-- notes: |
--   A full administrator holds Administrator and Manager on all services and Administrator on all
--   account management services, without a condition, by policies of its own or of its groups.
with
  powers as materialized (
    select * from privileged_policies where not is_conditional
  ),
  -- As in access_group_identities, but only of the few groups that matter.
  holders as (
    select
      powers.account_id,
      iif(powers.access_group_id is null, powers.iam_id, members.iam_id) as iam_id,
      administers_services,
      manages_services,
      administers_account
    from powers
    left join access_group_members as members on members.group_id = powers.access_group_id
    union all
    select
      powers.account_id,
      everybody.iam_id,
      administers_services,
      manages_services,
      administers_account
    from powers
    cross join access_groups
      on access_groups.id = powers.access_group_id and access_groups.is_public = 1
    cross join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = powers.account_id
  )
select account_id, owner as id, 'identity' as kind, 'is the account owner' as why
from accounts
where owner is not null
union all
select account_id, iam_id, 'identity', 'is a full administrator'
from holders
where iam_id is not null
  and not exists (
    select 1
    from accounts
    where accounts.account_id = holders.account_id and accounts.owner = holders.iam_id
  )
group by account_id, iam_id
having max(administers_services) and max(manages_services) and max(administers_account)
union all
select account_id, access_group_id, 'access_group', 'its members are full administrators'
from powers
where access_group_id is not null
group by account_id, access_group_id
having max(administers_services) and max(manages_services) and max(administers_account)
