-- What can be found by its name: people, service IDs, profiles, groups, instances, policies and so
-- on. detail is whatever else somebody may look for: addresses, descriptions, IDs.
insert into search (kind, name, detail, account_id, table_name, key)
select
  'person',
  coalesce(nullif(trim(coalesce(firstname, '') || ' ' || coalesce(lastname, '')), ''), user_id, id),
  coalesce(user_id, '') || ' ' || coalesce(email, '') || ' ' || iam_id,
  account_id,
  'users',
  id
from users
union all
select 'service ID', name, coalesce(description, '') || ' ' || id, account_id, 'serviceids', id
from serviceids
union all
select
  'trusted profile', name, coalesce(description, '') || ' ' || id, account_id, 'trustedprofiles', id
from trustedprofiles
union all
select
  'access group', name, coalesce(description, '') || ' ' || id, account_id, 'access_groups', id
from access_groups
where listed = 1
union all
select
  'service instance',
  coalesce(nullif(name, ''), guid, id),
  coalesce(service_name, '') || ' ' || coalesce(region_id, '') || ' ' || coalesce(guid, '') || ' '
    || id,
  account_id,
  'resource_service_instances',
  id
from resource_service_instances
union all
select
  coalesce(nullif(type, ''), 'resource'),
  coalesce(nullif(name, ''), crn),
  coalesce(service_name, '') || ' ' || coalesce(region_id, '') || ' ' || crn,
  account_id,
  'resources',
  crn
from resources
where instance_id is null
union all
select
  'policy',
  words.sentence,
  coalesce(policies.description, '') || ' ' || policies.id,
  policies.account_id,
  'policies',
  policies.id
from policies
join policy_sentences as words on words.policy_id = policies.id
where policies.state = 'active'
union all
select 'API key', name, coalesce(description, '') || ' ' || id, account_id, 'apikeys', id
from apikeys
union all
select 'resource group', name, resource_group_id, account_id, 'resource_groups', resource_group_id
from resource_groups
where listed = 1;
