-- title: Users not in any access group
-- question: Which users are not in any access group, and do they have direct policies?
-- category: Users
-- severity: low
-- why: >
--   Access through groups can be reviewed and changed in one place. A user outside all groups
--   either has no access at all, or has it through direct policies, which reviews easily miss.
-- remediation: >
--   Add the user to a group with ibmcloud iam access-group-user-add GROUP USER, then delete the
--   user's direct policies. If the user needs no access, remove the user.
-- notes: >
--   The Public Access group, which includes everyone, does not count. A user whom a dynamic rule
--   adds to a group is in it only after the next login. The account owner needs no group. The
--   command removes a user who has no policies and whom no trusted profile names. Others have no
--   command, nor do the owner and users who were invited and have not responded yet.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.12, v2.0 1.14"
-- shown: [user, login, state, direct_policies, is_owner, added_on]
-- breakdown: {by: state}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: login
--   x_type: nominal
--   y_column: direct_policies
--   y_type: quantitative
--   color_column: state
with
  outside as materialized (
    select
      users.*,
      case
        when exists (
          select 1
          from collected_parts
          where collected_parts.account_id = users.account_id
            and collected_parts.part = 'policies'
            and collected_parts.status = 'ok'
        ) then (
          select count(*)
          from granting_policies as policies
          where policies.iam_id = users.iam_id
            and policies.account_id = users.account_id
            and policies.type = 'access'
        )
      end as direct_policies
    from users
    where not exists (
        select 1
        from access_group_members as members
        join access_groups on access_groups.id = members.group_id
        where members.iam_id = users.iam_id
          and access_groups.account_id = users.account_id
          and access_groups.is_public = 0
      )
      and 2 = (
        select count(*)
        from collected_parts
        where collected_parts.account_id = users.account_id
          and collected_parts.part in ('access_groups', 'access_group_members')
          and collected_parts.status = 'ok'
      )
  ),
  with_profiles as materialized (
    select account_id
    from collected_parts
    where part in ('trustedprofiles', 'trustedprofile_identities') and status = 'ok'
    group by account_id
    having count(*) = 2
  )
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.state,
  users.direct_policies,
  iif(users.iam_id = accounts.owner, 'yes', 'no') as is_owner,
  users.added_on,
  case
    when users.direct_policies = 0
      and users.iam_id is not accounts.owner
      and users.state <> 'PENDING'
      and users.account_id in (select account_id from with_profiles)
      and not exists (
        select 1
        from trustedprofile_identities as allowed
        cross join trustedprofiles as profiles on profiles.id = allowed.tp_id
        where allowed.iam_id = users.iam_id and profiles.account_id = users.account_id
      )
      then 'ibmcloud account user-remove ' || identity_arguments.word
  end as command,
  identity_arguments.console,
  iif(
    users.direct_policies = 0 and users.iam_id is not accounts.owner,
    coalesce(identity_arguments.remark, dependents.words),
    identity_arguments.remark
  ) as remark,
  acknowledged.note as acknowledged,
  users.iam_id,
  users.account_id,
  count(*) over () as report_rows
from outside as users
join accounts on accounts.account_id = users.account_id
join identities on identities.iam_id = users.iam_id
left join identity_arguments
  on identity_arguments.iam_id = users.iam_id
  and identity_arguments.account_id = users.account_id
left join identity_dependents as dependents
  on dependents.iam_id = users.iam_id and dependents.account_id = users.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'users_not_in_access_group'
  and acknowledged.account_id = users.account_id
  and acknowledged.finding = users.iam_id
order by account, users.account_id, user, users.id
