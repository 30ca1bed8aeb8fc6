-- title: >
--   The newest state of each part of each account, and when it was last read.
-- notes: |
--   The newest state of each part of each account, and when the rows that the file has of it were
--   read. A part that is partial was read, but lacks what its step's message names.
--
--   IBM Cloud refuses one part and grants another. A query that says "none", "unused" or "does
--   not exist" is true only where the part it rests on has the status ok: no permission must
--   not look like nothing there. What a listing leaves out without a word (policies and
--   instances that the token may not view) cannot be seen here. lacks names the tables (as
--   table.*) and columns that are empty because an earlier version of IAM insights read the part,
--   which did not know them: they are filled when it is read again. With a whole table empty, the
--   part is partial. message is what there is to say about it, is_older 1 if the account's newest
--   collect did not ask for it. Each part is looked up by itself: earlier collects are not read.
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
