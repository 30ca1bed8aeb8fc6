-- title: Policies that grant something, active and not past the end of their condition.
-- notes: |
--   IBM Cloud keeps a policy whose one-time condition has run out in the list as active. The columns
--   are those of policies; access policies and authorizations are here.
select policies.*
from policies
where policies.state = 'active'
  and policies.id not in (select policy_id from policy_conditions where has_ended)
