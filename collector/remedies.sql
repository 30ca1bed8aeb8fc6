-- What mends a finding: words for the ibmcloud command line, and pages of the IBM Cloud console.
--
-- A word is quoted for a POSIX shell, whatever the name in it contains: in single quotes nothing
-- is special but the single quote itself. The commands are those of IBM's reference of the
-- ibmcloud command line; they act in the account that it targets (ibmcloud target -c ACCOUNT),
-- and ask before they delete. They are null where the command line offers nothing. Console pages
-- are those that IBM's documentation or code link to; a policy has none of its own.


-- How the command line names each identity of an account: people by their login name, service IDs
-- and trusted profiles by their ID.
create view identity_arguments as
select
  account_id,
  iam_id,
  'user' as kind,
  '''' || replace(user_id, '''', '''\''''') || '''' as word,
  'https://cloud.ibm.com/iam/users/' || iam_id || '?tab=userdetails' as console
from users
union all
select
  account_id,
  iam_id,
  'service_id',
  '''' || replace(id, '''', '''\''''') || '''',
  'https://cloud.ibm.com/iam/serviceids/' || id || '?tab=iam'
from serviceids
union all
select
  account_id,
  iam_id,
  'trusted_profile',
  '''' || replace(id, '''', '''\''''') || '''',
  'https://cloud.ibm.com/iam/trusted-profiles/' || iam_id || '?tab=trustrelationship'
from trustedprofiles;


-- How the command line names each access group: by its name. What only other objects mention has
-- no word.
create view access_group_arguments as
select
  id as access_group_id,
  account_id,
  iif(listed, '''' || replace(name, '''', '''\''''') || '''', null) as word,
  iif(
    listed,
    'https://cloud.ibm.com/iam/groups/'
      || iif(is_public, 'AccessGroupId-PublicAccess', id) || '?tab=iam',
    null
  ) as console
from access_groups;


-- How the command line names each service instance (by its CRN), and its page.
create view instance_arguments as
select
  id as instance_id,
  account_id,
  '''' || replace(id, '''', '''\''''') || '''' as word,
  'https://cloud.ibm.com/services/' || service_name || '/'
    || replace(replace(replace(id, '%', '%25'), ':', '%3A'), '/', '%2F') as console
from resource_service_instances;


-- The command that deletes each policy, and the page that shows it. Each holder is looked up by
-- itself: joined to the policies, all identities would be put together for the sake of one policy.
create view policy_remedies as
with held as (
  select
    policies.*,
    (
      select kind from identity_arguments as holders
      where holders.iam_id = policies.iam_id and holders.account_id = policies.account_id
    ) as kind,
    (
      select word from identity_arguments as holders
      where holders.iam_id = policies.iam_id and holders.account_id = policies.account_id
    ) as word,
    (
      select console from identity_arguments as holders
      where holders.iam_id = policies.iam_id and holders.account_id = policies.account_id
    ) as console
  from policies
)
select
  held.id as policy_id,
  case
    when type = 'authorization' then 'ibmcloud iam authorization-policy-delete '
    when held.access_group_id is not null then
      'ibmcloud iam access-group-policy-delete ' || access_group_arguments.word || ' '
    when kind = 'user' then 'ibmcloud iam user-policy-delete ' || held.word || ' '
    when kind = 'service_id' then 'ibmcloud iam service-policy-delete ' || held.word || ' '
    when kind = 'trusted_profile' then
      'ibmcloud iam trusted-profile-policy-delete ' || held.word || ' '
  end || '''' || replace(held.id, '''', '''\''''') || '''' as delete_command,
  case
    when type = 'authorization' then 'https://cloud.ibm.com/iam/authorizations'
    when held.access_group_id is not null then access_group_arguments.console
    when kind = 'user' then 'https://cloud.ibm.com/iam/users/' || iam_id || '?tab=iam'
    when kind = 'trusted_profile' then
      'https://cloud.ibm.com/iam/trusted-profiles/' || iam_id || '?tab=iam'
    else held.console
  end as console
from held
left join access_group_arguments
  on access_group_arguments.access_group_id = held.access_group_id;


-- The commands that delete each API key, disable it, or have it disabled when it leaks, and the
-- page that shows it. A locked key is unlocked first, and locked again if it stays in use.
create view apikey_remedies as
with
  keys as (
    select
      apikeys.id,
      apikeys.locked,
      serviceids.id as service_id,
      'ibmcloud iam ' || iif(serviceids.id is null, '', 'service-') || 'api-key-' as command,
      ' ''' || replace(apikeys.id, '''', '''\''''') || ''''
        || coalesce(' ''' || replace(serviceids.id, '''', '''\''''') || '''', '') as words
    from apikeys
    left join serviceids
      on serviceids.iam_id = apikeys.iam_id and serviceids.account_id = apikeys.account_id
  ),
  locks as (
    select
      keys.*,
      iif(locked = 1, command || 'unlock' || words || ' && ', '') as unlock,
      iif(locked = 1, ' && ' || command || 'lock' || words, '') as lock
    from keys
  )
select
  id as apikey_id,
  unlock || command || 'delete' || words as delete_command,
  unlock || command || 'disable' || words as disable_command,
  unlock || command || 'update' || words || ' --action-if-leaked DISABLE' || lock
    as protect_command,
  'https://cloud.ibm.com/iam/'
    || iif(service_id is null, 'apikeys', 'serviceids/' || service_id || '?tab=apikeys') as console
from locks;


-- Findings that somebody has acknowledged, with the reason, until the day it names.
create view acknowledged_findings as
select
  findings.report,
  findings.account_id,
  findings.finding,
  acknowledgements.reason || ' (until ' || acknowledgements.expires || ')' as note
from findings
join acknowledgements on acknowledgements.id = findings.acknowledgement_id
where acknowledgements.expires >= date('now');
