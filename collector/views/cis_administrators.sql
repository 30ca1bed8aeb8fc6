-- title: >
--   What the CIS benchmark's recommendations on administrators are judged by.
-- notes: |
--   Columns as in cis_measures. People fail if they are administrators through direct policies.
--   People who are administrators through access groups and trusted profiles are only counted,
--   because you decide how many are few. Service IDs fail, by any access path. The account owner is
--   not a finding.
with
  people as (
    select
      administrators.account_id,
      count(distinct administrators.iam_id) filter (where through = 'own policies') as directly,
      count(distinct administrators.iam_id) as people
    from benchmark_administrators as administrators
    join users
      on users.account_id = administrators.account_id and users.iam_id = administrators.iam_id
    join accounts on accounts.account_id = administrators.account_id
    where administrators.iam_id is not accounts.owner
    group by administrators.account_id
  ),
  programs as (
    select
      administrators.account_id,
      count(distinct administrators.iam_id) as programs,
      count(distinct administrators.iam_id) filter (where through = 'trusted profile') as by_profile
    from benchmark_administrators as administrators
    join serviceids
      on serviceids.account_id = administrators.account_id
      and serviceids.iam_id = administrators.iam_id
    group by administrators.account_id
  )
select
  accounts.account_id,
  'administrators' as measure,
  coalesce(people.directly, 0) > 0 as fails,
  coalesce(people.directly, 0) || iif(people.directly = 1, ' person', ' people')
    || ' besides the owner by direct policies, '
    || coalesce(people.people, 0) || ' by any path' as figure
from accounts
left join people on people.account_id = accounts.account_id
union all
select
  accounts.account_id,
  'service ID administrators',
  coalesce(programs.programs, 0) > 0,
  coalesce(programs.programs, 0) || iif(programs.programs = 1, ' service ID', ' service IDs')
    || ', '
    || coalesce(programs.by_profile, 0) || ' of them through a trusted profile'
from accounts
left join programs on programs.account_id = accounts.account_id
