-- title: People with administrator access by any path
-- question: >
--   Which people are administrators, by any access path, and how well are their logins protected?
-- category: Administrators
-- severity: critical
-- why: >
--   A person who can assume an administrator's trusted profile, or who is in a group through a
--   dynamic rule, is just as much an administrator as one whom a policy names.
-- remediation: >
--   Keep administrators few, require MFA, and delete their API keys. The command in a row ends the
--   person's privileges: it deletes privileged policies and removes the person from privileged
--   groups and from the trust of privileged profiles.
-- notes: >
--   One row for each person. rank is full administrator (Administrator and Manager on all services
--   and Administrator on all account management services, without a condition) or privileged
--   (Administrator on account management as a whole, on IAM, or on users, or Administrator or
--   Manager on all services, even with a condition). Direct policies, access groups including
--   Public Access, and trusted profiles that trust the person by name are evaluated together. Rows
--   are critical if MFA is not required, or if the person is exempt or has not enrolled, and high
--   otherwise. enabled_keys counts API keys that are not disabled, because a key does not require
--   MFA. The second_factor and enabled_keys columns are "not read" if IBM Cloud denied access to
--   this data. People who are in another account, or no longer in any, are listed if a trusted
--   profile or a policy names them. The account owner is not a finding and is not listed. The
--   report does not show people who can assume a trusted profile through a claim rule (the report
--   on trusted profiles lists the rules), people who can make themselves administrators (see the
--   report on privilege escalation paths), or whether a federated user provides MFA at the
--   identity provider. The command also removes everything else that those groups and trusted
--   profiles grant. There is no command if an enterprise template created a policy or a trusted
--   profile, nor for a member added by a dynamic rule, who would come back at the next login:
--   change the rule in the console.
-- references:
--   - "IBM Cloud Docs: IBM Cloud multifactor authentication"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [user, severity, rank, through, privileges, second_factor, enabled_keys]
-- breakdown: {by: severity}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: through
--   x_type: nominal
--   y_column: people
--   y_type: quantitative
--   color_column: rank
with
  admins as materialized (
    select account_id, iam_id, rank, through, privileges, is_conditional
    from administrators
    where is_person and rank <> 'owner'
  ),
  read_parts as materialized (
    select account_id, part
    from collected_parts
    where part in ('account_settings', 'apikeys', 'mfa_enrollments') and status = 'ok'
  ),
  public_groups as materialized (
    select ways.account_id, ways.iam_id, max(ways.access_group_id) as access_group_id
    from administrator_ways as ways
    where ways.membership = 'public' and ways.acting_as = ways.iam_id
    group by ways.account_id, ways.iam_id
  ),
  asked as materialized (
    select
      admins.*,
      coalesce(enrolled.trait_effective, own.mfa, settings.mfa) as mfa,
      own.mfa glob 'NONE*' as is_exempt,
      enrolled.iam_id is not null as is_reported,
      enrolled.complies
    from admins
    left join account_settings as settings on settings.account_id = admins.account_id
    left join user_mfa as own
      on own.account_id = admins.account_id and own.iam_id = admins.iam_id
    left join mfa_enrollments as enrolled
      on enrolled.account_id = admins.account_id and enrolled.iam_id = admins.iam_id
  ),
  factors as materialized (
    select
      asked.*,
      case
        when is_exempt then 'exempt'
        when mfa glob 'NONE*' then 'not required'
        when complies = 0 then 'not enrolled'
      end as missing,
      case
        when complies = 1 and mfa is null then 'account-based factors'
        when mfa is null then 'not read'
        else mfa || case
          when complies = 1 then iif(mfa = 'TOTP', ', unless federated', '')
          when is_reported
            or (account_id, 'mfa_enrollments') in (select account_id, part from read_parts)
          then ' required, enrollment not known'
          else ' required, enrollment not read'
        end
      end as factor
    from asked
  )
select
  coalesce(accounts.name, factors.account_id) as account,
  coalesce(identities.name, factors.iam_id) as user,
  users.user_id as login,
  factors.rank,
  factors.through,
  factors.privileges,
  iif(factors.is_conditional, 'yes', 'no') as is_conditional,
  coalesce(factors.missing, factors.factor) as second_factor,
  iif(
    (factors.account_id, 'apikeys') in (select account_id, part from read_parts),
    (
      select count(*)
      from apikeys
      where apikeys.iam_id = factors.iam_id
        and apikeys.account_id = factors.account_id
        and coalesce(apikeys.disabled, 0) = 0
    ),
    'not read'
  ) as enabled_keys,
  iif(factors.missing is null, 'high', 'critical') as severity,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = public_groups.access_group_id
  ) as public_access,
  case
    when users.id is not null then users.state
    when factors.account_id in (select account_id from complete_lists where kind = 'person')
      then 'not in the account'
  end as user_state,
  1 as people,
  commands.command,
  arguments.console,
  commands.remark,
  acknowledged.note as acknowledged,
  factors.iam_id,
  factors.account_id,
  count(*) over () as report_rows
from factors
join accounts on accounts.account_id = factors.account_id
left join identities on identities.iam_id = factors.iam_id
left join users on users.iam_id = factors.iam_id and users.account_id = factors.account_id
left join administrator_remediations as commands
  on commands.iam_id = factors.iam_id and commands.account_id = factors.account_id
left join public_groups
  on public_groups.iam_id = factors.iam_id and public_groups.account_id = factors.account_id
left join identity_arguments as arguments
  on arguments.iam_id = factors.iam_id and arguments.account_id = factors.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'people_administrators'
  and acknowledged.account_id = factors.account_id
  and acknowledged.finding = factors.iam_id
order by account, factors.account_id, factors.rank, user, login, factors.iam_id
