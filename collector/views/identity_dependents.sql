-- title: >
--   What is lost when an identity is deleted.
-- notes: |
--   One row for each identity of an account that has API keys or policies of its own, or can be assumed.
with counted as (
  select account_id, iam_id, count(*) as keys, 0 as policies, 0 as ways
  from apikeys
  group by account_id, iam_id
  union all
  select account_id, iam_id, 0, count(*), 0
  from policies
  where type = 'access' and state = 'active' and iam_id is not null
  group by account_id, iam_id
  union all
  select profiles.account_id, profiles.iam_id, 0, 0, count(*)
  from (
    select tp_id from trustedprofile_links
    union all
    select tp_id from trustedprofile_rules
    union all
    select tp_id from trustedprofile_identities
  ) as trusts
  join trustedprofiles as profiles on profiles.id = trusts.tp_id
  group by profiles.account_id, profiles.iam_id
)
select
  account_id,
  iam_id,
  'With it go: ' || substr(
    case sum(keys)
      when 0 then ''
      when 1 then ', 1 API key'
      else ', ' || sum(keys) || ' API keys'
    end || case sum(policies)
      when 0 then ''
      when 1 then ', 1 policy of its own'
      else ', ' || sum(policies) || ' policies of its own'
    end || case sum(ways)
      when 0 then ''
      when 1 then ', 1 way to assume it'
      else ', ' || sum(ways) || ' ways to assume it'
    end,
    3
  ) || '.' as words
from counted
group by account_id, iam_id
