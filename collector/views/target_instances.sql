-- title: The service instances in each target of policies.
select targets.target_id, instances.instance_id
from target_pairs
join targets on targets.number = target_pairs.target
join instance_facts as instances on instances.number = target_pairs.instance
where instances.instance_id is not null
