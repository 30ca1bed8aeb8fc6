-- title: How completely each account was read
-- question: Which parts of each account could be read, when, and what was refused?
-- category: Inventories
-- severity: info
-- why: >
--   What was not read looks like what is not there: a report that says "none" is only as complete
--   as the parts it rests on.
-- remediation: >
--   Give the collecting identity the roles it lacked, which the collector names at its end, then
--   collect again, with --only PART for one part.
-- notes: >
--   One row for each part of each account, as of the newest collection that asked for it; the
--   tables that it fills are named like it (policies brings its roles and attributes along). A
--   part that is partial was read, but lacks what the message names. Of one that was denied or
--   failed, the rows in the file are those of the last time that it was read (read_at), or there
--   are none at all. What IBM Cloud leaves out of a list without a word, because the token may not
--   view it, cannot be seen here. The collecting identity needs Viewer on all account management
--   services and on all Identity and Access enabled services, and on IAM Identity API key reviewer
--   (API keys) and Service Configuration Reader (reports on second factors and inactive
--   identities).
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [part, status, completeness, objects, read_at, message]
-- chart:
--   mark: bar
--   x_column: part
--   x_type: nominal
--   y_column: objects
--   y_type: quantitative
--   color_column: status
with steps as materialized (
  select
    collections.account_id,
    collection_steps.*,
    row_number() over (
      partition by collections.account_id, collection_steps.part
      order by collections.id desc
    ) as age
  from collection_steps
  join collections on collections.id = collection_steps.collection_id
)
select
  coalesce(accounts.name, steps.account_id) as account,
  steps.part,
  steps.status,
  case
    when steps.status = 'ok' then 'read'
    when steps.status = 'partial' then 'read in part'
    when parts.read_at is not null then 'kept from an earlier collect'
    else 'never read'
  end as completeness,
  parts.read_at,
  steps.finished_at as asked_at,
  coalesce(steps.rows, 0) as objects,
  steps.requests,
  steps.message,
  1 as parts,
  steps.account_id,
  count(*) over () as report_rows
from steps
join accounts on accounts.account_id = steps.account_id
left join collected_parts as parts
  on parts.account_id = steps.account_id and parts.part = steps.part
where steps.age = 1
order by account, steps.account_id, steps.status = 'ok', steps.part
