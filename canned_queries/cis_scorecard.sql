-- title: CIS benchmark, section on IAM
-- question: Which recommendations of the CIS IBM Cloud Foundations Benchmark on IAM does the account meet?
-- category: Overview
-- severity: info
-- why: >
--   One row for each recommendation of section 1, in version 1.0 and 2.0 of the benchmark, and each
--   report that checks it; recommendations are told in our words, not in those of the benchmark.
--   result is "nothing found", a number of open findings, "not read" where IBM Cloud refused what
--   the report rests on, or "not checked" where account data cannot tell; remark says why, or what
--   the report leaves out. Nothing found means that the report has no open row: not that an auditor
--   would agree. Findings that somebody acknowledged count as accepted, not as open.
-- remediation: >
--   Open the report in its row, and mend what it lists.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 and v2.0, section 1"
-- chart:
--   mark: bar
--   x_column: verdict
--   x_type: nominal
--   y_column: checks
--   y_type: quantitative
--   color_column: verdict
with
  recommendations(place, v1, v2, recommendation, report, remark) as (
    values
      (1, '1.1', '1.1', 'Watch the logins of the account owner', null,
        'Logins are events; the activity tracker has them, account data does not.'),
      (2, '1.2', '1.2', 'No API key unused for 180 days', 'api_key_unused_180_days', null),
      (2, '1.2', '1.2', 'No API key unused for 180 days', 'api_key_never_used', null),
      (3, '1.3', '1.3', 'API keys replaced every 90 days', 'api_key_older_90_days', null),
      (4, '1.4', '1.4', 'Not everybody may create API keys and service IDs', 'settings_hardening',
        'The report checks other settings too.'),
      (5, '1.5', '1.5', 'No API key of the account owner', 'owner_api_key', null),
      (5, null, '1.5', 'No API key of an administrator', 'admin_user_api_keys', null),
      (6, '1.6', null, 'Rules for passwords', null,
        'Passwords are kept by IBMid or the identity provider; no API tells their rules.'),
      (7, '1.7', '1.6', 'A second factor for every user', 'mfa_weak_or_exempt', null),
      (8, '1.8', '1.7', 'A second factor for the owner and administrators', 'mfa_weak_or_exempt',
        'The report covers everybody, owner and administrators included.'),
      (9, '1.9', '1.8', 'A second factor demanded by the account', 'mfa_weak_or_exempt', null),
      (10, '1.10', '1.9', 'The contact e-mail address is right', 'user_contact_missing',
        'Only whether there is one: nothing tells whether it is right.'),
      (11, '1.11', '1.10', 'The contact phone number is right', null,
        'Phone numbers are not collected, and nothing tells whether one is right.'),
      (12, null, '1.11', 'Trusted profiles instead of service IDs', 'service_id_to_profile',
        'An indication: where a program runs is not in account data.'),
      (12, null, '1.11', 'Trusted profiles instead of service IDs', 'service_id_inactive', null),
      (13, null, '1.12', 'Context-based restrictions in use', 'sensitive_services_without_cbr',
        null),
      (14, null, '1.13', 'External identities limited', 'settings_hardening',
        'The report checks other settings too.'),
      (14, null, '1.13', 'External identities limited', 'profile_cross_account', null),
      (15, '1.12', '1.14', 'Permissions through access groups', 'user_direct_policies', null),
      (15, '1.12', '1.14', 'Permissions through access groups', 'users_not_in_access_group', null),
      (16, '1.13', '1.15', 'An access group for support cases', 'support_access_group', null),
      (17, '1.14', '1.16', 'Few administrators', 'account_full_admins',
        'How many are few is for you to say: the owner is always one.'),
      (17, '1.14', '1.16', 'Few administrators', 'group_large_admin', null),
      (17, null, '1.16', 'Few administrators', 'profile_admins', null),
      (18, '1.15', '1.17', 'Few service IDs that are administrators', 'service_id_admins', null),
      (19, '1.16', '1.18', 'No public access', 'public_access_enabled', null),
      (19, '1.16', '1.18', 'No public access', 'public_policies', null),
      (20, '1.17', '1.19', 'Inactive users suspended', 'user_inactive', null),
      (20, '1.17', '1.19', 'Inactive users suspended', 'user_suspended_with_grants', null),
      (21, '1.18', '1.20', 'IAM is in the audit log', null,
        'How the activity tracker is set up is not part of the data that is collected.'),
      (22, '1.19', null, 'Logins through an identity provider', null,
        'Only in part: the realm of each user is in the table users.')
  ),
  accepted as (
    select findings.report, findings.account_id, count(*) as findings
    from findings
    join acknowledgements on acknowledgements.id = findings.acknowledgement_id
    where acknowledgements.expires >= date('now')
    group by findings.report, findings.account_id
  ),
  checks as (
    select
      accounts.account_id,
      coalesce(accounts.name, accounts.account_id) as account,
      recommendations.*,
      report_counts.rows - coalesce(accepted.findings, 0) as open,
      coalesce(accepted.findings, 0) as accepted,
      case
        when recommendations.report is null then 'not checked'
        when report_counts.rows is null then 'not counted'
        when report_counts.rows > coalesce(accepted.findings, 0) then 'findings'
        when report_counts.unread is not null then 'not read'
        else 'nothing found'
      end as verdict,
      report_counts.unread
    from accounts
    cross join recommendations
    left join report_counts
      on report_counts.report = recommendations.report
      and report_counts.account_id = accounts.account_id
    left join accepted
      on accepted.report = recommendations.report and accepted.account_id = accounts.account_id
  )
select
  account,
  coalesce(v2, '') as v2,
  coalesce(v1, '') as v1,
  recommendation,
  iif(
    verdict = 'findings', open || iif(open = 1, ' open finding', ' open findings'), verdict
  ) as result,
  iif(accepted > 0 and report is not null, accepted, null) as accepted,
  report,
  nullif(
    trim(coalesce(remark, '') || coalesce(' Could not be read: ' || unread || '.', '')), ''
  ) as remark,
  verdict,
  1 as checks,
  account_id,
  count(*) over () as report_rows
from checks
order by account, account_id, place, report
