-- title: >
--   What is lost if an identity is deleted.
-- grain: one row for each user, service ID, and trusted profile with which something is lost
-- key: [iam_id, account_id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   words: {is: "What is lost, as a sentence.", required: true}
-- rests_on: [apikeys, policies, resource_keys, serviceids, trustedprofile_identities, trustedprofile_links, trustedprofile_rules, trustedprofiles, users]
-- notes: |
--   API keys, service credentials, its own policies, and the ways in which a trusted profile can be
--   assumed count.
with
  deletable as (
    select account_id, iam_id, null as tp_id from users
    union
    select account_id, iam_id, null from serviceids
    union
    select account_id, iam_id, id from trustedprofiles
  ),
  trusts as materialized (
    select tp_id, count(*) as ways
    from (
      select tp_id from trustedprofile_links
      union all
      select tp_id from trustedprofile_rules
      union all
      select tp_id from trustedprofile_identities
    )
    group by tp_id
  ),
  counted as (
    select
      deletable.account_id,
      deletable.iam_id,
      (
        select count(*)
        from apikeys
        where apikeys.iam_id = deletable.iam_id and apikeys.account_id = deletable.account_id
      ) as keys,
      (
        select count(*)
        from resource_keys
        where resource_keys.service_iam_id = deletable.iam_id
          and resource_keys.account_id = deletable.account_id
      ) as credentials,
      (
        select count(*)
        from policies
        where policies.iam_id = deletable.iam_id
          and policies.account_id = deletable.account_id
          and policies.type = 'access'
          and policies.state = 'active'
      ) as policies,
      coalesce(trusts.ways, 0) as ways
    from deletable
    left join trusts on trusts.tp_id = deletable.tp_id
  )
select
  account_id,
  iam_id,
  'Lost with it: '
    || substr(
      iif(keys, ', ' || keys || iif(keys = 1, ' API key', ' API keys'), '')
        || iif(
          credentials,
          ', ' || credentials || iif(credentials = 1, ' service credential', ' service credentials'),
          ''
        )
        || iif(
          policies,
          ', ' || policies || iif(policies = 1, ' policy', ' policies') || ' of its own',
          ''
        )
        || iif(ways, ', ' || ways || iif(ways = 1, ' way', ' ways') || ' to assume it', ''),
      3
    )
    || '.'
from counted
where keys or credentials or policies or ways
