-- title: No access group for support cases
-- question: Is there an access group whose members can open support cases?
-- category: Account settings
-- severity: medium
-- why: >
--   In an emergency, someone other than the account owner must be able to open a case with IBM.
-- remediation: >
--   Create a group and a policy with the command, under this name or another, then add people with
--   ibmcloud iam access-group-user-add GROUP USER.
-- notes: >
--   An account is listed if no access group with members (or dynamic rules) has an active policy
--   that reaches the support service with the role Editor or Administrator, or with a custom role
--   (whether that role is sufficient is not checked). A group policy on all account management
--   services includes support and counts, as does one on everything in the account. Viewer does
--   not count, because it can only view. A policy with a condition counts. Policies assigned
--   directly to users do not count, nor does the Public Access group. groups_that_fall_short names
--   groups that come close.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.13, v2.0 1.15"
--   - "IBM Cloud Docs: Assigning user access for working with support cases"
-- shown: [problem, groups_that_fall_short]
-- breakdown: {by: problem}
-- identifiers: [account_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: accounts
--   y_type: quantitative
with
  named as materialized (
    select
      access_groups.account_id,
      count(*) as groups,
      min(arguments.word) as word,
      min(arguments.remark) as remark
    from access_groups
    join access_group_arguments as arguments on arguments.access_group_id = access_groups.id
    where lower(trim(access_groups.name)) = 'support' and access_groups.listed = 1
    group by access_groups.account_id
  ),
  able_groups as materialized (
    select account_id, access_group_id as id, name, may_open_cases, has_members from support_groups
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  'no group can open support cases' as problem,
  (
    select group_concat(name, ', ')
    from (
      select
        name || case
          when not may_open_cases then ' (view only)'
          else ' (no members)'
        end as name
      from able_groups
      where able_groups.account_id = accounts.account_id
      order by able_groups.name, able_groups.id
    )
  ) as groups_that_fall_short,
  1 as accounts,
  case
    when named.groups is null then 'ibmcloud iam access-group-create Support && '
    when named.word is not null then ''
  end || 'ibmcloud iam access-group-policy-create '
    || coalesce(named.word, '''Support''') || ' --roles Editor --service-name support' as command,
  'https://cloud.ibm.com/iam/groups' as console,
  named.remark,
  acknowledged.note as acknowledged,
  accounts.account_id,
  count(*) over () as report_rows
from accounts
left join named on named.account_id = accounts.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'support_access_group'
  and acknowledged.account_id = accounts.account_id
  and acknowledged.finding = accounts.account_id
where 3 = (
    select count(*)
    from collected_parts
    where collected_parts.account_id = accounts.account_id
      and collected_parts.part in ('policies', 'access_groups', 'access_group_members')
      and collected_parts.status = 'ok'
  )
  and accounts.account_id not in (
    select account_id from able_groups where may_open_cases and has_members
  )
order by account, accounts.account_id
