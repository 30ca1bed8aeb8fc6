-- title: Search
-- question: >
--   Which people, service IDs, trusted profiles, groups, instances, policies, and keys match these
--   words?
-- category: Explorers
-- severity: info
-- why: >
--   Finds people, service IDs, trusted profiles, groups, instances, policies, and keys by name.
-- remediation: >
--   Open a row to see what it is, what it can reach, which findings it has, and how it changed.
-- notes: >
--   Names, addresses, descriptions, and IDs are matched by the beginnings of their words, ignoring
--   case and accents; all words must match. Policies are matched by what they say: the group, the
--   roles, and the service. The best matches come first; if more than 8,000 match, which only one
--   letter does as a rule, they are in the order of their kinds and names. What the collection could
--   not read cannot be found.
-- parameters:
--   text: One or more words, or the beginnings of words.
-- shown: [name, kind, detail]
-- breakdown: {by: kind}
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: found
--   y_type: quantitative
with
  wanted as materialized (
    select
      iif(
        trim(coalesce(:text, '')) = '',
        '"no words, so nothing is found"',
        '"'
          || replace(
            replace(replace(replace(trim(:text), '"', '""'), '  ', ' '), '  ', ' '), ' ', '"* "'
          )
          || '"*'
      ) as words
  ),
  -- What is found is counted by itself, so that no more of it than is shown is kept.
  counted as materialized (
    select count(*) as rows from search_fts where search_fts match (select words from wanted)
  ),
  -- To rank what matches takes eight times as long as to count it, and says nothing of a letter.
  matches as (
    select rowid as id, rank as place
    from search_fts
    where search_fts match (select words from wanted) and (select rows from counted) <= 8000
    union all
    select id, 0
    from (
      select rowid as id
      from search_fts
      where search_fts match (select words from wanted) and (select rows from counted) > 8000
      order by rowid
      limit 1000
    )
  )
select
  coalesce(accounts.name, search.account_id) as account,
  search.kind,
  search.name,
  search.detail,
  1 as found,
  search.table_name,
  search.key,
  search.account_id,
  (select rows from counted) as report_rows
from matches
join search on search.id = matches.id
join accounts on accounts.account_id = search.account_id
order by matches.place, search.kind, search.name, search.id
limit 1000
