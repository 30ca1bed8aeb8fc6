-- title: The measures that decide the IAM recommendations of the CIS benchmark.
-- grain: one row for each account and measure
-- key: [account_id, measure]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   measure: {is: "What is measured, as named in the views cis_keys, cis_settings, and so on.", required: true}
--   fails:
--     is: 1 if the account fails the recommendation, 0 if not, empty if that is not known.
--     kind: integer
--   figure: What decides it, in words.
--   unread: >
--     Parts that it depends on but that were not read in full; if there are any, a 0 is inconclusive.
-- rests_on:
--   [access_group_members, access_groups, account_settings, accounts, administrator_ways, apikeys,
--   cbr_rules, collected_parts, complete_lists, external_identity_settings, inactive_identities,
--   mfa_enrollments, open_context_rules, policies, policy_conditions, policy_roles,
--   policy_services, public_access, serviceids, trustedprofile_identities, trustedprofile_rules,
--   trustedprofiles, user_mfa, users]
-- notes: |
--   Each measure judges what its recommendation asks for, which is often less than what the related
--   reports list. The measures are in the views cis_keys, cis_settings, cis_factors, cis_people,
--   cis_administrators, and cis_public; this fact adds only what they depend on.
with
  measures as materialized (
    select account_id, measure, fails, figure from cis_keys
    union all
    select account_id, measure, fails, figure from cis_settings
    union all
    select account_id, measure, fails, figure from cis_factors
    union all
    select account_id, measure, fails, figure from cis_people
    union all
    select account_id, measure, fails, figure from cis_administrators
    union all
    select account_id, measure, fails, figure from cis_public
  ),
  -- What each measure rests on.
  needs(measure, parts) as (
    values
      ('unused keys', '["apikeys", "inactive_identities"]'),
      ('old keys', '["apikeys"]'),
      ('keys of the owner', '["apikeys"]'),
      (
        'keys of administrators',
        '["apikeys", "users", "policies", "access_groups", "access_group_members",
          "trustedprofile_identities"]'
      ),
      ('creation', '["account_settings"]'),
      ('factor demanded', '["account_settings"]'),
      ('external identities', '["external_identity_settings"]'),
      ('context rules', '["cbr_rules", "cbr_zone_addresses"]'),
      ('exempt people', '["account_settings", "users"]'),
      ('factor of the owner', '["account_settings", "mfa_enrollments"]'),
      (
        'factor of administrators',
        '["account_settings", "mfa_enrollments", "users", "policies", "access_groups",
          "access_group_members", "trustedprofile_identities"]'
      ),
      ('mail addresses', '["users"]'),
      ('groups', '["users", "policies", "access_groups", "access_group_members"]'),
      (
        'groups or profiles',
        '["users", "policies", "access_groups", "access_group_members",
          "trustedprofile_identities", "trustedprofile_rules"]'
      ),
      ('inactive people', '["users", "inactive_identities"]'),
      ('support group', '["policies", "access_groups", "access_group_members"]'),
      ('administrators', '["users", "policies"]'),
      (
        'service ID administrators',
        '["serviceids", "policies", "access_groups", "access_group_members",
          "trustedprofile_identities"]'
      ),
      ('public access', '["policies", "access_groups"]'),
      ('public storage', '["policies", "access_groups"]')
  ),
  -- A list of users that is restricted shows one of them, and is as good as not read.
  read_parts as materialized (
    select account_id, part
    from collected_parts
    where status = 'ok'
      and (
        part <> 'users'
        or account_id in (select account_id from complete_lists where kind = 'person')
      )
  ),
  unread as (
    select accounts.account_id, needs.measure, group_concat(part.value, ', ') as parts
    from accounts
    cross join needs
    join json_each(needs.parts) as part
    where not exists (
      select 1
      from read_parts
      where read_parts.account_id = accounts.account_id and read_parts.part = part.value
    )
    group by accounts.account_id, needs.measure
  )
select
  measures.account_id,
  measures.measure,
  -- Where only the absence of something fails, what was not read may be there.
  iif(
    unread.parts is not null and measures.measure in ('context rules', 'support group'),
    nullif(measures.fails, 1),
    measures.fails
  ) as fails,
  measures.figure,
  unread.parts as unread
from measures
left join unread
  on unread.account_id = measures.account_id and unread.measure = measures.measure
