-- title: What a resource leads to for identities with the right role on it.
-- grain: one row for each resource, rule, and target that the rule leads to
-- key: [id]
-- columns:
--   id: {is: Number of the row., kind: integer, required: true}
--   account_id: {is: The account., references: accounts, indexed: false, required: true}
--   resource: {is: "CRN of the resource, or any cluster.", required: true}
--   rule: {is: Number of the rule in escalation_rules., kind: integer, required: true}
--   target:
--     is: >
--       The IAM ID that it lets one act as, or the helper of escalation_steps for all access groups or
--       service IDs; for rule 13 the resource itself.
--     required: true
--   namespace: {is: "The namespace of the cluster, if the link or the claim rule names one."}
--   name: The name of the resource in the text of the rule.
--   is_listed: {is: 1 if it is a service instance of the account., kind: integer, required: true}
--   is_there: {is: "1 if the account has it, according to the file.", kind: integer, required: true}
--   service_name: Its service.
--   guid: GUID of the instance or cluster.
--   resource_group_id: {is: Its resource group., references: resource_groups, indexed: false}
--   region: Its region.
--   server: "ID of the virtual server, if it is one."
-- rests_on:
--   [access_group_members, complete_lists, known_resources, policies, policy_conditions,
--   policy_demands, policy_roles, policy_values, resource_keys, resource_service_instances,
--   trustedprofile_links, trustedprofile_rules, trustedprofiles]
-- errs: >
--   The resource group of a resource that only a link or a credential names is not known, so access
--   through its resource group is missed. So are claim rules with conditions on anything but the
--   cluster, its resource group, the namespace, and the service account, and authorizations of
--   Secrets Manager that are limited to some access groups or service IDs.
-- notes: |
--   Resources give what trusted profiles trust them with, and what is in their service credentials.
--   Some are in no list of service instances: virtual servers, and clusters that only search shows.
--   What is known of those is what search says, else their CRN. A server's CRN is enough for it to be
--   there, as is any other of the account where its instances were not all listed: what is not known
--   is not gone. A profile without policies and groups leads nowhere.
--
--   A claim rule that no condition limits to some clusters is here once, with any cluster as its
--   resource. Secrets Manager creates credentials in every access group, and for every service ID, that
--   authorizations let it manage.
with
  leading as materialized (
    select account_id, id, iam_id
    from trustedprofiles
    where exists (select 1 from policies where policies.iam_id = trustedprofiles.iam_id)
      or exists (
        select 1
        from access_group_members as members
        where members.iam_id = trustedprofiles.iam_id
      )
  ),
  -- Claim rules that trust clusters: each condition with the values that meet it.
  conditions as materialized (
    select
      rules.id as rule_id,
      leading.account_id,
      leading.iam_id as profile,
      each.key is not null as is_condition,
      lower(json_extract(each.value, '$.claim')) as claim,
      upper(json_extract(each.value, '$.operator')) as operator,
      json_extract(each.value, '$.value') as value
    from leading
    cross join trustedprofile_rules as rules on rules.tp_id = leading.id
    left join json_each(rules.conditions) as each
    where rules.type = 'Profile-CR' and upper(rules.cr_type) in ('IKS_SA', 'ROKS_SA')
  ),
  meeting as materialized (
    select
      conditions.rule_id,
      conditions.claim,
      each.value as met_by
    from conditions
    join json_each(
      iif(json_valid(conditions.value), conditions.value, json_quote(conditions.value))
    ) as each
    where conditions.is_condition
  ),
  claim_rules as materialized (
    select
      rule_id,
      account_id,
      profile,
      max(coalesce(claim in ('service_instance', 'resource_group_id'), 0)) as names_clusters,
      (
        select iif(count(*) = 1, min(meeting.met_by), null)
        from meeting
        where meeting.rule_id = conditions.rule_id and meeting.claim = 'namespace'
      ) as namespace
    from conditions
    group by rule_id
    having min(
      not is_condition
      or coalesce(
        claim in ('service_instance', 'resource_group_id', 'namespace', 'name')
          and operator in ('EQUALS', 'IN'),
        0
      )
    )
  ),
  -- What authorizations let Secrets Manager do as a whole in its own account.
  authorized as materialized (
    select policies.id as policy_id, policies.account_id, services.service_name
    from granting_policies as policies
    cross join (select 'iam-groups' as service_name union all select 'iam-identity') as services
    where policies.type = 'authorization'
      and exists (
        select 1
        from policy_values as source
        where source.policy_id = policies.id
          and source.side = 'source'
          and source.name = 'serviceName'
          and 'secrets-manager' glob source.pattern
      )
      and not exists (
        select 1
        from policy_values as source
        where source.policy_id = policies.id
          and source.side = 'source'
          and (
            source.name not in ('accountId', 'serviceName', 'serviceInstance')
            or source.name = 'accountId' and not policies.account_id glob source.pattern
          )
      )
      and exists (
        select 1
        from policy_demands as demands
        cross join json_each(demands.patterns) as each
        where demands.policy_id = policies.id
          and demands.name = 'serviceName'
          and services.service_name glob each.value
      )
      and not exists (
        select 1
        from policy_demands as demands
        where demands.policy_id = policies.id
          and demands.limits
          and demands.name not in ('accountId', 'serviceName')
      )
      and exists (
        select 1
        from policy_roles
        where policy_roles.policy_id = policies.id
          and policy_roles.role_id not glob '*:role:Viewer'
          and policy_roles.role_id not glob '*:serviceRole:ServiceIdCreator'
          and policy_roles.role_id not glob '*:role:AuthorizationDelegator'
      )
  ),
  engines as materialized (
    select instances.id as resource, authorized.account_id, authorized.service_name
    from authorized
    cross join resource_service_instances as instances
      on instances.account_id = authorized.account_id
      and instances.service_name = 'secrets-manager'
    where not exists (
      select 1
      from policy_values as source
      where source.policy_id = authorized.policy_id
        and source.side = 'source'
        and source.name = 'serviceInstance'
        and not instances.guid glob source.pattern
    )
    group by instances.id, authorized.service_name
  ),
  trusting as materialized (
    select
      leading.account_id,
      links.link_crn as resource,
      leading.iam_id as target,
      links.link_namespace as namespace,
      case upper(links.cr_type)
        when 'IKS_SA' then 18
        when 'ROKS_SA' then 18
        when 'VSI' then 19
        when 'CE' then 20
        when 'BMS' then 34
      end as number
    from leading
    cross join trustedprofile_links as links on links.tp_id = leading.id
    where links.link_crn is not null
    union all
    select claim_rules.account_id, clusters.id, claim_rules.profile, claim_rules.namespace, 36
    from claim_rules
    join resource_service_instances as clusters
      on clusters.account_id = claim_rules.account_id
      and clusters.service_name = 'containers-kubernetes'
    where claim_rules.names_clusters
      and not exists (
        select 1
        from conditions
        where conditions.rule_id = claim_rules.rule_id
          and conditions.claim in ('service_instance', 'resource_group_id')
          and not exists (
            select 1
            from meeting
            where meeting.rule_id = conditions.rule_id
              and meeting.claim = conditions.claim
              and meeting.met_by
                = iif(meeting.claim = 'service_instance', clusters.guid, clusters.resource_group_id)
          )
      )
    union all
    select account_id, resource, 'every service ID', null, 31
    from engines
    where service_name = 'iam-identity'
    union all
    -- A service ID that is made in a group also needs a key.
    select groups.account_id, groups.resource, 'every access group', null, 30
    from engines as groups
    join engines as keys on keys.resource = groups.resource and keys.service_name = 'iam-identity'
    where groups.service_name = 'iam-groups'
  ),
  given as materialized (
    select
      trusting.account_id,
      trusting.resource,
      iif(sides.is_administered, 13, trusting.number) as number,
      iif(sides.is_administered, trusting.resource, trusting.target) as target,
      iif(sides.is_administered, null, trusting.namespace) as namespace,
      '[' || replace(json_quote(trusting.resource), ':', '","') || ']' as segments
    from trusting
    cross join (select 0 as is_administered union all select 1) as sides
    union
    select account_id, 'any cluster', 36, profile, namespace, '[]'
    from claim_rules
    where not names_clusters
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
