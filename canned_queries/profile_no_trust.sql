-- title: Trusted profiles that nobody can assume
-- question: Which trusted profiles have no link, no rule, and no identity?
-- category: Trusted profiles
-- severity: low
-- why: >
--   Such a trusted profile grants nothing to anyone today, but its policies take effect with the
--   first link, rule, or identity that is added.
-- remediation: >
--   Delete the trusted profile with its command.
-- notes: >
--   Trusted profiles created by an enterprise template are listed too; whether the template's own
--   rules always appear in the account is not known. Whatever an enterprise template created is
--   changed in the enterprise, so it has no command.
-- references:
--   - "IBM Cloud Docs: Removing trusted profiles"
-- shown: [profile, direct_policies, is_from_template, created_at, description]
-- breakdown: {by: is_from_template}
-- identifiers: [profile_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: profiles
--   y_type: quantitative
with
  read_accounts as materialized (
    select account_id
    from collected_parts
    where status = 'ok'
      and part in (
        'trustedprofiles', 'trustedprofile_links', 'trustedprofile_rules',
        'trustedprofile_identities'
      )
    group by account_id
    having count(*) = 4
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  profiles.description,
  case
    when exists (
      select 1
      from collected_parts
      where collected_parts.account_id = profiles.account_id
        and collected_parts.part = 'policies'
        and collected_parts.status = 'ok'
    ) then (
      select count(*)
      from granting_policies as policies
      where policies.iam_id = profiles.iam_id
        and policies.account_id = profiles.account_id
        and policies.type = 'access'
    )
  end as direct_policies,
  iif(profiles.template_id is null, 'no', 'yes') as is_from_template,
  profiles.created_at,
  1 as profiles,
  iif(
    profiles.template_id is null,
    'ibmcloud iam trusted-profile-delete ' || arguments.word,
    null
  ) as command,
  arguments.console,
  coalesce(arguments.remark, dependents.words) as remark,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  profiles.account_id,
  count(*) over () as report_rows
from trustedprofiles as profiles
join accounts on accounts.account_id = profiles.account_id
join read_accounts on read_accounts.account_id = profiles.account_id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join identity_dependents as dependents
  on dependents.iam_id = arguments.iam_id and dependents.account_id = arguments.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_no_trust'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = profiles.id
where profiles.id not in (select tp_id from trustedprofile_links)
  and profiles.id not in (select tp_id from trustedprofile_rules)
  and profiles.id not in (select tp_id from trustedprofile_identities)
order by account, profiles.account_id, profile, profiles.id
