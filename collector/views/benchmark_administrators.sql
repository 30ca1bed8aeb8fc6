-- title: >
--   Administrators as the CIS benchmark counts them, with their access paths.
-- notes: |
--   Whoever has Administrator on all account management services, or on all services. through: own
--   policies, access group or trusted profile (which the identity may assume). Under a condition too:
--   whoever has it counts while the condition can still hold. The account owner is here only if
--   policies make it one.
select distinct
  account_id,
  iam_id,
  case
    when acting_as <> iam_id then 'trusted profile'
    when access_group_id is not null then 'access group'
    else 'own policies'
  end as through
from administrator_ways
where administers_services or administers_account
