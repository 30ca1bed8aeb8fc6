-- title: >
--   Administrators as the CIS benchmark counts them, and by which way each is one.
-- notes: |
--   Whoever has Administrator on all account management services, or on all services. through: own
--   policies, access group or trusted profile (which the identity may take on). Under a condition too:
--   whoever has it counts while the condition can still hold. The account owner is here only if
--   policies make it one.
with
  powers as materialized (
    select account_id, iam_id, access_group_id
    from privileged_policies
    where administers_services or administers_account
  ),
  holders as materialized (
    select account_id, iam_id, 'own policies' as through
    from powers
    where access_group_id is null and iam_id is not null
    union
    select powers.account_id, members.iam_id, 'access group'
    from powers
    join access_group_identities as members
      on members.access_group_id = powers.access_group_id
  )
select account_id, iam_id, through
from holders
union
select holders.account_id, allowed.iam_id, 'trusted profile'
from holders
join trustedprofiles as profiles
  on profiles.iam_id = holders.iam_id and profiles.account_id = holders.account_id
join trustedprofile_identities as allowed on allowed.tp_id = profiles.id
