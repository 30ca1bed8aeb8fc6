-- title: >
--   The ibmcloud commands that delete and disable each API key.
-- notes: |
--   The commands that disable each API key, delete it, or have it disabled if it leaks, and the page
--   that shows it. A locked key is unlocked first, and locked again if it stays in use. A key is
--   removed in two steps: it is disabled first, which can be undone, and deleted if nothing fails
--   without it. end_command is the next of these steps, and remark says so.
with
  keys as (
    select
      apikeys.id,
      apikeys.locked,
      coalesce(apikeys.disabled, 0) as disabled,
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
  unlock || command || iif(disabled, 'delete', 'disable') || words as end_command,
  iif(
    disabled,
    null,
    'If nothing fails after you disable it, delete it: ' || command || 'delete' || words
  ) as remark,
  unlock || command || 'update' || words || ' --action-if-leaked DISABLE' || lock
    as protect_command,
  'https://cloud.ibm.com/iam/'
    || iif(service_id is null, 'apikeys', 'serviceids/' || service_id || '?tab=apikeys') as console
from locks
