-- title: Users without any access
-- question: Which users have no direct policy and are in no access group that has one?
-- category: Users
-- severity: low
-- why: >
--   Such a user can log in and see who else is in the account, but has no use for it. The user is
--   left over or was never set up.
-- remediation: >
--   Remove the user with the command, or add the user to a group with ibmcloud iam
--   access-group-user-add GROUP USER.
-- notes: >
--   The Public Access group, which includes everyone, does not count, nor does a policy with a
--   time-based condition that has expired. The report leaves out the account owner, people who are
--   only invited or cannot log in to IBM Cloud anyway (suspended, VPN only), and people whom a
--   trusted profile of the account trusts by name. The report does not evaluate what a user gets
--   at a login through claims (claim_rules counts the rules of the account that could apply),
--   trusted profiles of other accounts, permissions of classic infrastructure (not collected), or
--   policies that the collecting token may not view.
-- references:
--   - "IBM Cloud Docs: Removing users from an account"
-- shown: [user, login, state, groups_without_policy, known_api_keys, claim_rules, added_on]
-- breakdown: {by: state}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: state
--   x_type: nominal
--   y_column: users
--   y_type: quantitative
with
  read_accounts as materialized (
    select account_id
    from collected_parts
    where status = 'ok'
      and part in (
        'users', 'policies', 'access_groups', 'access_group_members', 'trustedprofile_identities'
      )
    group by account_id
    having count(*) = 5
  ),
  granting as materialized (
    select distinct access_group_id, iam_id, account_id
    from granting_policies as policies
    where type = 'access'
  ),
  granting_groups as materialized (
    select id, account_id
    from access_groups
    where is_public = 0
      and id in (select access_group_id from granting where access_group_id is not null)
  ),
  assuming as materialized (
    select allowed.iam_id, trustedprofiles.account_id
    from trustedprofile_identities as allowed
    join trustedprofiles on trustedprofiles.id = allowed.tp_id
  ),
  claim_rules as materialized (
    select account_id, count(*) as rules
    from (
      select access_groups.account_id
      from access_group_rules
      join access_groups on access_groups.id = access_group_rules.group_id
      union all
      select trustedprofiles.account_id
      from trustedprofile_rules
      join trustedprofiles on trustedprofiles.id = trustedprofile_rules.tp_id
      where trustedprofile_rules.type = 'Profile-SAML'
    )
    group by account_id
  )
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.state,
  users.realm,
  users.added_on,
  (
    select count(distinct others.group_id)
    from access_group_members as others
    join access_groups on access_groups.id = others.group_id
    where others.iam_id = users.iam_id
      and access_groups.account_id = users.account_id
      and access_groups.is_public = 0
  ) as groups_without_policy,
  (
    select count(*)
    from apikeys
    where apikeys.iam_id = users.iam_id and apikeys.account_id = users.account_id
  ) as known_api_keys,
  coalesce(claim_rules.rules, 0) as claim_rules,
  1 as users,
  'ibmcloud account user-remove ' || arguments.word as command,
  arguments.console,
  coalesce(
    arguments.remark,
    (
      select dependents.words
      from identity_dependents as dependents
      where dependents.iam_id = users.iam_id and dependents.account_id = users.account_id
    )
  ) as remark,
  acknowledged.note as acknowledged,
  users.iam_id,
  users.account_id,
  count(*) over () as report_rows
from users
join accounts on accounts.account_id = users.account_id
join read_accounts on read_accounts.account_id = users.account_id
join identities on identities.iam_id = users.iam_id
join identity_arguments as arguments
  on arguments.iam_id = users.iam_id and arguments.account_id = users.account_id
left join claim_rules on claim_rules.account_id = users.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_no_access'
  and acknowledged.account_id = users.account_id
  and acknowledged.finding = users.iam_id
where users.iam_id is not accounts.owner
  and coalesce(users.state, '') not in ('PENDING', 'PROCESSING', 'SUSPENDED', 'VPN_ONLY')
  -- One group is enough; "not in" a list of pairs would look through all of it for each user.
  and not exists (
    select 1
    from access_group_members as members
    cross join granting_groups as groups on groups.id = members.group_id
    where members.iam_id = users.iam_id and groups.account_id = users.account_id
  )
  and not exists (
    select 1
    from granting
    where granting.iam_id = users.iam_id and granting.account_id = users.account_id
  )
  and not exists (
    select 1
    from assuming
    where assuming.iam_id = users.iam_id and assuming.account_id = users.account_id
  )
order by account, users.account_id, user, users.id
