-- title: >
--   Context-based restrictions that restrict nothing.
-- grain: >
--   one row for each rule that admits requests from more than half of all addresses of an IP version,
--   through public endpoints and without MFA of its own.
-- key: [rule_id]
-- columns:
--   rule_id: {is: The rule., references: cbr_rules, required: true}
--   account_id: {is: The account it belongs to., references: accounts, required: true}
-- rests_on: [cbr_rule_zones, cbr_rules, cbr_zone_addresses]
-- errs: >
--   A zone that cannot be read counts as admitting nobody. The threshold of more than half of all
--   addresses is a convention.
with networks as materialized (
  -- Single addresses, however many, are never half of all.
  select zone_id, json_group_array(json_array(excluded, value)) as addresses
  from cbr_zone_addresses
  where value like '%/%' or value like '%-%'
  group by zone_id
)
select id, account_id
from cbr_rules
where asks_for_nothing(
  contexts,
  (
    select json_group_object(networks.zone_id, json(networks.addresses))
    from cbr_rule_zones
    join networks on networks.zone_id = cbr_rule_zones.zone_id
    where cbr_rule_zones.rule_id = cbr_rules.id
  )
)
