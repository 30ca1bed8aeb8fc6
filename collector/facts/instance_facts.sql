-- title: What policies can say of each service instance, with a number that is shorter than its CRN.
-- grain: one row for each service instance
-- key: [number]
-- columns:
--   number: {is: "Its number, in the order of the names of all.", kind: integer, required: true}
--   instance_id: {is: The instance., references: resource_service_instances, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   guid: Its GUID; empty where it has none.
--   service_name: Its service; empty where it is not known.
--   resource_group_id: {is: Its resource group., references: resource_groups}
--   region: Its region; empty where it has none.
-- indexes: [[guid], [account_id, service_name]]
-- rests_on: [resource_service_instances]
select
  row_number() over (order by name, id),
  id,
  account_id,
  nullif(guid, ''),
  nullif(service_name, ''),
  resource_group_id,
  nullif(region_id, '')
from resource_service_instances
