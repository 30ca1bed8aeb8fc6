-- title: The number of service instances of each service in each target of policies.
-- grain: one row for each target and service of which it has instances
-- key: [target, service_name]
-- by_key: true
-- columns:
--   target: {is: The target., kind: integer, references: targets, required: true}
--   service_name: {is: "The service; unknown if the instances do not show it.", required: true}
--   instances: {is: Its instances in the target that are not removed., kind: integer, required: true}
-- rests_on: [instance_facts, resource_service_instances, target_pairs]
with
  present as materialized (
    select facts.number, coalesce(facts.service_name, 'unknown') as service_name
    from instance_facts as facts
    join resource_service_instances as instances on instances.id = facts.instance_id
    where coalesce(instances.state, '') not in ('removed', 'pending_removal')
  )
select target_pairs.target, present.service_name, count(*)
from target_pairs
cross join present on present.number = target_pairs.instance
group by target_pairs.target, present.service_name
