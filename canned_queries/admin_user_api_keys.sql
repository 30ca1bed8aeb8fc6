-- title: API keys of administrators
-- question: Which users who are administrators, or are one step away from it, have API keys?
-- category: API keys
-- severity: high
-- why: >
--   An API key acts as its user, from anywhere and without MFA. If an administrator's key leaks,
--   the whole account is compromised.
-- remediation: >
--   Move the program that uses the key to a service ID or trusted profile with only the access it
--   needs, disable the key with its command, and delete it once nothing has failed. Alternatively,
--   remove the user's administrator access.
-- notes: >
--   rank is one of three values. Full administrator means Administrator and Manager on all
--   services and Administrator on all account management services. Privileged means Administrator
--   on account management as a whole, on IAM, or on users, or Administrator or Manager on all
--   services, even with a condition. One step away means that, according to the report on
--   privilege escalation paths, the user needs one step to gain full control. Direct policies,
--   access groups, and trusted profiles that trust the user by name are evaluated together. The
--   account owner has a separate report. Disabled and expired keys are listed too (see state). If
--   a key is locked, the command unlocks it first. Keys that a user created in another account are
--   not in this data.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.5"
--   - "IBM Cloud Docs: Managing user API keys"
-- shown: [user, apikey, rank, reason, state, expires_at, created_at]
-- breakdown: {by: rank}
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
    where part = 'apikeys'
  ),
  found as materialized (
    select account_id, iam_id, rank, privileges as reason
    from administrators
    where rank <> 'owner'
    union all
    select paths.account_id, paths.iam_id, 'one step away', paths.path
    from shortest_escalation_paths as paths
    where paths.hops = 1
      -- "Not in" a list of pairs looks through all of it each time.
      and not exists (
        select 1
        from administrators
        where administrators.account_id = paths.account_id
          and administrators.iam_id = paths.iam_id
      )
  )
select
  coalesce(accounts.name, apikeys.account_id) as account,
  identities.name as user,
  users.user_id as login,
  apikeys.name as apikey,
  found.rank,
  found.reason,
  (
    select max(public_access.effect)
    from administrator_ways as ways
    join public_access on public_access.access_group_id = ways.access_group_id
    where ways.account_id = found.account_id
      and ways.iam_id = found.iam_id
      and ways.membership = 'public'
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
  remediations.end_command as command,
  remediations.console,
  remediations.remark,
  acknowledged.note as acknowledged,
  apikeys.id as apikey_id,
  apikeys.iam_id,
  apikeys.account_id,
  count(*) over () as report_rows
from found
join apikeys on apikeys.iam_id = found.iam_id and apikeys.account_id = found.account_id
join users on users.iam_id = apikeys.iam_id and users.account_id = apikeys.account_id
join accounts on accounts.account_id = apikeys.account_id
join identities on identities.iam_id = apikeys.iam_id
left join read on read.account_id = apikeys.account_id
join apikey_remediations as remediations on remediations.apikey_id = apikeys.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'admin_user_api_keys'
  and acknowledged.account_id = apikeys.account_id
  and acknowledged.finding = apikeys.id
where apikeys.iam_id is not accounts.owner
order by account, apikeys.account_id, user, login, apikeys.iam_id, apikey, apikeys.id
