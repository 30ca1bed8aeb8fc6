-- title: What a resource leads to for identities with the right role on it.
-- grain: one row for each resource, rule, and target that the rule leads to
-- key: [id]
-- columns:
--   id: {is: Number of the row., kind: integer, required: true}
--   account_id: {is: The account., references: accounts, indexed: false, required: true}
--   resource: {is: "CRN of the resource.", required: true}
--   rule: {is: "Number of the rule in escalation_rules: 13 and 17 to 20.", kind: integer, required: true}
--   target: {is: "The resource for rule 13, otherwise the IAM ID that it lets one act as.", required: true}
--   namespace: {is: "The namespace of the cluster, if the link names one."}
--   name: The name of the resource in the text of the rule.
--   is_listed: {is: 1 if it is a service instance of the account., kind: integer, required: true}
--   is_there: {is: "1 if the account has it, according to the file.", kind: integer, required: true}
--   service_name: Its service.
--   guid: GUID of the instance or cluster.
--   resource_group_id: {is: Its resource group., references: resource_groups, indexed: false}
--   region: Its region.
--   server: "ID of the virtual server, if it is one."
-- rests_on:
--   [access_group_members, complete_lists, known_resources, policies, resource_keys,
--   resource_service_instances, trustedprofile_links, trustedprofiles]
-- errs: >
--   The resource group of a resource that only a link or a credential names is not known, so access
--   through its resource group is missed.
-- notes: |
--   Resources give what trusted profiles trust them with, and what is in their service credentials.
--   Some are in no list of service instances: virtual servers, and clusters that only search shows.
--   What is known of those is what search says, else their CRN. A server's CRN is enough for it to be
--   there, as is any other of the account where its instances were not all listed: what is not known
--   is not gone. A profile without policies and groups leads nowhere.
with
  given as materialized (
    select
      links.account_id,
      links.resource,
      iif(sides.is_administered, 13, links.number) as number,
      iif(sides.is_administered, links.resource, links.profile) as target,
      iif(sides.is_administered, null, links.namespace) as namespace,
      links.segments
    from (
      select
        trustedprofiles.account_id,
        trustedprofiles.iam_id as profile,
        links.link_crn as resource,
        links.link_namespace as namespace,
        case upper(links.cr_type)
          when 'IKS_SA' then 18
          when 'ROKS_SA' then 18
          when 'VSI' then 19
          when 'CE' then 20
        end as number,
        '[' || replace(json_quote(links.link_crn), ':', '","') || ']' as segments
      from trustedprofile_links as links
      join trustedprofiles on trustedprofiles.id = links.tp_id
      where links.link_crn is not null
        -- A profile without policies and groups leads nowhere.
        and (
          exists (select 1 from policies where policies.iam_id = trustedprofiles.iam_id)
          or exists (
            select 1
            from access_group_members as members
            where members.iam_id = trustedprofiles.iam_id
          )
        )
    ) as links
    cross join (select 0 as is_administered union all select 1) as sides
    union
    select
      account_id, coalesce(instance_id, source_crn), 17, service_iam_id, null,
      '[' || replace(json_quote(coalesce(instance_id, source_crn)), ':', '","') || ']'
    from resource_keys
    where coalesce(instance_id, source_crn) is not null
      and service_iam_id is not null
      and iam_compatible = 1
      and state = 'active'
      and coalesce(onetime_credentials, 0) = 0
  ),
  places as materialized (
    select
      thing,
      account_id,
      max(name) as name,
      max(guid) as guid,
      max(service_name) as service_name,
      max(region_id) as region_id,
      max(resource_group_id) as resource_group_id
    from known_resources
    where known_from <> 'profile link' -- a link does not prove its own target
      and thing in (select resource from given)
    group by thing, account_id
  ),
  complete as materialized (
    select account_id from complete_lists where kind = 'instance'
  ),
  described as (
    select
      given.account_id,
      given.resource,
      given.number,
      given.target,
      given.namespace,
      instances.id is not null as is_listed,
      places.name,
      coalesce(places.service_name, json_extract(given.segments, '$[4]')) as service_name,
      coalesce(places.guid, nullif(json_extract(given.segments, '$[7]'), '')) as guid,
      places.resource_group_id,
      coalesce(places.region_id, json_extract(given.segments, '$[5]')) as location,
      coalesce(json_extract(given.segments, '$[6]'), '') as scope,
      json_extract(given.segments, '$[9]') as server,
      places.thing is not null or exists (
        select 1
        from known_resources as others
        where others.account_id = given.account_id
          and others.guid = json_extract(given.segments, '$[7]')
          and others.guid <> ''
          and others.known_from <> 'profile link'
      ) as is_known,
      given.account_id in (select account_id from complete) as is_complete
    from given
    left join places
      on places.thing = given.resource and places.account_id = given.account_id
    left join resource_service_instances as instances
      on instances.id = given.resource and instances.account_id = given.account_id
  )
select
  row_number() over (order by account_id, resource, number, target, namespace),
  account_id,
  resource,
  number,
  target,
  namespace,
  case number
    when 13 then null
    when 17 then name
    else coalesce(name, resource)
  end,
  is_listed,
  is_known or (scope = 'a/' || account_id and (service_name = 'is' or not is_complete)),
  service_name,
  guid,
  resource_group_id,
  -- A server's location is a zone of a region.
  iif(
    service_name = 'is' and location glob '*-[0-9]',
    substr(location, 1, length(location) - 2),
    location
  ),
  iif(service_name = 'is', server, null)
from described
where number is not null
