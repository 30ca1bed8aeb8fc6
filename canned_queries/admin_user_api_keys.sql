-- title: API keys of administrators
-- question: Which users who administer the account have API keys?
-- category: API keys
-- severity: high
-- why: >
--   A key acts as its user, everywhere and without a second factor: a leaked key of an
--   administrator is a lost account. Administrators are here the full administrators
--   (Administrator and Manager on all services, Administrator on account management) and whoever
--   holds Administrator on all account management services, for they can grant themselves the
--   rest; through policies of their own or through access groups, also under a condition.
--   Administrators of a single service, such as IAM or users, are not counted, though some of them
--   can reach the same: the report on escalation paths has them. Nor are users who administer
--   only by taking on a trusted profile. The owner has a report of their own. Keys that are
--   disabled or have expired are listed too, as state says. Keys that a user made in another
--   account are not in this data.
-- remediation: >
--   Give the program that uses the key a service ID or a trusted profile with only the access it
--   needs, then disable the key with the command in its row, and delete it when nothing has failed; a
--   locked one is unlocked first. Or take the administration away from the user.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.5"
--   - "IBM Cloud Docs: Managing user API keys"
-- identifiers: [apikey_id]
-- chart:
--   mark: bar
--   x_column: login
--   x_type: nominal
--   y_column: keys
--   y_type: quantitative
--   color_column: state
with
  read as materialized (
    select account_id, coalesce(read_at, finished_at) as read_at
    from collected_parts
    where resource = 'apikeys'
  ),
  administering as materialized (
    select
      breadths.policy_id,
      breadths.account_id,
      policies.iam_id,
      policies.access_group_id,
      'Administrator on '
        || iif(breadths.breadth = 'whole account', 'the whole account', breadths.breadth)
        || iif(breadths.is_conditional, ' under a condition', '') as why
    from policy_breadths as breadths
    join policies on policies.id = breadths.policy_id
    where breadths.type = 'access'
      and breadths.breadth in ('whole account', 'all account management services')
      and exists (
        select 1
        from policy_roles
        where policy_roles.policy_id = breadths.policy_id
          and policy_roles.role_id glob '*:role:Administrator'
      )
  ),
  -- "cross join" keeps SQLite from beginning with the many members of all groups.
  reasons as (
    select account_id, id as iam_id, 'is a full administrator' as why, 0 as place
    from full_administrators
    where kind = 'identity'
    union
    select account_id, iam_id, why, 1
    from administering
    where iam_id is not null
    union
    select
      administering.account_id,
      members.iam_id,
      administering.why || ' (access group '
        || coalesce(nullif(access_groups.name, ''), access_groups.id) || ')',
      1
    from administering
    cross join access_groups
      on access_groups.id = administering.access_group_id and access_groups.listed = 1
    cross join access_group_members as members on members.group_id = access_groups.id
    union
    select
      administering.account_id,
      users.iam_id,
      administering.why || ' (access group Public Access)',
      1
    from administering
    cross join access_groups
      on access_groups.id = administering.access_group_id and access_groups.is_public = 1
    cross join users on users.account_id = administering.account_id
  ),
  administrators as materialized (
    select account_id, iam_id, group_concat(why, '; ') as why
    from (select * from reasons order by account_id, iam_id, place, why)
    group by account_id, iam_id
  )
select
  coalesce(accounts.name, apikeys.account_id) as account,
  identities.name as user,
  users.user_id as login,
  apikeys.name as apikey,
  administrators.why as reason,
  (
    select public_access.effect
    from public_access
    where public_access.account_id = administrators.account_id
      and public_access.access_group_id in (select access_group_id from administering)
  ) as public_access,
  users.state as user_state,
  case
    when apikeys.disabled = 1 then 'disabled'
    when apikeys.expires_at <= read.read_at then 'expired'
    else 'active'
  end as state,
  apikeys.created_at,
  apikeys.expires_at,
  iif(apikeys.locked = 1, 'yes', 'no') as is_locked,
  1 as keys,
  remedies.end_command as command,
  remedies.console,
  remedies.remark,
  acknowledged.note as acknowledged,
  apikeys.id as apikey_id,
  apikeys.iam_id,
  apikeys.account_id,
  count(*) over () as report_rows
from administrators
join apikeys
  on apikeys.iam_id = administrators.iam_id and apikeys.account_id = administrators.account_id
join users on users.iam_id = apikeys.iam_id and users.account_id = apikeys.account_id
join accounts on accounts.account_id = apikeys.account_id
join identities on identities.iam_id = apikeys.iam_id
left join read on read.account_id = apikeys.account_id
left join apikey_remedies as remedies on remedies.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'admin_user_api_keys'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
where apikeys.iam_id is not accounts.owner
order by account, apikeys.account_id, user, login, apikeys.iam_id, apikey, apikeys.id
