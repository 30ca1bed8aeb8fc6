-- title: Collection coverage
-- question: Which parts of each account were collected, when, and what was denied?
-- category: Inventories
-- severity: info
-- why: >
--   In a report, what could not be collected looks the same as what does not exist. A report with
--   no rows is only as complete as the parts it is based on.
-- remediation: >
--   Give the collecting identity the roles it lacked, which the collector lists when it finishes,
--   then collect again. Use --only PART to collect a single part.
-- notes: >
--   One row for each part of each account, as of the newest collection that requested it. A part
--   has the same name as the table that it fills (policies also fills the tables of roles and
--   attributes). A partial part was read, but lacks what the message names. If a part was denied
--   or failed, its rows in the file are from the last time that it was read (read_at), or there
--   are none. What IBM Cloud silently omits from a list, because the token may not view it, cannot
--   be detected. The collecting identity needs Viewer on all account management services and on
--   all Identity and Access enabled services, and on IAM Identity the roles API key reviewer (for
--   API keys) and Service Configuration Reader (for the reports on MFA and inactive identities).
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [part, status, completeness, objects, read_at, message]
-- breakdown: {by: status}
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
    when parts.read_at is not null then 'kept from an earlier collection'
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
