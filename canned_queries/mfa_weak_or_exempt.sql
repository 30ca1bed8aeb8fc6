-- title: MFA missing or weak
-- question: Does the account require MFA for everyone, and who is exempt or not enrolled yet?
-- category: Account settings
-- severity: critical
-- why: >
--   Without MFA, a stolen password is enough to log in.
-- remediation: >
--   Require LEVEL2 or LEVEL3 for everyone with the command in the account's row; everyone must
--   then enroll at the next login. Revoke exemptions of individual users on their page in the
--   console, and remind users who have not enrolled.
-- notes: >
--   There is one row for the account if its setting is none (any value that begins with NONE) or
--   TOTP, which requires MFA only from users who are not federated. There is one row for each
--   person whose own setting is none or weaker than the account's, or who, according to IBM
--   Cloud's report, does not have what is required; until they enroll, anyone with the password
--   can enroll a factor. Emailed codes (LEVEL1) count as MFA, although a weak form. People who
--   cannot log in are left out: those who are invited, suspended, not (or no longer) in the
--   account, without their IBMid, or limited to VPN access. Whether a federated user provides MFA
--   at the identity provider is not known. People with the older, account-based factors are judged
--   only by whether they comply. Without the report (which requires Administrator on IAM
--   Identity), nobody is listed as not enrolled. API keys never require MFA. administrator shows
--   who is the account owner, a full administrator, or privileged, through direct policies,
--   groups, or trusted profiles that trust them by name. Once MFA is required, the command line
--   requires an API key or single sign-on. If the setting comes from an enterprise template,
--   change it in the template. The command line cannot revoke exemptions.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.7, v2.0 1.6"
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.8, v2.0 1.7"
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.9, v2.0 1.8"
--   - "IBM Cloud Docs: IBM Cloud multifactor authentication"
-- shown: [identity, kind, problem, mfa, administrator, state, login]
-- breakdown: {by: problem}
-- identifiers: [subject_id]
-- chart:
--   mark: bar
--   x_column: problem
--   x_type: nominal
--   y_column: findings
--   y_type: quantitative
with
  levels(mfa, level) as (
    values ('TOTP', 1), ('LEVEL1', 2), ('TOTP4ALL', 3), ('LEVEL2', 3), ('LEVEL3', 4)
  ),
  exempt as (
    select
      user_mfa.account_id,
      user_mfa.iam_id,
      user_mfa.mfa,
      iif(user_mfa.mfa glob 'NONE*', 'exempt', 'weaker than the account''s') as problem
    from user_mfa
    left join account_settings as settings on settings.account_id = user_mfa.account_id
    left join levels as own on own.mfa = user_mfa.mfa
    left join levels as general on general.mfa = settings.mfa
    where user_mfa.mfa glob 'NONE*' or own.level < general.level
  ),
  people as (
    select account_id, iam_id, mfa, problem, 0 as not_enrolled from exempt
    union all
    select account_id, iam_id, trait_effective, null, 1 from mfa_enrollments where complies = 0
  ),
  found as (
    select
      account_settings.account_id,
      null as iam_id,
      null as user_id,
      null as state,
      account_settings.mfa,
      iif(account_settings.mfa = 'TOTP', 'not for federated users', 'no MFA') as problem
    from account_settings
    where account_settings.mfa glob 'NONE*' or account_settings.mfa = 'TOTP'
    union all
    select
      people.account_id,
      people.iam_id,
      login_users.user_id,
      login_users.state,
      coalesce(
        max(people.mfa) filter (where not people.not_enrolled),
        max(people.mfa) filter (where people.not_enrolled)
      ),
      coalesce(
        max(people.problem) || iif(max(people.not_enrolled), ', not enrolled', ''),
        'not enrolled'
      )
    from people
    join accounts on accounts.account_id = people.account_id
    left join login_users
      on login_users.iam_id = people.iam_id and login_users.account_id = people.account_id
    where login_users.iam_id is not null or people.iam_id = accounts.owner
    group by people.account_id, people.iam_id
  )
select
  coalesce(accounts.name, found.account_id) as account,
  coalesce(identities.name, 'everybody') as identity,
  iif(found.iam_id is null, 'account', 'person') as kind,
  found.problem,
  found.mfa,
  found.user_id as login,
  found.state,
  (
    select iif(administrators.rank = 'owner', 'account owner', administrators.rank)
    from administrators
    where administrators.iam_id = found.iam_id and administrators.account_id = found.account_id
  ) as administrator,
  1 as findings,
  iif(found.iam_id is null, 'ibmcloud iam account-settings-update --mfa LEVEL2', null) as command,
  iif(
    found.iam_id is null,
    'https://cloud.ibm.com/iam/settings?tab=authentication',
    arguments.console
  ) as console,
  acknowledged.note as acknowledged,
  coalesce(found.iam_id, found.account_id) as subject_id,
  found.iam_id,
  found.account_id,
  count(*) over () as report_rows
from found
join accounts on accounts.account_id = found.account_id
left join identities on identities.iam_id = found.iam_id
left join identity_arguments as arguments
  on arguments.iam_id = found.iam_id and arguments.account_id = found.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'mfa_weak_or_exempt'
  and acknowledged.account_id = found.account_id
  and acknowledged.finding = coalesce(found.iam_id, found.account_id)
order by account, found.account_id, found.iam_id is not null, identity, found.iam_id
