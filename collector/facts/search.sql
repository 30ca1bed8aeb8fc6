-- title: Everything that can be found by name.
-- grain: one row for each object that can be found
-- key: [id]
-- label: name
-- facets: [account_id, kind]
-- indexes: [[table_name, key]]
-- columns:
--   id: {is: "Number of the entry, in the order of kinds and names.", kind: integer, required: true}
--   kind: {is: What it is., required: true}
--   name: Its name; for a policy, the policy as a sentence.
--   detail: "Other text that it can be found by: addresses, descriptions, and IDs."
--   account_id: {is: The account it belongs to., references: accounts, required: true}
--   table_name: {is: The table that it is in., required: true}
--   key: {is: The key of its row there., required: true}
-- rests_on:
--   [access_groups, apikeys, policies, policy_descriptions, resource_groups,
--   resource_service_instances, resources, serviceids, trustedprofiles, users]
select
  row_number() over (order by kind, name, account_id, key), kind, name, detail, account_id, table_name, key
from (
    select
      'person' as kind,
      coalesce(
        nullif(trim(coalesce(firstname, '') || ' ' || coalesce(lastname, '')), ''),
        user_id,
        id
      ) as name,
      coalesce(user_id, '') || ' ' || coalesce(email, '') || ' ' || iam_id as detail,
      account_id,
      'users' as table_name,
      id as key
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
    where listed = 1
)
