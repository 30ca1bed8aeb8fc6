-- title: "Each collection by number, account and time, as reports ask for one."
-- notes: |
--   name begins with the number of the collection, and that alone will do as well.
select
  collections.id || ': ' || coalesce(accounts.name, accounts.account_id) || ', '
    || replace(coalesce(collections.finished_at, collections.started_at), 'T', ' ') as name
from collections
join accounts on accounts.account_id = collections.account_id
