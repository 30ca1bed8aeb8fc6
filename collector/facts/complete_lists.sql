-- title: >
--   Lists that were read in full for each account: only for these can something be called deleted.
-- grain: one row for each account and kind of object of which every list was read in full
-- key: [account_id, kind]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   kind: {is: "instance, resource group, access group, person, service ID, or trusted profile.", required: true}
-- rests_on: [account_settings, accounts, collected_parts, users]
-- notes: |
--   A kind is listed if every list that would show such an object was read in full. Service
--   instances and clusters are in the list of instances or in search. A resource group that the
--   token may not view is known from what search finds in it. A restricted list of people shows only
--   the token's own user; if the setting is not known, a list of one person proves nothing.
with
  kinds as (
    select column1 as kind, column2 as part
    from (
      values
        ('instance', 'resource_service_instances'),
        ('instance', 'resources'),
        ('resource group', 'resource_groups'),
        ('resource group', 'resources'),
        ('access group', 'access_groups'),
        ('person', 'users'),
        ('service ID', 'serviceids'),
        ('trusted profile', 'trustedprofiles')
    )
  )
select accounts.account_id, kinds.kind
from accounts
join kinds
left join collected_parts as read
  on read.account_id = accounts.account_id and read.part = kinds.part and read.status = 'ok'
group by accounts.account_id, kinds.kind
having count(*) = count(read.part)
  and (
    kinds.kind <> 'person'
    or exists (
      select 1
      from account_settings
      where account_settings.account_id = accounts.account_id
        and account_settings.restrict_user_list_visibility is not 'RESTRICTED'
    )
    or (select count(*) from users where users.account_id = accounts.account_id) > 1
  )
