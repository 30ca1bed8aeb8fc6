-- title: Who already has full control of an account, including the owner and access groups.
-- grain: one row for each identity or access group with full control of an account
-- key: [account_id, id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: The IAM ID or the ID of the access group., required: true}
--   kind: identity or access_group.
--   why: "is the account owner, is a full administrator, or its members are full administrators."
-- rests_on: [administrators, privileged_policies]
-- errs: Same as the facts that it depends on.
-- notes: |
--   A full administrator holds Administrator and Manager on all services and Administrator on all
--   account management services, without a condition, by direct policies or through its groups.
select
  account_id,
  iam_id as id,
  'identity' as kind,
  iif(direct_rank = 'owner', 'is the account owner', 'is a full administrator') as why
from administrators
where direct_rank in ('owner', 'full administrator')
union all
select account_id, access_group_id, 'access_group', 'its members are full administrators'
from privileged_policies
where access_group_id is not null and not is_conditional
group by account_id, access_group_id
having max(administers_services) and max(manages_services) and max(administers_account)
