-- title: >
--   The properties that policies can use for each service instance, and for each unlisted resource
--   that leads to more access, with a number that is shorter than its CRN.
-- grain: one row for each service instance and for each such resource
-- key: [number]
-- columns:
--   number: {is: "Its number; instances come first, in order of their names.", kind: integer, required: true}
--   instance_id: {is: "The instance; empty for an unlisted resource.", references: resource_service_instances}
--   unlisted: CRN of the resource if it is in no list of service instances.
--   account_id: {is: Its account., references: accounts, required: true}
--   guid: Its GUID; empty if it has none.
--   service_name: Its service; empty if it is not known.
--   resource_group_id: {is: Its resource group., references: resource_groups}
--   region: Its region; empty if it has none.
-- indexes: [[guid], [account_id, service_name, region]]
-- rests_on: [resource_gifts, resource_service_instances]
-- errs: >
--   The resource group of a resource that only a link or a credential names is not known, so access
--   through its resource group is missed.
with
  things as (
    select
      0 as is_unlisted, name, id as instance_id, null as unlisted, account_id, guid, service_name,
      resource_group_id, region_id as region
    from resource_service_instances
    union all
    select distinct
      1, null, null, resource, account_id, guid, service_name, resource_group_id, region
    from resource_gifts
    where is_there and not is_listed
  )
select
  row_number() over (order by is_unlisted, name, coalesce(instance_id, unlisted), account_id),
  instance_id,
  unlisted,
  account_id,
  nullif(guid, ''),
  nullif(service_name, ''),
  resource_group_id,
  nullif(region, '')
from things
