-- title: >
--   What the CIS benchmark's recommendations on people and groups are judged by.
-- notes: |
--   Columns as in cis_measures. The owner needs no access group and does not count as an inactive
--   user. People who cannot log in count neither as outside the groups nor as inactive. A person who
--   can assume a trusted profile, by name or by a claim rule for their identity provider, has access
--   without direct policies. If everyone has an email address, the addresses might still be wrong,
--   so fails is null.
with
  people as materialized (
    select account_id, iam_id, email, realm, added_on from login_users
  ),
  mailless as (
    select account_id, count(*) as people
    from people
    where trim(coalesce(email, '')) = ''
    group by account_id
  ),
  direct as (
    select policies.account_id, count(distinct policies.iam_id) as people
    from granting_policies as policies
    join users on users.account_id = policies.account_id and users.iam_id = policies.iam_id
    join accounts on accounts.account_id = policies.account_id
    where policies.type = 'access'
      and policies.iam_id is not accounts.owner
    group by policies.account_id
  ),
  trusted_realms as (
    select distinct profiles.account_id, rules.realm_name as realm
    from trustedprofile_rules as rules
    join trustedprofiles as profiles on profiles.id = rules.tp_id
    where rules.type = 'Profile-SAML' and rules.realm_name is not null
  ),
  outside as (
    select
      people.account_id,
      count(*) as people,
      count(*) filter (
        where trusted_realms.realm is null
          and not exists (
            select 1
            from trustedprofile_identities as allowed
            cross join trustedprofiles as profiles on profiles.id = allowed.tp_id
            where allowed.iam_id = people.iam_id and profiles.account_id = people.account_id
          )
      ) as without_profile
    from people
    join accounts on accounts.account_id = people.account_id
    left join trusted_realms
      on trusted_realms.account_id = people.account_id
      and trusted_realms.realm = coalesce(people.realm, '')
    where people.iam_id is not accounts.owner
      and not exists (
        select 1
        from access_group_members as members
        cross join access_groups on access_groups.id = members.group_id
        where members.iam_id = people.iam_id
          and access_groups.account_id = people.account_id
          and access_groups.is_public = 0
      )
    group by people.account_id
  ),
  inactive as (
    select people.account_id, count(*) as people
    from people
    join accounts on accounts.account_id = people.account_id
    join inactive_identities as seen
      on seen.account_id = people.account_id and seen.kind = 'user' and seen.iam_id = people.iam_id
    where people.iam_id is not accounts.owner
      and coalesce(
        julianday(seen.report_end_time) - julianday(coalesce(seen.last_authn, people.added_on)) >= 30,
        true
      )
    group by people.account_id
  ),
  supporters as (
    select account_id, count(*) as groups
    from support_groups
    where may_open_cases and has_members
    group by account_id
  ),
  counted as (
    select
      accounts.account_id,
      coalesce(mailless.people, 0) as mailless,
      coalesce(direct.people, 0) as direct,
      coalesce(outside.people, 0) as outside,
      coalesce(outside.without_profile, 0) as without_profile,
      coalesce(inactive.people, 0) as inactive,
      coalesce(supporters.groups, 0) as supporters
    from accounts
    left join mailless on mailless.account_id = accounts.account_id
    left join direct on direct.account_id = accounts.account_id
    left join outside on outside.account_id = accounts.account_id
    left join inactive on inactive.account_id = accounts.account_id
    left join supporters on supporters.account_id = accounts.account_id
  )
select
  account_id,
  'mail addresses' as measure,
  nullif(mailless > 0, 0) as fails,
  mailless || iif(mailless = 1, ' person', ' people') || ' without an email address' as figure
from counted
union all
select
  account_id,
  'groups',
  direct + outside > 0,
  direct || iif(direct = 1, ' person', ' people') || ' with direct policies, '
    || outside || ' in no access group'
from counted
union all
select
  account_id,
  'groups or profiles',
  direct + without_profile > 0,
  direct || iif(direct = 1, ' person', ' people') || ' with direct policies, '
    || without_profile || ' in no access group and with no trusted profile'
from counted
union all
select
  account_id,
  'inactive people',
  inactive > 0,
  inactive || iif(inactive = 1, ' person', ' people') || ' inactive for 30 days'
from counted
union all
select
  account_id,
  'support group',
  supporters = 0,
  supporters || iif(supporters = 1, ' access group', ' access groups')
    || ' with members who can open cases'
from counted
