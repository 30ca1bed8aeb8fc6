-- title: The ibmcloud commands that remove the privileges of each administrator.
-- grain: one row for each account and identity that is privileged in it by a policy
-- key: [account_id, iam_id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The privileged identity., references: identities, required: true}
--   command: Ends every access path to a privilege; empty if one of them has no command.
--   direct_command: The same without trusted profiles.
--   remark: Why there is no command, unless the reason is a member added by a dynamic rule.
--   direct_remark: The same without trusted profiles.
-- rests_on:
--   [access_group_arguments, administrator_ways, identity_arguments, policy_remediations,
--   serviceids, trustedprofile_identities, trustedprofiles]
-- errs: Same as the facts that it depends on.
-- notes: |
--   They delete the administrator's direct policies and those of the Public Access group, and remove
--   it from access groups and from the trust of trusted profiles. A locked service ID is unlocked
--   while its policies change. Members by a dynamic rule come back at their next login.
with
  deletions as materialized (
    select policy_id, delete_command as step, remark
    from policy_remediations
    where policy_id in (
        select policy_id
        from administrator_ways
        where access_group_id is null or membership = 'public'
      )
  ),
  places as (
    select
      *,
      case
        when acting_as <> iam_id then 4
        when access_group_id is null then 1
        when membership = 'public' then 3
        else 2
      end as place
    from administrator_ways
  ),
  endings as (
    select
      places.account_id,
      places.iam_id,
      places.place,
      places.policy_id as what,
      deletions.step,
      deletions.remark
    from places
    join deletions on deletions.policy_id = places.policy_id
    where places.place in (1, 3)
    union
    select
      places.account_id,
      places.iam_id,
      2,
      places.access_group_id,
      'ibmcloud iam access-group-' || iif(
        places.membership = 'dynamic',
        null,
        case arguments.kind
          when 'user' then 'user-remove '
          when 'trusted_profile' then 'trusted-profile-remove '
          when 'service_id' then 'service-id-remove '
        end
      ) || groups.word || ' ' || arguments.member,
      coalesce(groups.remark, arguments.member_remark)
    from places
    join access_group_arguments as groups on groups.access_group_id = places.access_group_id
    left join identity_arguments as arguments
      on arguments.iam_id = places.iam_id and arguments.account_id = places.account_id
    where places.place = 2
    union
    select
      places.account_id,
      places.iam_id,
      4,
      places.acting_as,
      'ibmcloud iam trusted-profile-identity-delete ' || arguments.word || ' '''
        || replace(allowed.identifier, '''', '''\''''') || ''' --id-type '
        || case when profiles.template_id is null then
          case lower(allowed.type)
            when 'user' then 'USER'
            when 'serviceid' then 'SERVICEID'
            else 'CRN'
          end
        end,
      iif(
        profiles.template_id is null,
        null,
        'It comes from an enterprise template: change it in the template.'
      )
    from places
    join trustedprofiles as profiles
      on profiles.iam_id = places.acting_as and profiles.account_id = places.account_id
    join trustedprofile_identities as allowed
      on allowed.tp_id = profiles.id and allowed.iam_id = places.iam_id
    join identity_arguments as arguments
      on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
    where places.place = 4
  ),
  commands as (
    select
      account_id,
      iam_id,
      iif(count(*) = count(step), group_concat(step, ' && '), null) as command,
      iif(
        count(*) filter (where place < 4) = count(step) filter (where place < 4),
        group_concat(step, ' && ') filter (where place < 4),
        null
      ) as direct_command,
      min(remark) filter (where step is null) as remark,
      min(remark) filter (where step is null and place < 4) as direct_remark,
      min(place) = 1 as changes_policies
    from (select * from endings order by account_id, iam_id, place, what)
    group by account_id, iam_id
  ),
  locks as (
    select
      commands.*,
      'ibmcloud iam service-id-unlock ' || arguments.word || ' && ' as unlock,
      ' && ibmcloud iam service-id-lock ' || arguments.word as lock
    from commands
    left join serviceids
      on commands.changes_policies
      and serviceids.iam_id = commands.iam_id
      and serviceids.account_id = commands.account_id
      and serviceids.locked = 1
    left join identity_arguments as arguments
      on arguments.iam_id = serviceids.iam_id and arguments.account_id = serviceids.account_id
  )
select
  account_id,
  iam_id,
  coalesce(unlock, '') || command || coalesce(lock, '') as command,
  coalesce(unlock, '') || direct_command || coalesce(lock, '') as direct_command,
  remark,
  direct_remark
from locks
