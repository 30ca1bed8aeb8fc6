-- title: The number of access paths through access groups to each service instance.
-- grain: one row for each service instance that a policy of an access group with members reaches
-- key: [instance]
-- by_key: true
-- columns:
--   instance: {is: The instance., kind: integer, references: instance_facts, required: true}
--   ways: {is: "Sum over these policies of their roles times the identities of their group.", kind: integer, required: true}
-- rests_on:
--   [access_group_summaries, instance_facts, policies, policy_roles, policy_targets, target_pairs,
--   targets]
-- errs: Same as the facts that it depends on.
-- notes: |
--   There can be hundreds of millions of access paths: they are counted, not created. The Public
--   Access group represents every user and service ID.
with
  granted as materialized (
    select
      targets.number as target,
      sum(
        summaries.identities * (
          select count(*) from policy_roles where policy_roles.policy_id = policies.id
        )
      ) as ways
    from policy_targets
    join targets on targets.target_id = policy_targets.target_id
    join policies on policies.id = policy_targets.policy_id
    join access_group_summaries as summaries
      on summaries.access_group_id = policies.access_group_id
    where summaries.identities > 0
    group by targets.number
  )
select target_pairs.instance, sum(granted.ways)
from granted
cross join target_pairs on target_pairs.target = granted.target
join instance_facts as facts on facts.number = target_pairs.instance
where facts.instance_id is not null
group by target_pairs.instance
