-- title: Policies that grant access, which are active and not expired.
-- notes: |
--   IBM Cloud still lists a policy with an expired one-time condition as active. The columns
--   are those of policies; access policies and authorizations are here.
select policies.*
from policies
where policies.state = 'active'
  and policies.id not in (select policy_id from policy_conditions where has_ended)
