-- title: >
--   What the CIS benchmark's recommendations on API keys are judged by.
-- notes: |
--   Columns as in cis_measures. A key that was never used counts from the day it was created. For
--   the owner and for administrators, every key counts, including disabled ones, because one command
--   enables them again.
with
  -- Keys with which somebody could log in when they were read.
  usable as materialized (
    select apikeys.id, apikeys.account_id, apikeys.created_at, parts.read_at
    from apikeys
    join (
      select account_id, coalesce(read_at, finished_at) as read_at
      from collected_parts
      where part = 'apikeys'
    ) as parts on parts.account_id = apikeys.account_id
    where coalesce(apikeys.disabled, 0) = 0
      and coalesce(apikeys.expires_at > parts.read_at, true)
  ),
  unused as (
    select usable.account_id, count(*) as keys
    from usable
    join inactive_identities as inactive
      on inactive.account_id = usable.account_id
      and inactive.kind = 'apikey'
      and inactive.id = usable.id
    where julianday(inactive.report_end_time)
      - julianday(coalesce(inactive.last_authn, usable.created_at)) >= 180
    group by usable.account_id
  ),
  old as (
    select account_id, count(*) as keys
    from usable
    where julianday(read_at) - julianday(created_at) > 90
    group by account_id
  ),
  administrators as (
    select account_id, iam_id from benchmark_administrators
    intersect
    select account_id, iam_id from users
    union
    select account_id, owner from accounts
  ),
  powerful as (
    select
      accounts.account_id,
      count(*) filter (where apikeys.iam_id = accounts.owner) as of_owner,
      count(*) filter (where apikeys.iam_id is not accounts.owner) as of_others
    from administrators
    join accounts on accounts.account_id = administrators.account_id
    join apikeys
      on apikeys.iam_id = administrators.iam_id
      and apikeys.account_id = administrators.account_id
    group by accounts.account_id
  ),
  counted as (
    select
      accounts.account_id,
      coalesce(unused.keys, 0) as unused,
      coalesce(old.keys, 0) as old,
      coalesce(powerful.of_owner, 0) as of_owner,
      coalesce(powerful.of_others, 0) as of_others
    from accounts
    left join unused on unused.account_id = accounts.account_id
    left join old on old.account_id = accounts.account_id
    left join powerful on powerful.account_id = accounts.account_id
  )
select
  account_id,
  'unused keys' as measure,
  unused > 0 as fails,
  unused || iif(unused = 1, ' API key', ' API keys') || ' not used for 180 days' as figure
from counted
union all
select
  account_id,
  'old keys',
  old > 0,
  old || iif(old = 1, ' API key', ' API keys') || ' older than 90 days'
from counted
union all
select
  account_id,
  'keys of the owner',
  of_owner > 0,
  of_owner || iif(of_owner = 1, ' API key', ' API keys') || ' of the owner'
from counted
union all
select
  account_id,
  'keys of administrators',
  of_owner + of_others > 0,
  of_owner || iif(of_owner = 1, ' API key', ' API keys') || ' of the owner, '
    || of_others || ' of other administrators'
from counted
