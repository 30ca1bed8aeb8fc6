-- title: >
--   Everything of an account that anything in the file knows of, and from where.
-- grain: >
--   one row for each thing and source that knows of it; search is none for what the list of instances
--   has
-- key: [thing, account_id, known_from]
-- by_key: true
-- indexes: [[account_id, guid]]
-- columns:
--   account_id: {is: "The account that it is in, which might not be in the file.", required: true}
--   thing: {is: "Its CRN, or its GUID if only that is known.", required: true}
--   known_from: {is: "instances, search, service credential, profile link, tag, or authorization.", required: true}
--   guid: GUID of the service instance or cluster that it is, or is part of.
--   name: Its name; empty for a part of an instance.
--   service_name: Service.
--   region_id: Region.
--   resource_group_id: {is: "Its resource group.", references: resource_groups, indexed: false}
-- rests_on:
--   [policies, policy_values, resource_keys, resource_service_instances, resources,
--   tag_attachments, trustedprofile_links]
-- errs: >
--   Lists show what exists; the other sources only refer to it, and can outlive it. A deleted
--   resource can therefore count as known and go unnoticed. A query that judges one kind of
--   reference leaves that kind out: a link does not prove that its own target exists.
with
  mentions as (
    select
      'instances' as known_from, account_id, coalesce(crn, id) as crn, guid, name, service_name,
      region_id, resource_group_id
    from resource_service_instances
    union all
    select
      'search', account_id, crn, guid, iif(guid is null or crn glob '*::', name, null),
      service_name, region_id, resource_group_id
    from resources
    -- Of a service instance the list says the same.
    where crn not in (select id from resource_service_instances)
    union all
    select 'service credential', null, source_crn, null, null, null, null, null
    from resource_keys
    where coalesce(state, '') not in ('removed', 'deleted', 'pending_removal')
    union all
    select 'profile link', null, link_crn, null, null, null, null, null
    from trustedprofile_links
    union all
    select 'tag', account_id, crn, null, null, null, null, null
    from tag_attachments
  ),
  segmented as (
    select
      *,
      iif(
        crn glob 'crn:v1:*:*:*:*:*:*:*',
        '[' || replace(json_quote(crn), ':', '","') || ']',
        '[]'
      ) as segments
    from mentions
    where crn is not null
  ),
  known as (
    select
      coalesce(
        account_id,
        iif(
          json_extract(segments, '$[6]') glob 'a/*', substr(json_extract(segments, '$[6]'), 3), null
        )
      ) as account_id,
      crn as thing,
      known_from,
      coalesce(nullif(guid, ''), nullif(json_extract(segments, '$[7]'), '')) as guid,
      nullif(name, '') as name,
      coalesce(nullif(service_name, ''), nullif(json_extract(segments, '$[4]'), ''))
        as service_name,
      coalesce(nullif(region_id, ''), nullif(json_extract(segments, '$[5]'), '')) as region_id,
      resource_group_id
    from segmented
    union all
    select
      targets.account_id,
      targets.value,
      'authorization',
      targets.value,
      null,
      (
        select min(services.value)
        from policy_values as services
        where services.policy_id = targets.policy_id
          and services.side = 'target'
          and services.name = 'serviceName'
          and services.operator = 'stringEquals'
      ),
      null,
      null
    from policy_values as targets
    join policies on policies.id = targets.policy_id
    where policies.type = 'authorization'
      and policies.state = 'active'
      and targets.side = 'target'
      and targets.name = 'serviceInstance'
      and targets.operator = 'stringEquals'
  )
select
  account_id,
  thing,
  known_from,
  max(guid),
  max(name),
  max(service_name),
  max(region_id),
  max(resource_group_id)
from known
where account_id is not null and thing is not null
group by account_id, thing, known_from
