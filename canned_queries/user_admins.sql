-- title: Privileged people
-- question: Which people are privileged, though no full administrators?
-- category: Administrators
-- severity: high
-- why: >
--   They can change who has access to what, or do anything with every service, and appear in no
--   list of full administrators.
-- remediation: >
--   Assign what is needed on the instances that need it, then end the privileges with the command:
--   it deletes the person's privileged policies and removes the person from privileged groups.
-- notes: >
--   Privileged means an active policy for Administrator on account management as a whole, on IAM
--   or on users, or for Administrator or Manager on all services, even under a condition; through
--   direct policies or through access groups, Public Access included. Dynamic members are those as
--   of their last login. People who are no longer in the account are listed too, for the policies
--   are still there. Full administrators have a report of their own; the account owner can do
--   everything without a policy, is not a finding and is not listed. What people can do by
--   assuming a trusted profile is in the report on people who are administrators by any route.
--   Privileges by resource group or by service are not looked at here. enabled_keys counts the
--   person's API keys that are not disabled, expired ones too; it is empty if they were not read.
--   Leaving a group also takes away everything else that the group grants. There is no command
--   where an enterprise template made a policy, nor for a member added by a dynamic rule, who
--   would come back: change the rule in the console.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [user, login, privileges, through, is_conditional, user_state, enabled_keys]
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
