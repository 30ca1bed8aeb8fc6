-- title: >
--   The ibmcloud commands that delete and disable each API key.
-- notes: |
--   The commands that delete each API key, disable it, or have it disabled when it leaks, and the
--   page that shows it. A locked key is unlocked first, and locked again if it stays in use.
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
from locks
