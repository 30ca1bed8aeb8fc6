-- title: Policies of identities and access groups that the account no longer has.
-- notes: |
--   missing is person, service ID, trusted profile, resource, or access group. A kind of subject is
--   judged only if its list was read in full; an identity that is known to belong to another account
--   is not here. What the token may not view looks the same.
select policies.id as policy_id, absent.kind as missing
from absent_identities as absent
join policies
  on policies.iam_id = absent.iam_id
  and policies.account_id = absent.account_id
  and policies.access_group_id is null
where absent.other_accounts is null
union all
select policies.id, 'access group'
from policies
join access_groups on access_groups.id = policies.access_group_id
where access_groups.listed = 0
  and (policies.account_id, 'access group') in (select account_id, kind from complete_lists)
