-- title: >
--   Which identity belongs to which account, according to anything in the file.
-- grain: one row for each identity, account, and source that shows it
-- key: [iam_id, account_id, known_from]
-- by_key: true
-- columns:
--   account_id: {is: "The account that it belongs to, which might not be in the file.", required: true}
--   iam_id: {is: "The identity.", references: identities, required: true}
--   known_from: {is: "The source that shows it.", required: true}
-- rests_on:
--   - accounts
--   - apikeys
--   - enterprise_accounts
--   - identities
--   - resource_keys
--   - serviceids
--   - trustedprofile_identities
--   - trustedprofiles
--   - users
-- errs: >
--   A key or a credential can outlive its identity; a deleted identity can then go unnoticed. IBM
--   Cloud's reports on MFA and inactivity might be old, so they are not used as evidence.
select account_id, iam_id, 'users' as known_from
from users
union
select account_id, iam_id, 'service IDs'
from serviceids
union
select account_id, iam_id, 'trusted profiles'
from trustedprofiles
union
select account_id, owner, 'owner of the account'
from accounts
where owner is not null
union
select id, owner_iam_id, 'owner of an account of the enterprise'
from enterprise_accounts
where owner_iam_id is not null
union
select account_id, iam_id, 'API key'
from apikeys
union
select account_id, service_iam_id, 'service credential'
from resource_keys
where service_iam_id is not null
  and coalesce(state, '') not in ('removed', 'deleted', 'pending_removal')
union
select
  one.value,
  allowed.iam_id,
  'trusted profile ' || coalesce(nullif(profiles.name, ''), profiles.id)
from trustedprofile_identities as allowed
join trustedprofiles as profiles on profiles.id = allowed.tp_id
join json_each(coalesce(allowed.accounts, '[]')) as one
where lower(allowed.type) = 'user' and one.type = 'text' and one.value <> profiles.account_id
union
select
  substr(json_extract(segments, '$[6]'), 3),
  iam_id,
  'trusted profile ' || profile
from (
  select
    allowed.iam_id,
    coalesce(nullif(profiles.name, ''), profiles.id) as profile,
    '[' || replace(json_quote(allowed.identifier), ':', '","') || ']' as segments
  from trustedprofile_identities as allowed
  join trustedprofiles as profiles on profiles.id = allowed.tp_id
  where lower(allowed.type) = 'serviceid'
    and allowed.identifier glob 'crn:v1:*:*:*:*:a/*:*:*'
)
union
-- The IAM ID of a resource is its CRN.
select substr(json_extract(segments, '$[6]'), 3), iam_id, 'its CRN'
from (
  select iam_id, '[' || replace(json_quote(substr(iam_id, 5)), ':', '","') || ']' as segments
  from identities
  where iam_id glob 'crn-crn:v1:*:*:*:*:a/*:*:*'
)
