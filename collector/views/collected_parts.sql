-- title: >
--   The newest state of each part of each account, and when it was last read.
-- notes: |
--   The newest state of each part of each account, and when the rows that the file has of it were
--   read. A partial part was read, but lacks what its step's message names.
--
--   IBM Cloud denies one part and grants another. A query that says "none", "unused", or "does not
--   exist" is true only if the parts that it depends on have the status ok: missing permission must
--   not look like missing data. What a list silently omits (policies and instances that the token
--   may not view) cannot be detected. lacks names the tables (as table.*) and columns that are empty
--   because an earlier version of IAM insights, which did not know them, read the part; they are
--   filled when it is read again. If a whole table is empty, the part is partial. message explains
--   the state. is_older is 1 if the account's newest collection did not request the part. Each part
--   is looked up on its own, so that earlier collections are not read.
select
  accounts.account_id,
  asked.part,
  iif(asked.status = 'ok' and reading.lacks like '%.*%', 'partial', asked.status) as status,
  asked.finished_at,
  reading.finished_at as read_at,
  reading.lacks,
  coalesce(
    asked.message,
    'An earlier version of IAM insights read it, without '
      || replace(replace(reading.lacks, '.*', ''), ' ', ', ') || ': collect again to complete it.'
  ) as message,
  asked.collection_id < (
    select max(collections.id)
    from collections
    where collections.account_id = accounts.account_id
  ) as is_older
from (select distinct account_id from collections) as accounts
cross join (select distinct part from collection_steps) as parts
join collection_steps as asked
  on asked.part = parts.part
  and asked.collection_id = (
    select max(collections.id)
    from collections
    join collection_steps as step
      on step.collection_id = collections.id and step.part = parts.part
    where collections.account_id = accounts.account_id
  )
left join collection_steps as reading
  on reading.part = parts.part
  and reading.collection_id = (
    select max(collections.id)
    from collections
    join collection_steps as step
      on step.collection_id = collections.id and step.part = parts.part
    where collections.account_id = accounts.account_id and step.status in ('ok', 'partial')
  )
