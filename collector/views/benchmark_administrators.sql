-- title: >
--   Administrators as the CIS benchmark counts them, with their access paths.
-- notes: |
--   Identities with Administrator on all account management services or on all services. through:
--   own policies, access group, or trusted profile (which the identity can assume). Policies with a
--   condition count as long as the condition can be met. The account owner is listed only if
--   policies make it an administrator.
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
