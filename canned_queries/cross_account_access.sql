-- title: Access granted to other accounts
-- question: Which policies give access to users, programs, or services of other accounts?
-- category: Policies
-- severity: high
-- why: >
--   The administrators of the other account decide who uses such access, and you cannot see whom
--   they choose.
-- remediation: >
--   Ask the other account what it needs the access for; if it needs none, delete an authorization
--   with its command, a membership in the console, and a policy through the API. In the account
--   settings, limit external identities to accounts that you trust.
-- notes: >
--   The report lists subjects that the file knows to belong to another account and not to this
--   one, with what they hold directly or through an access group, and authorizations whose source
--   is another account. known_from says how this is known: another account in the file, the
--   enterprise, a trusted profile that names the accounts, or the CRN. If the file knows nothing
--   about the other account, its identities cannot be told apart from deleted identities: see
--   policy_orphan_subject. Trusted profiles that other accounts can assume are in
--   profile_cross_account. setting_lets_it_work reflects the account's setting for external
--   identities: it is "no" if access is limited and none of these accounts is allowed; the monitor
--   setting only records access. The command line deletes policies by their subject, which this
--   account does not have, so use the API: DELETE https://iam.cloud.ibm.com/v2/policies/POLICY_ID.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.13"
--   - "IBM Cloud Docs: Limiting external identity interactions"
-- shown: [who, kind, other_accounts, via, roles, target, setting_lets_it_work]
-- breakdown: {by: kind}
-- identifiers: [policy_id, subject_id]
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: via
with
  foreigners as materialized (
    select account_id, iam_id, kind, other_accounts, known_from
    from absent_identities
    where other_accounts is not null
  ),
  sources as materialized (
    select
      policy_id,
      min(iif(operator = 'stringEquals', value, null)) as source_account,
      coalesce(
        group_concat(
          coalesce(
            (
              select nullif(accounts.name, '')
              from accounts
              where operator = 'stringEquals' and accounts.account_id = value
            ),
            (
              select max(nullif(enterprise_accounts.name, ''))
              from enterprise_accounts
              where operator = 'stringEquals' and enterprise_accounts.id = value
            ),
            iif(operator = 'stringExists', 'any', value)
          ),
          ', '
        ),
        'any'
      ) as other_accounts
    from policy_values
    where side = 'source'
      and name = 'accountId'
      and not (
        operator = 'stringEquals'
        and value = (select account_id from policies where policies.id = policy_values.policy_id)
      )
      and not (operator = 'stringExists' and value = 'false')
    group by policy_id
  ),
  subjects as (
    select
      policies.id as policy_id,
      foreigners.iam_id,
      null as access_group_id,
      foreigners.iam_id as subject_id,
      foreigners.kind,
      foreigners.other_accounts,
      foreigners.known_from,
      'direct' as via
    from foreigners
    join policies
      on policies.iam_id = foreigners.iam_id
      and policies.account_id = foreigners.account_id
      and policies.access_group_id is null
    where policies.type = 'access'
    union all
    select
      policies.id,
      foreigners.iam_id,
      policies.access_group_id,
      foreigners.iam_id,
      foreigners.kind,
      foreigners.other_accounts,
      foreigners.known_from,
      'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
    from foreigners
    -- Public Access stands for nobody of another account. static is the last by name.
    join (
      select iam_id, group_id, max(membership_type) as membership_type
      from access_group_members
      where iam_id in (select iam_id from foreigners)
      group by iam_id, group_id
    ) as members
      on members.iam_id = foreigners.iam_id
    join access_groups
      on access_groups.id = members.group_id
      and access_groups.account_id = foreigners.account_id
    join policies on policies.access_group_id = access_groups.id
    where policies.type = 'access'
    union all
    select
      policies.id,
      null,
      null,
      coalesce(sources.source_account, 'any account'),
      'service',
      sources.other_accounts,
      'the authorization',
      'authorization'
    from sources
    join policies on policies.id = sources.policy_id
    where policies.type = 'authorization'
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  coalesce(identities.name, descriptions.subject) as who,
  subjects.kind,
  subjects.other_accounts,
  subjects.known_from,
  subjects.via,
  descriptions.roles,
  descriptions.target,
  descriptions.condition,
  case settings.state
    when 'enabled' then 'yes'
    when 'monitor' then 'yes, but monitored'
    when 'limited' then iif(
      exists (
        select 1
        from json_each(coalesce(settings.external_allowed_accounts, '[]')) as allowed
        where allowed.value = subjects.subject_id
          or allowed.value in (
            select known.account_id
            from known_identities as known
            where known.iam_id = subjects.iam_id
          )
      ),
      'yes, as an exception',
      'no'
    )
    else 'not known'
  end as setting_lets_it_work,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  iif(
    policies.type = 'authorization' and policies.template_id is null,
    policy_remediations.delete_command,
    null
  ) as command,
  coalesce(
    access_group_arguments.console, iif(subjects.iam_id is null, policy_remediations.console, null)
  ) as console,
  iif(policies.type = 'authorization', policy_remediations.remark, null) as remark,
  acknowledged.note as acknowledged,
  subjects.iam_id,
  subjects.access_group_id,
  policies.id as policy_id,
  subjects.subject_id,
  policies.account_id,
  count(*) over () as report_rows
from subjects
join granting_policies as policies on policies.id = subjects.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join identities on identities.iam_id = subjects.iam_id
left join policy_remediations on policy_remediations.policy_id = policies.id
left join access_group_arguments
  on access_group_arguments.access_group_id = subjects.access_group_id
left join external_identity_settings as settings
  on settings.account_id = policies.account_id
  and settings.identity_type = case subjects.kind
    when 'person' then 'user'
    when 'service ID' then 'service_id'
    when 'service' then 'service'
    when 'resource' then 'service'
  end
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'cross_account_access'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id || ' ' || subjects.subject_id
order by
  account, policies.account_id, subjects.kind, who, policies.id, subjects.via, subjects.subject_id
