-- title: What can an identity do?
-- question: >
--   What can this person, service ID, trusted profile, or access group do, and through which
--   access paths?
-- category: Explorers
-- severity: info
-- why: >
--   Shows everything that an identity is allowed to do, and which policy or group to change.
-- remediation: >
--   Remove an identity from a group with ibmcloud iam access-group-user-remove GROUP USER, or
--   delete a policy with ibmcloud iam user-policy-delete USER POLICY_ID.
-- notes: >
--   One row for each access path, which is a policy of the identity (direct), of an access group
--   that it is in, or of a trusted profile that names it. The account owner has all access without
--   a policy. The report shows what is configured, not what IAM decides, so it does not consider
--   context, time of day, sessions, or tokens already issued, and it shows dynamic members only as
--   of their last login.
-- references:
--   - "IBM Cloud Docs: Reviewing access"
-- parameters:
--   identity: A name, login, IAM ID, or access group; for part of a name, the first 20 matches are shown.
-- choices:
--   identity: holder_names.name
-- linked_from:
--   identities: {parameter: identity, column: iam_id, words: "What can it do?"}
--   users: {parameter: identity, column: iam_id, words: "What can this person do?"}
--   serviceids: {parameter: identity, column: iam_id, words: "What can this service ID do?"}
--   trustedprofiles: {parameter: identity, column: iam_id, words: "What can it do?"}
--   access_groups: {parameter: identity, column: id, words: "What can its members do?"}
-- shown: [identity, kind, roles, target, via, scope, condition]
-- breakdown: {by: roles}
-- chart:
--   mark: bar
--   x_column: via
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  -- What was asked for as a pattern that fits it in any case.
  wanted as materialized (
    select group_concat(coalesce(pattern, substr(:identity, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:identity) order by place)
    left join letter_cases on letter_cases.letter = substr(:identity, place, 1)
  ),
  named as materialized (
    select
      identities.iam_id as id,
      identities.name,
      identities.kind,
      identities.iam_id = :identity
        or identities.name glob wanted.pattern
        or coalesce(users.user_id glob wanted.pattern, 0) as is_exact
    from wanted
    cross join identities
    left join users on users.iam_id = identities.iam_id
    where coalesce(:identity, '') <> ''
      and (
        identities.iam_id = :identity
        or identities.name glob '*' || wanted.pattern || '*'
        or users.user_id glob '*' || wanted.pattern || '*'
      )
    union
    select
      access_groups.id,
      access_groups.name,
      'access_group',
      access_groups.id = :identity or access_groups.name glob wanted.pattern
    from wanted
    cross join access_groups
    where coalesce(:identity, '') <> ''
      and (
        access_groups.id = :identity
        or access_groups.name glob '*' || wanted.pattern || '*'
      )
  ),
  -- One person can have several logins; a part of a name fits many.
  subjects as materialized (
    select id, name, kind, count(*) over () as fitting
    from (
      select distinct id, name, kind
      from named
      where is_exact = (select max(is_exact) from named)
    )
    order by name, id
    limit 20
  ),
  -- Whose policies count for each subject: its own, and those of profiles that it may assume.
  actors as materialized (
    select id, name, kind, id as iam_id, null as profile from subjects
    union all
    select
      subjects.id,
      subjects.name,
      subjects.kind,
      trustedprofiles.iam_id,
      coalesce(trustedprofiles.name, trustedprofiles.id)
    from subjects
    join trustedprofile_identities on trustedprofile_identities.iam_id = subjects.id
    join trustedprofiles on trustedprofiles.id = trustedprofile_identities.tp_id
  ),
  -- As in access_group_identities, but only of these few. static is the last by name.
  memberships as materialized (
    select iam_id, group_id as access_group_id, max(membership_type) as membership_type
    from access_group_members
    where iam_id in (select iam_id from actors)
    group by iam_id, group_id
    union all
    select everybody.iam_id, access_groups.id, 'public'
    from access_groups
    join (
      select account_id, iam_id from users where iam_id in (select iam_id from actors)
      union
      select account_id, iam_id from serviceids where iam_id in (select iam_id from actors)
    ) as everybody
      on everybody.account_id = access_groups.account_id
    where access_groups.is_public = 1
  ),
  ways as materialized (
    select
      actors.id,
      actors.name,
      actors.kind,
      actors.profile,
      null as membership,
      policies.id as policy_id,
      null as access_group_id,
      policies.account_id
    from actors
    join granting_policies as policies
      on policies.iam_id = actors.iam_id and policies.access_group_id is null
    where policies.type = 'access'
    union all
    select
      actors.id,
      actors.name,
      actors.kind,
      actors.profile,
      members.membership_type,
      policies.id,
      policies.access_group_id,
      policies.account_id
    from actors
    join memberships as members on members.iam_id = actors.iam_id
    join granting_policies as policies on policies.access_group_id = members.access_group_id
    where policies.type = 'access'
    union all
    select
      actors.id,
      actors.name,
      actors.kind,
      null,
      null,
      policies.id,
      policies.access_group_id,
      policies.account_id
    from actors
    join granting_policies as policies on policies.access_group_id = actors.id
    where policies.type = 'access'
  ),
  explained as (
    select
      ways.account_id,
      ways.name as identity,
      ways.kind,
      coalesce('trusted profile ' || ways.profile, '')
        || iif(ways.profile is not null and ways.access_group_id is not null, ', ', '')
        || case
          when ways.access_group_id is not null then 'access group ' || summaries.name
          when ways.profile is null then 'direct'
          else ''
        end as via,
      ways.membership,
      descriptions.roles,
      descriptions.target,
      case
        when policies.rule is not null then 'conditional'
        when exists (
          select 1
          from policy_demands as demands
          where demands.policy_id = policies.id and demands.is_part
        ) then 'part'
        else 'full'
      end as scope,
      descriptions.condition,
      policies.last_permit_at,
      iif(ways.kind = 'access_group', null, ways.id) as iam_id,
      ways.access_group_id,
      ways.policy_id
    from ways
    join policies on policies.id = ways.policy_id
    join policy_descriptions as descriptions on descriptions.policy_id = ways.policy_id
    left join access_group_summaries as summaries
      on summaries.access_group_id = ways.access_group_id
    union all
    select
      accounts.account_id,
      subjects.name,
      subjects.kind,
      'account owner',
      null,
      'everything',
      'Everything in the account',
      'full',
      null,
      null,
      subjects.id,
      null,
      null
    from subjects
    join accounts on accounts.owner = subjects.id
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  explained.identity,
  explained.kind,
  explained.via,
  explained.membership,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = explained.access_group_id
  ) as public_access,
  explained.roles,
  explained.target,
  explained.scope,
  explained.condition,
  explained.last_permit_at,
  1 as policies,
  (select max(fitting) from subjects) as fitting_identities,
  explained.iam_id,
  explained.access_group_id,
  explained.policy_id,
  count(*) over () as report_rows
from explained
join accounts on accounts.account_id = explained.account_id
order by
  explained.identity,
  explained.iam_id,
  account,
  explained.account_id,
  explained.policy_id is not null,
  explained.via,
  explained.policy_id
