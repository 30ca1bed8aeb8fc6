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
--   roles, and the service. What the collection could not read cannot be found.
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
with wanted as materialized (
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
)
-- What is found is counted by itself, so that no more of it than is shown is kept.
select
  coalesce(accounts.name, search.account_id) as account,
  search.kind,
  search.name,
  search.detail,
  1 as found,
  search.table_name,
  search.key,
  search.account_id,
  (select count(*) from search_fts where search_fts match (select words from wanted))
    as report_rows
from search_fts
join search on search.rowid = search_fts.rowid
join accounts on accounts.account_id = search.account_id
where search_fts match (select words from wanted)
order by search_fts.rank, search.kind, search.name, search.id
limit 1000
