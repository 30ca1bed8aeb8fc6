-- title: >
--   The newest state of each part of each account, and when it was last read.
-- grain: one row for each account and part that was ever requested of it
-- key: [account_id, part]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   part: {is: "The part, as in collection_steps.", required: true}
--   status: "Its newest state: ok, partial, denied, or failed."
--   finished_at: {is: When it was requested last., kind: time}
--   read_at: {is: When its rows in the file were read., kind: time}
--   lacks: >
--     Tables (as table.*) and columns that are empty because an earlier version of IAM insights,
--     which did not know them, read the part.
--   message: What explains the state.
--   is_older: {is: 1 if the account's newest collection did not request it., kind: integer}
-- facets: [part, status]
-- rests_on: [collection_steps, collections]
-- notes: |
--   A partial part was read, but lacks what its step's message names.
--
--   IBM Cloud denies one part and grants another. A query that says "none", "unused", or "does not
--   exist" is true only if the parts that it depends on have the status ok: missing permission must
--   not look like missing data. What a list silently omits (policies and instances that the token
--   may not view) cannot be detected. What lacks names is filled when the part is read again; if a
--   whole table is empty, the part is partial. Each part is looked up on its own, so that earlier
--   collections are not read.
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
