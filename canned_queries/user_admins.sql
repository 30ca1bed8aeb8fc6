-- title: Privileged people
-- question: Which people are privileged, but not full administrators?
-- category: Administrators
-- severity: high
-- why: >
--   They can change who has access to what, or do anything with every service, but appear in no
--   list of full administrators.
-- remediation: >
--   Assign the access that is needed on the instances that need it, then remove the privileges
--   with the command: it deletes the person's privileged policies and removes the person from
--   privileged groups.
-- notes: >
--   Privileged means an active policy for Administrator on account management as a whole, on IAM,
--   or on users, or for Administrator or Manager on all services, even with a condition, through
--   direct policies or access groups, including Public Access. Dynamic members are listed as of
--   their last login. People who are no longer in the account are listed too, because the policies
--   still exist. Full administrators have a separate report. The account owner can do everything
--   without a policy, is not a finding, and is not listed. What people can do by assuming a
--   trusted profile is in the report on people with administrator access by any path. Privileges
--   by resource group or by service are not checked here. enabled_keys counts the person's API
--   keys that are not disabled, including expired ones; it is empty if they were not read.
--   Removing the person from a group also removes everything else that the group grants. There is
--   no command if an enterprise template created a policy, nor for a member added by a dynamic
--   rule, who would come back at the next login: change the rule in the console.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [user, login, privileges, through, is_conditional, user_state, enabled_keys]
-- breakdown: {by: through}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: through
--   x_type: nominal
--   y_column: people
--   y_type: quantitative
with
  admins as materialized (
    select account_id, iam_id, direct_privileges, direct_through
    from administrators
    where is_person and direct_rank = 'privileged'
  ),
  directly as materialized (
    select
      ways.account_id,
      ways.iam_id,
      min(ways.is_conditional) as is_conditional,
      max(iif(ways.membership = 'public', ways.access_group_id, null)) as public_group
    from admins
    join administrator_ways as ways
      on ways.account_id = admins.account_id
      and ways.iam_id = admins.iam_id
      and ways.acting_as = admins.iam_id
    group by ways.account_id, ways.iam_id
  ),
  keys_read as materialized (
    select account_id from collected_parts where part = 'apikeys' and status = 'ok'
  )
select
  coalesce(accounts.name, admins.account_id) as account,
  coalesce(identities.name, admins.iam_id) as user,
  users.user_id as login,
  admins.direct_privileges as privileges,
  admins.direct_through as through,
  iif(directly.is_conditional, 'yes', 'no') as is_conditional,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = directly.public_group
  ) as public_access,
  case
    when users.id is not null then users.state
    when admins.account_id in (select account_id from complete_lists where kind = 'person')
      then 'not in the account'
  end as user_state,
  iif(
    admins.account_id in (select account_id from keys_read),
    (
      select count(*)
      from apikeys
      where apikeys.iam_id = admins.iam_id
        and apikeys.account_id = admins.account_id
        and coalesce(apikeys.disabled, 0) = 0
    ),
    null
  ) as enabled_keys,
  1 as people,
  commands.direct_command as command,
  arguments.console,
  commands.direct_remark as remark,
  acknowledged.note as acknowledged,
  admins.iam_id,
  admins.account_id,
  count(*) over () as report_rows
from admins
join directly on directly.iam_id = admins.iam_id and directly.account_id = admins.account_id
join accounts on accounts.account_id = admins.account_id
left join identities on identities.iam_id = admins.iam_id
left join users on users.iam_id = admins.iam_id and users.account_id = admins.account_id
left join administrator_remediations as commands
  on commands.iam_id = admins.iam_id and commands.account_id = admins.account_id
left join identity_arguments as arguments
  on arguments.iam_id = admins.iam_id and arguments.account_id = admins.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_admins'
  and acknowledged.account_id = admins.account_id
  and acknowledged.finding = admins.iam_id
order by account, admins.account_id, user, login, admins.iam_id
