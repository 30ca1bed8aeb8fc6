-- title: "Collections by number, account, and time, to choose from."
-- notes: |
--   name begins with the number of the collection; the number alone is sufficient.
select
  collections.id || ': ' || coalesce(accounts.name, accounts.account_id) || ', '
    || replace(coalesce(collections.finished_at, collections.started_at), 'T', ' ') as name
from collections
join accounts on accounts.account_id = collections.account_id
