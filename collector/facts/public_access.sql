-- title: >
--   Whether the settings let policies of the Public Access group take effect, and for whom.
-- grain: one row for each Public Access group
-- key: [access_group_id]
-- indexes: [[account_id]]
-- columns:
--   access_group_id: {is: "The group, as the file names it.", references: access_groups, required: true}
--   account_id: {is: "Its account.", references: accounts, required: true}
--   effect: {is: "The effect of the two settings on its policies.", required: true}
-- rests_on: [access_group_settings, access_groups, collected_parts, external_identity_settings]
-- errs: >
--   According to IBM's documentation on public access to buckets, limiting external identities for
--   users also blocks people without a login; that this is the same setting is inferred. Access
--   lists that a service keeps itself are not in the data.
with read_parts as materialized (
  select account_id, part
  from collected_parts
  where status = 'ok' and part in ('access_group_settings', 'external_identity_settings')
)
select
  access_groups.id,
  access_groups.account_id,
  case
    when settings.public_access_enabled is null
      or (access_groups.account_id, 'access_group_settings') not in (
        select account_id, part from read_parts
      ) then 'not known: the setting was not read'
    when settings.public_access_enabled = 0 then 'no effect now: public access is off'
    when (access_groups.account_id, 'external_identity_settings') not in (
      select account_id, part from read_parts
    ) then 'open to the account; to others unless external identities are limited, which was not read'
    when people.state = 'limited' then 'open to the account only: external identities are limited'
    else 'open to everybody'
  end
from access_groups
left join access_group_settings as settings
  on settings.account_id = access_groups.account_id
left join external_identity_settings as people
  on people.account_id = access_groups.account_id and people.identity_type = 'user'
where access_groups.is_public = 1
