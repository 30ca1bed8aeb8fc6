-- title: Changes since the previous collection
-- question: >
--   What was added, removed, or changed between the last two collections, or between two others?
-- category: History
-- severity: info
-- why: >
--   Access grows in small steps that are easy to miss.
-- remediation: >
--   Ask the person responsible about each change that was not announced, and undo it if necessary.
-- notes: >
--   Each row is one thing that differs between the last collection and the previous one, or
--   between the two collections of an account that you choose; before and after show only what
--   differs. A change that was made and reverted between the two collections is not a difference.
--   What changes without anyone's action is left out: times of last use, the reports that IBM
--   Cloud creates, and members that a dynamic rule adds when they log in. The report cannot show
--   who made a change or what happened in between; the activity tracker has both. A part that the
--   previous collection could not read is not compared. Changes are deleted after a year, unless
--   the collection is told to keep them longer.
-- home: What changed
-- parameters:
--   from_collection: Number of the earlier collection; empty for the previous one.
--   to_collection: Number of the later collection; empty for the last one.
-- choices:
--   from_collection: collection_choices.name
--   to_collection: collection_choices.name
-- shown: [what, name, change, difference]
-- breakdown: {by: what}
-- chart:
--   mark: bar
--   x_column: what
--   x_type: nominal
--   y_column: changes
--   y_type: quantitative
--   color_column: change
with
  asked as materialized (
    select
      nullif(cast(trim(coalesce(:from_collection, '')) as integer), 0) as from_id,
      nullif(cast(trim(coalesce(:to_collection, '')) as integer), 0) as to_id
  ),
  -- What is compared of each account: the last of what was asked for, and what stands before it. An
  -- account in which a collection that was asked for is not is not compared.
  ends as (
    select
      accounts.account_id,
      asked.from_id is not null as is_from,
      earlier.finished_at as from_time,
      iif(
        asked.to_id is null,
        (
          select max(collections.finished_at)
          from collections
          where collections.account_id = accounts.account_id
        ),
        later.finished_at
      ) as to_time
    from accounts
    cross join asked
    left join collections as earlier
      on earlier.id = asked.from_id and earlier.account_id = accounts.account_id
    left join collections as later
      on later.id = asked.to_id and later.account_id = accounts.account_id
  ),
  spans as materialized (
    select
      account_id,
      is_from,
      min(coalesce(from_time, to_time), to_time) as from_time,
      max(coalesce(from_time, to_time), to_time) as to_time
    from ends
    where to_time is not null and (from_time is not null or not is_from)
  ),
  -- One thing may have changed several times: then its first state is compared with its last.
  picked as materialized (
    select
      changes.*,
      count(*) over (partition by changes.account_id, changes.what, changes.key) as times,
      row_number() over (
        partition by changes.account_id, changes.what, changes.key order by changes.id
      ) as place
    from spans
    cross join changes
      on changes.account_id = spans.account_id
      and changes.changed_at <= spans.to_time
      and iif(
        spans.is_from, changes.changed_at > spans.from_time, changes.changed_at = spans.to_time
      )
  ),
  fields as (
    select account_id, what, key, id, field, max(old) as old, max(new) as new
    from (
      select
        picked.account_id, picked.what, picked.key, picked.id, each.key as field, each.value as old,
        null as new
      from picked
      cross join json_each(coalesce(picked.before, '{}')) as each
      where picked.times > 1
      union all
      select
        picked.account_id, picked.what, picked.key, picked.id, each.key, null, each.value
      from picked
      cross join json_each(coalesce(picked.after, '{}')) as each
      where picked.times > 1
    )
    group by account_id, what, key, id, field
  ),
  combined as materialized (
    select
      account_id,
      what,
      key,
      json_group_object(field, old) as before,
      json_group_object(field, new) as after
    from (
      select first.account_id, first.what, first.key, first.field, first.old, last.new
      from (
        select account_id, what, key, field, old, min(id) from fields group by 1, 2, 3, 4
      ) as first
      join (
        select account_id, what, key, field, new, max(id) from fields group by 1, 2, 3, 4
      ) as last
        on last.account_id = first.account_id
        and last.what = first.what
        and last.key = first.key
        and last.field = first.field
      where first.old is not last.new
      order by first.field
    )
    group by account_id, what, key
  ),
  differing as (
    select * from picked where times = 1
    union all
    select
      last.id,
      last.changed_at,
      last.account_id,
      last.what,
      last.key,
      coalesce(last.name, first.name),
      coalesce(last.iam_id, first.iam_id),
      coalesce(last.access_group_id, first.access_group_id),
      case
        when first.change = 'added' then 'added'
        when last.change = 'removed' then 'removed'
        else 'changed'
      end,
      iif(first.change = 'added', null, coalesce(combined.before, '{}')),
      iif(last.change = 'removed', null, coalesce(combined.after, '{}')),
      last.times,
      last.place
    from picked as last
    join picked as first
      on first.account_id = last.account_id
      and first.what = last.what
      and first.key = last.key
      and first.place = 1
    left join combined
      on combined.account_id = last.account_id
      and combined.what = last.what
      and combined.key = last.key
    where last.times > 1
      and last.place = last.times
      -- What came and went is not there before nor after.
      and not (first.change = 'added' and last.change = 'removed')
      and (combined.key is not null or first.change = 'added' or last.change = 'removed')
  )
select
  coalesce(accounts.name, changes.account_id) as account,
  replace(changes.what, '_', ' ') as what,
  coalesce(search.name, changes.name) as name,
  changes.change,
  changes.before,
  changes.after,
  identities.name as identity,
  access_groups.name as access_group,
  (
    select
      group_concat(
        replace(field, '_', ' ') || ': ' || iif(
          changes.change = 'changed',
          coalesce(old, 'nothing') || ' → ' || coalesce(new, 'nothing'),
          coalesce(old, new)
        ),
        '; '
      )
    from (
      select
        each.key as field,
        json_extract(changes.before, '$."' || each.key || '"') as old,
        json_extract(changes.after, '$."' || each.key || '"') as new
      from json_each(coalesce(changes.before, changes.after, '{}')) as each
    )
    where coalesce(old, new) is not null
  ) as difference,
  1 as changes,
  changes.changed_at,
  changes.key,
  identities.iam_id,
  access_groups.id as access_group_id,
  changes.account_id,
  count(*) over () as report_rows
from differing as changes
join accounts on accounts.account_id = changes.account_id
left join identities on identities.iam_id = changes.iam_id
left join access_groups on access_groups.id = changes.access_group_id
left join search on search.table_name = changes.what and search.key = changes.key
order by account, changes.account_id, changes.what, changes.name, changes.key, changes.id
