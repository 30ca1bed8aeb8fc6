-- title: Users who cannot log in but keep their access
-- question: Which users are suspended or gone, but still have policies or are in access groups?
-- category: Users
-- severity: medium
-- why: >
--   The access returns at once when the user can log in again, and until then it clutters every
--   review.
-- remediation: >
--   Delete the policies and remove the user from the groups with the command; if the user might
--   return, record their access first. If the user will not return, remove the user with ibmcloud
--   account user-remove USER.
-- notes: >
--   The report lists users in the states SUSPENDED, IAMID_INVALID (the IBMid is gone), VPN_ONLY
--   (no login to IBM Cloud), and ERROR_WHILE_DELETING. Access is an active direct policy, or one
--   of an access group that the user is in; the Public Access group does not count. Users who are
--   no longer in the account at all are not listed here. Whether API keys of a suspended user stop
--   working is not in the account data: known_api_keys counts those that are not disabled. A
--   member added by a dynamic rule leaves the group only with the rule or at the next login.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.17, v2.0 1.19"
--   - "IBM Cloud Docs: Updating a user's status"
-- shown: [user, state, direct_policies, access_groups, access_group_names, known_api_keys, login]
-- breakdown: {by: state}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: state
--   x_type: nominal
--   y_column: users
--   y_type: quantitative
with
  barred as materialized (
    select id, iam_id, user_id, account_id, state
    from users
    where state in ('SUSPENDED', 'IAMID_INVALID', 'VPN_ONLY', 'ERROR_WHILE_DELETING')
  ),
  direct as materialized (
    select
      account_id,
      iam_id,
      count(*) as policies,
      group_concat(delete_command, ' && ') as commands
    from (
      select policies.account_id, policies.iam_id, policy_remediations.delete_command
      from barred
      cross join granting_policies as policies
        on policies.iam_id = barred.iam_id and policies.account_id = barred.account_id
      join policy_remediations on policy_remediations.policy_id = policies.id
      where policies.type = 'access'
      order by policies.id
    )
    group by account_id, iam_id
  ),
  granting as materialized (
    select distinct access_group_id
    from granting_policies as policies
    where type = 'access' and access_group_id is not null
  ),
  memberships as materialized (
    select
      account_id,
      iam_id,
      count(*) as access_groups,
      group_concat(name, ', ') as names,
      max(by_hand) as by_hand
    from (
      select
        barred.account_id,
        barred.iam_id,
        access_groups.id,
        coalesce(nullif(access_groups.name, ''), access_groups.id) as name,
        max(members.membership_type = 'static') as by_hand
      from barred
      cross join access_group_members as members on members.iam_id = barred.iam_id
      join access_groups
        on access_groups.id = members.group_id and access_groups.account_id = barred.account_id
      where access_groups.is_public = 0
        and access_groups.listed = 1
        and access_groups.id in (select access_group_id from granting)
      group by barred.account_id, barred.iam_id, access_groups.id
      order by name, access_groups.id
    )
    group by account_id, iam_id
  )
select
  coalesce(accounts.name, barred.account_id) as account,
  identities.name as user,
  barred.user_id as login,
  barred.state,
  coalesce(direct.policies, 0) as direct_policies,
  coalesce(memberships.access_groups, 0) as access_groups,
  memberships.names as access_group_names,
  (
    select count(*)
    from apikeys
    where apikeys.iam_id = barred.iam_id
      and apikeys.account_id = barred.account_id
      and coalesce(apikeys.disabled, 0) = 0
  ) as known_api_keys,
  1 as users,
  case
    when memberships.by_hand = 1 and direct.policies > 0 then
      'ibmcloud iam access-group-user-purge ' || arguments.word || ' && ' || direct.commands
    when memberships.by_hand = 1 then 'ibmcloud iam access-group-user-purge ' || arguments.word
    else direct.commands
  end as command,
  arguments.console,
  arguments.remark,
  acknowledged.note as acknowledged,
  barred.iam_id,
  barred.account_id,
  count(*) over () as report_rows
from barred
join accounts on accounts.account_id = barred.account_id
join identities on identities.iam_id = barred.iam_id
join identity_arguments as arguments
  on arguments.iam_id = barred.iam_id and arguments.account_id = barred.account_id
left join direct on direct.iam_id = barred.iam_id and direct.account_id = barred.account_id
left join memberships
  on memberships.iam_id = barred.iam_id and memberships.account_id = barred.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_suspended_with_grants'
  and acknowledged.account_id = barred.account_id
  and acknowledged.finding = barred.iam_id
where direct.policies > 0 or memberships.access_groups > 0
order by account, barred.account_id, user, barred.id
