-- title: Users outside approved email domains
-- question: Which users have an email address outside your approved domains?
-- category: Users
-- severity: medium
-- why: >
--   People from other companies, and users with private mailboxes, keep their access when a
--   contract ends, because nobody on their side tells you.
-- remediation: >
--   Remove users who should not be in the account with the command, and restrict invitations to
--   your domains in the console (Manage, Access (IAM), Settings). The command line cannot restrict
--   invitations.
-- notes: >
--   approved_by shows what counts as approved. The domains that you enter, with their subdomains,
--   come first. If you enter none, the patterns to which the account restricts invitations apply,
--   of all identity providers together. Without such a restriction, the email domain of the
--   account owner and its subdomains apply (if that is the domain of a public email provider,
--   enter your domains). If you enter no domains, an account whose settings were not read has no
--   rows. The address is the user's email address, or the login name if there is none. A user for
--   whom neither has the form of an email address is not listed. Whether an address works, and who
--   reads it, is not known.
-- references:
--   - "IBM Cloud Docs: Restricting domains for account invitations"
-- parameters:
--   domains: Approved email domains, separated by commas; empty for those of the account.
-- shown: [user, mail, domain, state, approved_by, approved, added_on]
-- breakdown: {by: domain}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: domain
--   x_type: nominal
--   y_column: users
--   y_type: quantitative
with
  entered as materialized (
    select distinct ltrim(trim(lower(each.value)), '@') as domain
    from json_each('[' || replace(json_quote(:domains), ',', '","') || ']') as each
    where trim(each.value) <> ''
  ),
  restrictions as materialized (
    select settings.account_id, lower(patterns.value) as pattern
    from (
      select
        account_id,
        iif(json_valid(restrict_user_domains), restrict_user_domains, '[]') as realms
      from account_settings
    ) as settings
    join json_each(
      settings.realms, iif(json_type(settings.realms) = 'object', '$.restrictions', '$')
    ) as realms
    join json_each(
      iif(realms.type = 'object', realms.value, '{}'), '$.invitation_email_allow_patterns'
    ) as patterns
    where json_extract(iif(realms.type = 'object', realms.value, '{}'), '$.restrict_invitation')
      and patterns.value <> ''
  ),
  -- In a pattern * stands for anything but . and @, ** for anything, ? for one character. GLOB
  -- knows no such *: where a side of the @ has no other wildcard, its dots must be as many.
  sides as materialized (
    select
      account_id,
      pattern,
      iif(pattern like '%@%', rtrim(pattern, replace(pattern, '@', '')), '') as local_side,
      iif(
        pattern like '%@%', replace(pattern, rtrim(pattern, replace(pattern, '@', '')), ''), ''
      ) as domain_side
    from restrictions
  ),
  patterns as materialized (
    select
      account_id,
      replace(replace(pattern, '[', '[[]'), '**', '*') as glob_pattern,
      case
        when local_side <> '' and local_side not glob '*[*][*]*' and instr(local_side, '?') = 0
          then length(local_side) - length(replace(local_side, '.', ''))
      end as local_dots,
      case
        when domain_side <> '' and domain_side not glob '*[*][*]*' and instr(domain_side, '?') = 0
          then length(domain_side) - length(replace(domain_side, '.', ''))
      end as domain_dots
    from sides
  ),
  addresses as materialized (
    select
      users.id,
      users.account_id,
      users.iam_id,
      case
        when users.email like '%_@_%' then lower(users.email)
        when users.user_id like '%_@_%' then lower(users.user_id)
      end as mail
    from users
  ),
  domains as materialized (
    select
      id,
      account_id,
      iam_id,
      mail,
      -- What follows the last @, of which there is one as a rule.
      iif(
        instr(substr(mail, instr(mail, '@') + 1), '@') = 0,
        substr(mail, instr(mail, '@') + 1),
        replace(mail, rtrim(mail, replace(mail, '@', '')), '')
      ) as domain
    from addresses
    where mail is not null
  ),
  owners as materialized (
    select accounts.account_id, min(domains.domain) as domain
    from accounts
    join domains on domains.account_id = accounts.account_id and domains.iam_id = accounts.owner
    group by accounts.account_id
  ),
  approvals as materialized (
    select
      accounts.account_id,
      case
        when exists (select 1 from entered) then 'entered'
        when not exists (
          select 1
          from collected_parts
          where collected_parts.account_id = accounts.account_id
            and collected_parts.part = 'account_settings'
            and collected_parts.status = 'ok'
        ) then null
        when accounts.account_id in (select account_id from restrictions) then 'account setting'
        when owners.domain is not null then 'owner''s domain'
      end as approved_by,
      case
        when exists (select 1 from entered)
          then (select group_concat(domain, ', ') from entered)
        when accounts.account_id in (select account_id from restrictions) then (
          select group_concat(pattern, ', ')
          from restrictions
          where restrictions.account_id = accounts.account_id
        )
        else owners.domain
      end as approved
    from accounts
    left join owners on owners.account_id = accounts.account_id
  ),
  outside as materialized (
    select domains.*, approvals.approved_by, approvals.approved
    from domains
    cross join approvals on approvals.account_id = domains.account_id
    where approvals.approved_by is not null
      and case approvals.approved_by
        when 'account setting' then not exists (
          select 1
          from patterns
          where patterns.account_id = domains.account_id
            and domains.mail glob patterns.glob_pattern
            and coalesce(
              patterns.local_dots
                = length(domains.mail) - length(replace(domains.mail, '.', ''))
                  - (length(domains.domain) - length(replace(domains.domain, '.', ''))),
              true
            )
            and coalesce(
              patterns.domain_dots = length(domains.domain) - length(replace(domains.domain, '.', '')),
              true
            )
        )
        when 'entered' then not exists (
          select 1
          from entered
          where entered.domain = domains.domain
            or substr(domains.domain, -length(entered.domain) - 1) = '.' || entered.domain
        )
        else
          domains.domain <> approvals.approved
          and substr(domains.domain, -length(approvals.approved) - 1) <> '.' || approvals.approved
      end
  )
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  outside.mail,
  outside.domain,
  users.state,
  users.realm,
  users.added_on,
  outside.approved_by,
  outside.approved,
  1 as users,
  iif(
    users.iam_id is accounts.owner, null, 'ibmcloud account user-remove ' || arguments.word
  ) as command,
  arguments.console,
  coalesce(arguments.remark, dependents.words) as remark,
  acknowledged.note as acknowledged,
  users.iam_id,
  users.account_id,
  count(*) over () as report_rows
from outside
join users on users.id = outside.id
join accounts on accounts.account_id = outside.account_id
join identities on identities.iam_id = users.iam_id
join identity_arguments as arguments
  on arguments.iam_id = users.iam_id and arguments.account_id = users.account_id
left join identity_dependents as dependents
  on dependents.iam_id = arguments.iam_id and dependents.account_id = arguments.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_external_domain'
  and acknowledged.account_id = users.account_id
  and acknowledged.finding = users.iam_id
order by account, users.account_id, outside.domain, user, users.id
