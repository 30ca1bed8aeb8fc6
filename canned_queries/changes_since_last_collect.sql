-- title: Changes since the previous collection
-- question: What was added, removed, or changed between the last two collections?
-- category: History
-- severity: info
-- why: >
--   Access grows in small steps that are easy to miss.
-- remediation: >
--   Ask the person responsible about each change that was not announced, and undo it if necessary.
-- notes: >
--   Each row is one thing that differs between the last collection and the previous one; before
--   and after show only what differs. What changes without anyone's action is left out: times of
--   last use, the reports that IBM Cloud creates, and members that a dynamic rule adds when they
--   log in. A change that was made and undone between two collections cannot be seen, nor can who
--   made a change; the activity tracker has both. A part that the previous collection could not
--   read is not compared.
-- home: What changed
-- shown: [what, name, change, before, after]
-- breakdown: {by: what}
-- chart:
--   mark: bar
--   x_column: what
--   x_type: nominal
--   y_column: changes
--   y_type: quantitative
--   color_column: change
select
  coalesce(accounts.name, changes.account_id) as account,
  replace(changes.what, '_', ' ') as what,
  coalesce(search.name, changes.name) as name,
  changes.change,
  changes.before,
  changes.after,
  identities.name as identity,
  access_groups.name as access_group,
  1 as changes,
  changes.changed_at,
  changes.key,
  identities.iam_id,
  access_groups.id as access_group_id,
  changes.account_id,
  count(*) over () as report_rows
from changes
join accounts on accounts.account_id = changes.account_id
left join identities on identities.iam_id = changes.iam_id
left join access_groups on access_groups.id = changes.access_group_id
left join search on search.table_name = changes.what and search.key = changes.key
where changes.changed_at = (
  select max(collections.finished_at)
  from collections
  where collections.account_id = changes.account_id
)
order by account, changes.account_id, changes.what, changes.name, changes.key, changes.id
