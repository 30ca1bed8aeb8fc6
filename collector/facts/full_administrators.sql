-- title: Who is in full control of an account already, owner and groups too.
-- grain: one row for each identity or access group in full control of an account
-- key: [account_id, id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   id: {is: The IAM ID or the ID of the access group., required: true}
--   kind: identity or access_group.
--   why: "is the account owner, is a full administrator, or its members are full administrators."
-- rests_on: [administrators, privileged_policies]
-- errs: As what it rests on.
-- notes: |
--   A full administrator holds Administrator and Manager on all services and Administrator on all
--   account management services, without a condition, by policies of its own or of its groups.
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
