-- title: >
--   The newest state of each part of each account, and when it was last read.
-- notes: |
--   The newest state of each part of each account, and when the part was last read in full.
--
--   IBM Cloud refuses one part and grants another. A query that says "none", "unused" or "does
--   not exist" is true only where the part it rests on has the status ok: no permission must
--   not look like nothing there. What a listing leaves out without a word (policies and
--   instances that the token may not view) cannot be seen here.
with steps as (
  select
    collections.account_id,
    collection_steps.resource,
    collection_steps.status,
    collection_steps.finished_at,
    max(collection_steps.finished_at) filter (where collection_steps.status = 'ok') over part
      as read_at,
    row_number() over (part order by collection_steps.collection_id desc) as age
  from collection_steps
  join collections on collections.id = collection_steps.collection_id
  window part as (partition by collections.account_id, collection_steps.resource)
)
select account_id, resource, status, finished_at, read_at
from steps
where age = 1
