-- title: Old pending invitations
-- question: Which invitations have been pending for 30 or more days, or for an unknown time?
-- category: Users
-- severity: low
-- why: >
--   Access that was assigned with an invitation takes effect for whoever accepts it, and an old
--   invitation might be in a mailbox that now belongs to someone else.
-- remediation: >
--   Remind the person with ibmcloud account user-reinvite MAIL, or cancel the invitation with the
--   command.
-- notes: >
--   If IBM Cloud does not say when a user was added, the time counts from when a collection first
--   saw the invitation, so days_at_least is never too high but might be too low. Invitations
--   without a date that the first collection found are listed immediately, with pending_for "not
--   known" until they are 30 days old. Those that a later collection found are not listed until
--   they are 30 days old.
-- references:
--   - "IBM Cloud Docs: Inviting users to an account"
-- shown: [user, pending_for, days_at_least, known_since, known_direct_policies, known_access_groups]
-- breakdown: {by: pending_for}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: pending_for
--   x_type: nominal
--   y_column: invitations
--   y_type: quantitative
with
  readings as materialized (
    select
      collections.account_id,
      min(steps.finished_at) as first_at,
      max(steps.finished_at) as last_at
    from collections
    join collection_steps as steps on steps.collection_id = collections.id
    where steps.part = 'users' and steps.status = 'ok'
    group by collections.account_id
  ),
  pending as materialized (
    select
      users.*,
      (
        select max(changes.changed_at)
        from changes
        where changes.what = 'users' and changes.key = users.id and changes.change = 'added'
      ) as appeared_at,
      readings.first_at,
      readings.last_at
    from users
    left join readings on readings.account_id = users.account_id
    where users.state = 'PENDING'
  ),
  ages as (
    select
      pending.*,
      coalesce(added_on, appeared_at, first_at) as known_since,
      cast(
        julianday(last_at) - julianday(coalesce(added_on, appeared_at, first_at)) as integer
      ) as days
    from pending
  )
select
  coalesce(accounts.name, ages.account_id) as account,
  coalesce(nullif(ages.email, ''), ages.user_id, ages.iam_id) as user,
  ages.known_since,
  ages.days as days_at_least,
  case
    when coalesce(ages.days, 0) < 30 then 'not known'
    when ages.days < 90 then '30 days or more'
    else '90 days or more'
  end as pending_for,
  (
    select count(*)
    from granting_policies as policies
    where policies.iam_id = ages.iam_id
      and policies.account_id = ages.account_id
      and policies.type = 'access'
  ) as known_direct_policies,
  (
    select count(distinct members.group_id)
    from access_group_members as members
    join access_groups on access_groups.id = members.group_id
    where members.iam_id = ages.iam_id
      and access_groups.account_id = ages.account_id
      and access_groups.is_public = 0
  ) as known_access_groups,
  1 as invitations,
  'ibmcloud account user-remove ' || arguments.word as command,
  arguments.console,
  coalesce(arguments.remark, dependents.words) as remark,
  acknowledged.note as acknowledged,
  ages.iam_id,
  ages.account_id,
  count(*) over () as report_rows
from ages
join accounts on accounts.account_id = ages.account_id
join identity_arguments as arguments
  on arguments.iam_id = ages.iam_id and arguments.account_id = ages.account_id
left join identity_dependents as dependents
  on dependents.iam_id = arguments.iam_id and dependents.account_id = arguments.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_pending_old'
  and acknowledged.account_id = ages.account_id
  and acknowledged.finding = ages.iam_id
where ages.days >= 30
  or (ages.added_on is null and ages.appeared_at is null)
order by account, ages.account_id, user, ages.id
