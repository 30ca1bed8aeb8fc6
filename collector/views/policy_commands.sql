-- title: >
--   The complete ibmcloud command that deletes each policy, and its page in the console.
-- notes: |
--   The policies of a locked service ID cannot be changed: it is unlocked first, and locked again.
select
  policy_id,
  iif(
    locked_service_id is null,
    delete_command,
    'ibmcloud iam service-id-unlock ' || locked_service_id || ' && ' || delete_command
      || ' && ibmcloud iam service-id-lock ' || locked_service_id
  ) as command,
  remark,
  console
from policy_remediations
