-- title: >
--   What is lost if an identity is deleted.
-- notes: |
--   One row for each user, service ID, and trusted profile of an account; words is empty if it has
--   no API keys, service credentials, or direct policies and cannot be assumed. Each kind is a
--   separate select, and a column has the same type in all of them: only then does SQLite look up
--   one identity instead of creating all rows.
with deletable as (
  select account_id, iam_id, cast(null as text) as tp_id from users
  union all
  select account_id, iam_id, cast(null as text) from serviceids
  union all
  select account_id, iam_id, id from trustedprofiles
)
select
  account_id,
  iam_id,
  'Lost with it: ' || nullif(
    substr(
      coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' API key', ' API keys')
          from apikeys
          where apikeys.iam_id = deletable.iam_id and apikeys.account_id = deletable.account_id
          having count(*) > 0
        ),
        ''
      ) || coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' service credential', ' service credentials')
          from resource_keys
          where resource_keys.service_iam_id = deletable.iam_id
            and resource_keys.account_id = deletable.account_id
          having count(*) > 0
        ),
        ''
      ) || coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' policy', ' policies') || ' of its own'
          from policies
          where policies.iam_id = deletable.iam_id
            and policies.account_id = deletable.account_id
            and policies.type = 'access'
            and policies.state = 'active'
          having count(*) > 0
        ),
        ''
      ) || coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' way', ' ways') || ' to assume it'
          from (
            select tp_id from trustedprofile_links
            union all
            select tp_id from trustedprofile_rules
            union all
            select tp_id from trustedprofile_identities
          ) as trusts
          where trusts.tp_id = deletable.tp_id
          having count(*) > 0
        ),
        ''
      ),
      3
    ),
    ''
  ) || '.' as words
from deletable
