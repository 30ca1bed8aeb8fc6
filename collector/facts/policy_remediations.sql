-- title: The ibmcloud command that deletes each policy, and its page in the console.
-- grain: one row for each policy
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   delete_command: The command, as one step; empty if there is none.
--   locked_service_id: >
--     The service ID that holds it, as an argument, if it is locked: until it is unlocked, its
--     policies cannot be changed.
--   remark: "Why there is no command, or what is lost with the policy."
--   console: URL of the console page that shows it.
-- rests_on: [access_group_arguments, identity_arguments, policies, policy_values, serviceids]
with held as (
  select policies.*, holders.kind, holders.word, holders.remark, holders.console
  from policies
  left join identity_arguments as holders
    on holders.iam_id = policies.iam_id and holders.account_id = policies.account_id
)
select
  held.id as policy_id,
  case
    when template_id is not null then null
    when type = 'authorization' then 'ibmcloud iam authorization-policy-delete '
    when held.access_group_id is not null then
      'ibmcloud iam access-group-policy-delete ' || access_group_arguments.word || ' '
    when kind = 'user' then 'ibmcloud iam user-policy-delete ' || held.word || ' '
    when kind = 'service_id' then 'ibmcloud iam service-policy-delete ' || held.word || ' '
    when kind = 'trusted_profile' then
      'ibmcloud iam trusted-profile-policy-delete ' || held.word || ' '
  end || '''' || replace(held.id, '''', '''\''''') || '''' as delete_command,
  (
    select held.word from serviceids
    where serviceids.iam_id = held.iam_id
      and serviceids.account_id = held.account_id
      and serviceids.locked = 1
  ) as locked_service_id,
  case
    when template_id is not null then
      'It comes from an enterprise template: change it in the template.'
    when type = 'authorization' then (
      select 'Without it, data that the source encrypted with keys of the target can no longer be '
        || 'read: first make sure that there is none.'
      from policy_values
      where policy_values.policy_id = held.id
        and policy_values.side = 'target'
        and policy_values.name = 'serviceName'
        and ('kms' glob policy_values.pattern or 'hs-crypto' glob policy_values.pattern)
    )
    when held.access_group_id is not null then access_group_arguments.remark
    else held.remark
  end as remark,
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
  on access_group_arguments.access_group_id = held.access_group_id
