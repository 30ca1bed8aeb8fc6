-- title: >
--   The ibmcloud commands that remove each service ID, one step at a time.
-- grain: one row for each service ID
-- key: [iam_id, account_id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The service ID., references: identities, required: true}
--   command: The next step; empty if its keys and service credentials were not read in full.
--   remark: "What comes next, and what is lost."
--   console: {is: URL of the console page that shows it., required: true}
-- rests_on: [apikeys, collected_parts, identity_arguments, identity_dependents, serviceids]
-- notes: |
--   A deleted service ID cannot be restored, and its API keys are deleted with it; a disabled key
--   can be enabled again. The command therefore first disables the keys that work, and deletes the
--   service ID only if none does. If the keys and service credentials were not read in full, there
--   is no command. remark says what comes next and what is lost.
with steps as materialized (
  select
    serviceids.account_id,
    serviceids.iam_id,
    arguments.console,
    (
      select group_concat(disable_command, ' && ')
      from (
        select apikey_remediations.disable_command
        from apikeys
        join apikey_remediations on apikey_remediations.apikey_id = apikeys.id
        where apikeys.iam_id = serviceids.iam_id
          and apikeys.account_id = serviceids.account_id
          and coalesce(apikeys.disabled, 0) = 0
        order by apikeys.id
      )
    ) as disable_keys,
    iif(serviceids.locked = 1, 'ibmcloud iam service-id-unlock ' || arguments.word || ' && ', '')
      || 'ibmcloud iam service-id-delete ' || arguments.word as delete_command,
    (
      select count(*)
      from collected_parts
      where collected_parts.account_id = serviceids.account_id
        and collected_parts.part in ('apikeys', 'resource_keys')
        and collected_parts.status = 'ok'
    ) = 2 as keys_were_read,
    dependents.words
  from serviceids
  join identity_arguments as arguments
    on arguments.iam_id = serviceids.iam_id and arguments.account_id = serviceids.account_id
  left join identity_dependents as dependents
    on dependents.iam_id = serviceids.iam_id and dependents.account_id = serviceids.account_id
)
select
  account_id,
  iam_id,
  case
    when disable_keys is not null then disable_keys
    when keys_were_read then delete_command
  end as command,
  case
    when disable_keys is not null
      then 'If nothing fails after you disable its API keys, delete it: ' || delete_command || '. '
        || words
    when not keys_were_read
      then 'Its API keys and service credentials were not read in full: check for them before you '
        || 'delete it.'
        || coalesce(' ' || words, '')
    else words
  end as remark,
  console
from steps
-- A service ID that is listed twice is one.
group by iam_id, account_id
