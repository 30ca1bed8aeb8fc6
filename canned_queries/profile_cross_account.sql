-- title: Trusted profiles that other accounts can assume
-- question: Which trusted profiles trust people, services, or compute resources of other accounts?
-- category: Trusted profiles
-- severity: high
-- why: >
--   The administrators of the other account decide who uses the access of the trusted profile, and
--   you cannot see whom they choose.
-- remediation: >
--   Ask the other account what it needs the trusted profile for. If it no longer needs it, remove
--   the trust with the command.
-- notes: >
--   The report lists links to compute resources of another account, people who can assume the
--   trusted profile from another account, resources of another account, and service IDs that
--   nothing in this account knows of (neither its list of service IDs nor an API key or
--   credential). A deleted service ID looks the same, and the account of a service ID is known
--   only if something in this file shows it. Claim rules are not listed, although they admit users
--   of an identity provider no matter which account they are in. is_privileged is yes for trusted
--   profiles that administer the account, and empty otherwise. There is no command for a person
--   who can also assume the profile from this account (remove the other accounts in the console),
--   nor for an identity of a profile that an enterprise template created (check in the enterprise
--   whether the template added it).
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.13"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [profile, trusted, kind, other_accounts, is_privileged, trusts, description]
-- breakdown: {by: kind}
-- identifiers: [profile_id, trusted_id]
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: trusts
--   y_type: quantitative
with
  readable_accounts as materialized (
    select account_id from complete_lists where kind = 'service ID'
  ),
  trusts as materialized (
    select
      profiles.account_id,
      profiles.id as profile_id,
      'link' as source,
      'compute' as kind,
      links.id as trusted_id,
      coalesce(nullif(links.name, ''), links.link_crn, links.component_name, links.id) as name,
      null as identifier,
      iif(
        links.link_crn glob 'crn:v1:*:*:*:*:a/*:*:*',
        json_array(
          substr(
            json_extract(
              '[' || replace(json_quote(links.link_crn), ':', '","') || ']', '$[6]'
            ),
            3
          )
        ),
        '[]'
      ) as accounts,
      links.is_cross_account = 1 as is_certain,
      null as description
    from trustedprofile_links as links
    join trustedprofiles as profiles on profiles.id = links.tp_id
    union all
    select
      profiles.account_id,
      profiles.id,
      'identity',
      case lower(allowed.type)
        when 'user' then 'person'
        when 'serviceid' then 'service ID'
        else 'resource'
      end,
      allowed.iam_id,
      coalesce(identities.name, allowed.iam_id),
      coalesce(allowed.identifier, allowed.iam_id),
      case
        when lower(allowed.type) = 'user' then coalesce(allowed.accounts, '[]')
        when lower(allowed.type) = 'serviceid' then coalesce(
          (
            select json_group_array(account_id)
            from (
              select distinct known.account_id
              from known_identities as known
              where known.iam_id = allowed.iam_id
              order by known.account_id
            )
          ),
          '[]'
        )
        when allowed.identifier glob 'crn:v1:*:*:*:*:a/*:*:*' then json_array(
          substr(
            json_extract(
              '[' || replace(json_quote(allowed.identifier), ':', '","') || ']', '$[6]'
            ),
            3
          )
        )
        else '[]'
      end,
      lower(allowed.type) = 'serviceid'
        and profiles.account_id in (select account_id from readable_accounts)
        and not exists (
          select 1
          from known_identities as known
          where known.iam_id = allowed.iam_id and known.account_id = profiles.account_id
        ),
      allowed.description
    from trustedprofile_identities as allowed
    join trustedprofiles as profiles on profiles.id = allowed.tp_id
    left join identities on identities.iam_id = allowed.iam_id
  ),
  other_accounts as materialized (
    select
      trusts.profile_id,
      trusts.trusted_id,
      group_concat(
        coalesce(
          (select nullif(known.name, '') from accounts as known where known.account_id = one.value),
          (
            select max(nullif(known.name, ''))
            from enterprise_accounts as known
            where known.id = one.value
          ),
          one.value
        ),
        ', '
      ) as accounts
    from trusts
    join json_each(trusts.accounts) as one
    where one.value <> trusts.account_id
    group by trusts.profile_id, trusts.trusted_id
  ),
  privileged as materialized (
    select account_id, iam_id from administrators where kind = 'trusted_profile'
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  trusts.kind,
  trusts.name as trusted,
  coalesce(other_accounts.accounts, 'not known') as other_accounts,
  trusts.description,
  case
    when (profiles.account_id, profiles.iam_id) in (select account_id, iam_id from privileged)
      then 'yes'
  end as is_privileged,
  1 as trusts,
  case
    when trusts.source = 'link' then
      'ibmcloud iam trusted-profile-link-delete ' || arguments.word || ' '''
        || replace(trusts.trusted_id, '''', '''\''''') || ''''
    when profiles.template_id is null
      and not exists (
        select 1 from json_each(trusts.accounts) as one where one.value = profiles.account_id
      )
    then
      'ibmcloud iam trusted-profile-identity-delete ' || arguments.word || ' '''
        || replace(trusts.identifier, '''', '''\''''') || ''' --id-type '
        || case trusts.kind
          when 'person' then 'USER'
          when 'service ID' then 'SERVICEID'
          else 'CRN'
        end
  end as command,
  arguments.console,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  trusts.trusted_id,
  profiles.account_id,
  count(*) over () as report_rows
from trusts
join trustedprofiles as profiles on profiles.id = trusts.profile_id
join accounts on accounts.account_id = profiles.account_id
left join other_accounts
  on other_accounts.profile_id = trusts.profile_id
  and other_accounts.trusted_id = trusts.trusted_id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_cross_account'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = profiles.id || ' ' || trusts.trusted_id
where trusts.is_certain or other_accounts.accounts is not null
order by account, profiles.account_id, profile, profiles.id, trusts.kind, trusted,
  trusts.trusted_id
