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
--   part is partial.
with steps as (
  select
    collections.account_id,
    collection_steps.resource,
    collection_steps.status,
    collection_steps.finished_at,
    max(collection_steps.finished_at)
      filter (where collection_steps.status in ('ok', 'partial')) over part as read_at,
    max(collections.id)
      filter (where collection_steps.status in ('ok', 'partial')) over part as read_by,
    row_number() over (part order by collection_steps.collection_id desc) as age
  from collection_steps
  join collections on collections.id = collection_steps.collection_id
  window part as (partition by collections.account_id, collection_steps.resource)
)
select
  steps.account_id,
  steps.resource,
  iif(steps.status = 'ok' and reading.lacks like '%.*%', 'partial', steps.status) as status,
  steps.finished_at,
  steps.read_at,
  reading.lacks
from steps
left join collection_steps as reading
  on reading.collection_id = steps.read_by and reading.resource = steps.resource
where steps.age = 1
