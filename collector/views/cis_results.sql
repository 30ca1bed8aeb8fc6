-- title: >
--   The result of each IAM recommendation of the CIS benchmark in each account.
-- notes: |
--   One row for each account, version of the benchmark, and recommendation of its section 1. result
--   is pass, fail, not checkable (account data cannot show it), or not read (the data that decides
--   it is not in the file). Which recommendations exist, what decides each, and which reports list
--   what to fix is defined here and nowhere else.
-- columns:
--   account_id: The account.
--   version: The version of the benchmark.
--   number: The number of the recommendation in it.
--   recommendation: What it asks for, in our words.
--   result: pass, fail, not checkable, or not read.
--   figure: What decides the result, in words; empty if there is no pass or fail.
--   reports: The reports that list what to fix.
--   remark: What the result does not cover, or why there is none.
with
  -- measure is empty where nothing in the account's data could decide.
  recommendations(v2, v1, recommendation, measure, reports, remark) as (
    values
      ('1.1', '1.1', 'Monitor logins of the account owner', null, null,
        'Logins are events, which are in the activity tracker and not in account data.'),
      ('1.2', '1.2', 'No API key unused for 180 days', 'unused keys',
        'api_key_unused_180_days, api_key_never_used',
        'A key that was never used counts from the day it was created.'),
      ('1.3', '1.3', 'API keys rotated every 90 days', 'old keys', 'api_key_older_90_days', null),
      ('1.4', '1.4', 'Creation of API keys and service IDs restricted', 'creation',
        'settings_hardening', 'The report checks other settings too.'),
      (null, '1.5', 'No API key of the account owner', 'keys of the owner', 'owner_api_key', null),
      ('1.5', null, 'No API key of the account owner or an administrator',
        'keys of administrators', 'owner_api_key, admin_user_api_keys', null),
      (null, '1.6', 'Password rules', null, null,
        'IBMid or the identity provider manages passwords; no API shows their rules.'),
      ('1.6', '1.7', 'MFA for every user', 'exempt people', 'mfa_weak_or_exempt',
        'TOTP does not apply to federated users.'),
      (null, '1.8', 'MFA for the account owner', 'factor of the owner', 'mfa_weak_or_exempt',
        'The report covers everyone.'),
      ('1.7', null, 'MFA for the account owner and administrators',
        'factor of administrators', 'mfa_weak_or_exempt', 'The report covers everyone.'),
      ('1.8', '1.9', 'MFA required by the account', 'factor demanded',
        'mfa_weak_or_exempt', 'The report also covers individual users.'),
      ('1.9', '1.10', 'Correct contact email address', 'mail addresses',
        'user_contact_missing', 'Whether an address is correct is not known.'),
      ('1.10', '1.11', 'Correct contact phone number', null, null,
        'Phone numbers are not collected, and whether one is correct is not known.'),
      ('1.11', null, 'Trusted profiles instead of service IDs', null,
        'service_id_inactive, service_id_to_profile',
        'Account data does not show where a program runs; the reports are an indication.'),
      ('1.12', null, 'Context-based restrictions in use', 'context rules',
        'sensitive_services_without_cbr', 'The report lists every sensitive instance without one.'),
      ('1.13', null, 'External identities limited', 'external identities',
        'cross_account_access, profile_cross_account, settings_hardening', 'The reports also list other things.'),
      (null, '1.12', 'Permissions through access groups', 'groups',
        'user_direct_policies, users_not_in_access_group', null),
      ('1.14', null, 'Permissions through access groups or trusted profiles',
        'groups or profiles', 'user_direct_policies, users_not_in_access_group',
        'The reports do not count trusted profiles as an alternative.'),
      ('1.15', '1.13', 'An access group for support cases', 'support group',
        'support_access_group', null),
      ('1.16', '1.14', 'Few administrators', 'administrators',
        'account_full_admins, group_large_admin, profile_admins',
        'Administrator on all account management services or on all services, besides the owner.'),
      ('1.17', '1.15', 'Few service IDs with administrator access', 'service ID administrators',
        'profile_admins, service_id_admins',
        'Through direct policies, access groups, or a trusted profile that it can assume.'),
      (null, '1.16', 'No public access to Object Storage', 'public storage',
        'public_access_enabled, public_policies', 'The setting alone opens nothing.'),
      ('1.18', null, 'No public access', 'public access',
        'public_access_enabled, public_policies', 'The setting alone opens nothing.'),
      ('1.19', '1.17', 'Inactive users suspended', 'inactive people',
        'user_inactive, user_suspended_with_grants', 'Suspended users do not fail this check.'),
      ('1.20', '1.18', 'IAM events in the audit log', 'audit log', null,
        'How events are routed is not collected.'),
      (null, '1.19', 'Logins through an identity provider', null, null,
        'Checkable only in part: the realm of each user is in the table users.')
  ),
  versions as (
    select 'v2.0' as version, v2 as number, recommendations.* from recommendations
    where v2 is not null
    union all
    select 'v1.0', v1, recommendations.* from recommendations where v1 is not null
  ),
  judged as (
    select
      accounts.account_id,
      versions.*,
      measured.figure,
      measured.unread,
      case
        when measured.fails then 'fail'
        when versions.measure is null then 'not checkable'
        when measured.measure is null or measured.unread is not null then 'not read'
        when measured.fails = 0 then 'pass'
        when versions.measure = 'mail addresses' then 'not checkable'
        else 'not read'
      end as result
    from accounts
    cross join versions
    left join (select * from cis_measures) as measured
      on measured.account_id = accounts.account_id and measured.measure = versions.measure
  )
select
  account_id,
  version,
  number,
  recommendation,
  result,
  iif(result in ('pass', 'fail'), figure, null) as figure,
  reports,
  nullif(
    trim(coalesce(remark, '') || coalesce(' Could not be read in full: ' || unread || '.', '')), ''
  ) as remark
from judged
