-- title: The service instances that each policy reaches, and how much of them.
-- notes: |
--   One row for each active access policy and instance that it reaches, with the scope of
--   policy_targets. Unfiltered it can have millions of rows.
select policy_targets.policy_id, target_instances.instance_id, policy_targets.scope
from policy_targets
join target_instances on target_instances.target_id = policy_targets.target_id
