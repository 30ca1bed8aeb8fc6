-- title: >
--   The complete ibmcloud commands that delete and replace each policy, and its page in the console.
-- notes: |
--   The policies of a locked service ID cannot be changed: it is unlocked first, and locked again.
--   update_command reads the policy that takes its place from the file POLICY_ID.json. Both are empty
--   if there is no command, and remark says why.
with commands as (
  select
    *,
    -- The verb is the first one: what names the holder comes behind it.
    substr(delete_command, 1, verb) || 'update ' || substr(delete_command, verb + 8)
      || ' --file ''' || replace(policy_id, '''', '''\''''') || '.json''' as update_command,
    'ibmcloud iam service-id-unlock ' || locked_service_id || ' && ' as unlock,
    ' && ibmcloud iam service-id-lock ' || locked_service_id as lock
  from (select *, instr(delete_command, '-delete ') as verb from policy_remediations)
)
select
  policy_id,
  coalesce(unlock, '') || delete_command || coalesce(lock, '') as command,
  coalesce(unlock, '') || update_command || coalesce(lock, '') as update_command,
  remark,
  console
from commands
