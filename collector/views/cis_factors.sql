-- title: >
--   What the CIS benchmark's recommendations on MFA are judged by.
-- notes: |
--   Columns as in cis_measures. A person lacks MFA if it is not required of them (by their own
--   setting, otherwise by the account's), or if IBM Cloud's report says that they do not have what
--   is required. Ordinary users who have not enrolled yet are not a failure of the account, which
--   requires it at their next login.
with
  people as (
    select account_id, iam_id from login_users
    union
    select account_id, owner from accounts where owner is not null
  ),
  factors as materialized (
    select
      people.account_id,
      people.iam_id,
      settings.mfa as general,
      coalesce(own.mfa, settings.mfa) as asked,
      own.mfa glob 'NONE*' as is_exempt,
      coalesce(own.mfa, settings.mfa) glob 'NONE*' or coalesce(has.complies, 1) = 0 as lacks
    from people
    left join account_settings as settings on settings.account_id = people.account_id
    left join user_mfa as own
      on own.account_id = people.account_id and own.iam_id = people.iam_id
    left join mfa_enrollments as has
      on has.account_id = people.account_id and has.iam_id = people.iam_id
  ),
  exempt as (
    select account_id, count(*) as people from factors where is_exempt group by account_id
  ),
  powerful as (
    select
      factors.account_id,
      max(factors.lacks) filter (where factors.iam_id = accounts.owner) as owner_lacks,
      max(factors.asked) filter (where factors.iam_id = accounts.owner) as owner_asked,
      count(*) as people,
      sum(factors.lacks) as lacking
    from factors
    join accounts on accounts.account_id = factors.account_id
    where factors.iam_id = accounts.owner
      or (factors.account_id, factors.iam_id) in (
        select account_id, iam_id from benchmark_administrators
      )
    group by factors.account_id
  ),
  counted as (
    select
      accounts.account_id,
      settings.mfa,
      coalesce(exempt.people, 0) as exempt,
      powerful.owner_lacks,
      powerful.owner_asked,
      powerful.people,
      powerful.lacking
    from accounts
    left join account_settings as settings on settings.account_id = accounts.account_id
    left join exempt on exempt.account_id = accounts.account_id
    left join powerful on powerful.account_id = accounts.account_id
  )
select
  account_id,
  'exempt people' as measure,
  mfa glob 'NONE*' or exempt > 0 as fails,
  'the account requires ' || coalesce(mfa, 'an unknown MFA setting') || ', ' || exempt
    || iif(exempt = 1, ' person is exempt', ' people are exempt') as figure
from counted
union all
select
  account_id,
  'factor of the owner',
  owner_lacks,
  iif(owner_lacks, 'the owner lacks it: ', 'the owner has it: ') || owner_asked || ' is required'
from counted
union all
select
  account_id,
  'factor of administrators',
  lacking > 0,
  lacking || ' of ' || people || ' (owner and administrators) '
    || iif(lacking = 1, 'lacks it', 'lack it')
from counted
