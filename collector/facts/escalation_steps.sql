-- title: How one gets from one identity or group to the next, step by step.
-- grain: one row for each way from one thing to the next
-- key: [id]
-- columns:
--   id: {is: Number of the step., kind: integer, required: true}
--   account_id: {is: The account., references: accounts, required: true}
--   source: Who takes the step.
--   source_kind: "identity, access_group, every, role or resource."
--   target: What it leads to.
--   target_kind: "identity, access_group, every, role, resource, full_control or lasting_access."
--   rule: {is: "Number of the rule in escalation_rules; 0 if it is no escalation.", kind: integer}
--   policy_id: {is: The policy that allows it., references: policies}
--   confidence: "high, medium or low."
--   why: The step in words.
-- rests_on:
--   [access_group_members, access_groups, account_settings, accounts, collection_steps,
--   collections, full_administrators, instance_facts, known_resources, policies,
--   policy_account_services, policy_conditions, policy_roles, policy_targets, policy_values,
--   resource_keys, resource_service_instances, serviceids, tag_attachments, target_pairs,
--   targets, trustedprofile_identities, trustedprofile_links, trustedprofiles, users]
-- notes: |
--   How one gets from one thing to the next: each step leads from who takes it to what it gives.
--
--   source, target: an IAM ID, the ID of an access group, "full control" of the account, the CRN of
--   a resource that a trusted profile is linked to, or one of two helpers that keep the steps few:
--   - "every access group", "every service ID", "every trusted profile", "every user": a policy
--     leads there once, and from there a step leads to each.
--   - a role and the ID of a policy: whoever holds that role on what the policy reaches. Policies
--     with the same target share one.
--   rule: its number in escalation_rules, 0 for what is no escalation but a way on: being allowed to
--   assume a profile, holding a role, being an administrator already. Being in an access group is
--   such a way on, too, which access_group_identities tells: it is not repeated here.
--   confidence: that of the rule; one less under a condition, and where the policy limits nothing
--   but the account, which is only inferred to include account management. why says so.
--   Where this errs: a policy that names parts of account management by anything but resource and
--   resourceType leads nowhere, nor does the resource group of a thing that only a link or a
--   credential names (too little); what iam-groups calls its parts is not looked at (too much).
with
  rules as materialized (
    select
      number,
      service_name,
      role,
      step,
      case confidence when 'high' then 3 when 'medium' then 2 else 1 end as level
    from escalation_rules
    where decided
  ),
  grants as materialized (
    select
      policies.account_id,
      coalesce(policies.access_group_id, policies.iam_id) as source,
      iif(policies.access_group_id is null, 'identity', 'access_group') as source_kind,
      policies.id as policy_id,
      substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4) as role,
      policies.rule is not null as is_conditional
    from granting_policies as policies
    join policy_roles on policy_roles.policy_id = policies.id
    where policies.type = 'access'
      and coalesce(policies.access_group_id, policies.iam_id) is not null
      and substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4)
        in (select role from rules)
  ),
  -- Attributes of targets that limit something. What has an attribute of any value limits nothing.
  limits as materialized (
    select policy_id, position, name, min(value) as value, json_group_array(pattern) as patterns
    from (
      select *
      from policy_values
      where side = 'target' and policy_id in (select policy_id from grants)
      order by policy_id, position, pattern
    )
    group by policy_id, position
    having max(is_any) = 0
  ),

  -- Account management: rules 1 to 11.
  kinds(number, kind, resource_type, anything) as (
    values
    (1, 'full_control', null, 'full control'),
    (2, 'access_group', null, 'every access group'),
    (4, 'service_id', 'serviceid', 'every service ID'),
    (6, 'trusted_profile', 'profile', 'every trusted profile'),
    (9, 'user', null, 'every user'),
    (11, 'full_control', null, 'full control')
  ),
  reached as materialized (
    select policy_id, service_name, reach
    from policy_account_services
    where service_name in (
      'iam-access-management', 'iam-groups', 'iam-identity', 'user-management'
    )
  ),
  -- "cross join" keeps the few policies before all that there may be to each.
  management as materialized (
    select
      grants.account_id,
      grants.source,
      grants.source_kind,
      grants.policy_id,
      rules.number,
      kinds.kind,
      kinds.anything,
      (
        select count(*)
        from limits
        where limits.policy_id = grants.policy_id and limits.name = 'resource'
      ) as names,
      max(1, rules.level - grants.is_conditional - (reached.reach = 'everything')) as level,
      iif(
        kinds.kind = 'full_control',
        substr(grants.role, 6) || ' on ' || case reached.reach
          when 'one_service' then reached.service_name
          when 'all_iam' then 'all IAM account management services'
          when 'everything' then 'everything in the account'
          else 'all account management services'
        end,
        rules.step || ': ' || reached.service_name || ' ' || substr(grants.role, 6)
      )
      || iif(grants.is_conditional, ', under a condition', '')
      || iif(reached.reach = 'everything', ', inferred from a policy for the bare account', '')
      as why
    from reached
    cross join grants on grants.policy_id = reached.policy_id
    cross join rules
      on rules.role = grants.role
      and case
        when rules.number > 1 then rules.service_name = reached.service_name
        when reached.service_name <> 'iam-access-management' then false
        when reached.reach = 'one_service' then false
        else rules.service_name = iif(reached.reach = 'all_iam', 'IAM', 'platform_service')
      end
    cross join kinds on kinds.number = rules.number
    where not exists (
        select 1
        from limits
        where limits.policy_id = grants.policy_id
          and limits.name not in (
            'accountId', 'serviceName', 'serviceType', 'service_group_id', 'resourceGroupId',
            'region', 'resourceType', 'resource'
          )
      )
      and not exists (
        select 1
        from limits
        where limits.policy_id = grants.policy_id
          and limits.name = 'resourceType'
          and rules.number <> 2
          and not exists (
            select 1 from json_each(limits.patterns) as each where kinds.resource_type glob each.value
          )
      )
  ),
  things as materialized (
    select account_id, id as node, id, 'access_group' as kind
    from access_groups
    where listed = 1 and is_public = 0
    union all
    select account_id, iam_id, id, 'service_id' from serviceids
    union all
    select account_id, iam_id, id, 'trusted_profile' from trustedprofiles
  ),

  -- Resources: rules 13 and 17 to 20. What each resource gives (target) by which rule (number),
  -- and what policies name of it. Some are in no list of service instances: virtual servers, and
  -- clusters that only search shows. What is known of those is what search says, else their CRN.
  -- is_there: the account has it, as far as the file can tell. A server's CRN is enough, as is any
  -- other of the account where its instances were not all listed: what is not known is not gone.
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
    group by thing, account_id
  ),
  complete as materialized (
    select account_id from complete_lists where kind = 'instance'
  ),
  gifts as materialized (
    select
      account_id,
      resource,
      number,
      target,
      namespace,
      case number
        when 13 then null
        when 17 then name
        else coalesce(name, resource)
      end as name,
      is_listed,
      service_name,
      guid,
      resource_group_id,
      -- A server's location is a zone of a region.
      iif(
        service_name = 'is' and location glob '*-[0-9]',
        substr(location, 1, length(location) - 2),
        location
      ) as region,
      iif(service_name = 'is', server, null) as server,
      is_known
        or (scope = 'a/' || account_id and (service_name = 'is' or not is_complete)) as is_there
    from (
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
          from places as others
          where others.account_id = given.account_id
            and others.guid = json_extract(given.segments, '$[7]')
            and others.guid <> ''
        ) as is_known,
        given.account_id in (select account_id from complete) as is_complete
      from (
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
      ) as given
      left join places
        on places.thing = given.resource and places.account_id = given.account_id
      left join resource_service_instances as instances
        on instances.id = given.resource and instances.account_id = given.account_id
    )
  ),
  -- Policies that reach the same instances and the same parts of them share one step: the first of
  -- them stands for all. parts: what they name of an instance, of which the namespaces of a cluster
  -- and virtual servers matter, and nothing else.
  reaching as materialized (
    select
      policy_targets.policy_id,
      policy_targets.account_id,
      policy_targets.target_id,
      (
        select coalesce(json_group_array(json_array(limits.name, limits.patterns)), '[]')
        from limits
        where limits.policy_id = policy_targets.policy_id
          and limits.name not in (
            'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId', 'region'
          )
      ) as parts
    from policy_targets
    where policy_targets.policy_id in (
        select policy_roles.policy_id
        from policy_roles
        join rules
          on rules.role = substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4)
        where rules.number in (select number from gifts)
      )
  ),
  targets as materialized (
    select
      account_id,
      target_id,
      parts,
      min(policy_id) as policy_id,
      json_group_array(policy_id) as policies
    from reaching
    group by account_id, target_id, parts
  ),
  -- Which resource each target has in it: of service instances target_instances tells; what is in
  -- no list of them is compared here, by what is known of it.
  unlisted as materialized (
    select distinct
      account_id, resource, service_name, guid, resource_group_id, region
    from gifts
    where is_there and not is_listed
  ),
  held as materialized (
    select targets.policy_id, gifts.resource
    from (select distinct resource from gifts where is_listed and is_there) as gifts
    cross join target_instances on target_instances.instance_id = gifts.resource
    cross join targets on targets.target_id = target_instances.target_id
    union
    select targets.policy_id, unlisted.resource
    from unlisted
    join targets on targets.account_id = unlisted.account_id
    where not exists (
      select 1
      from policy_values as demanded
      where demanded.policy_id = targets.target_id
        and (
          demanded.side = 'tag' or (
            demanded.side = 'target' and demanded.name in (
              'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId',
              'region'
            )
          )
        )
        and not exists (
          select 1
          from policy_values as named
          where named.policy_id = demanded.policy_id
            and named.side = demanded.side
            and named.position = demanded.position
            and case named.name
              when 'tag' then exists (
                select 1
                from tag_attachments as attached
                where attached.crn = unlisted.resource
                  and attached.kind = 'access'
                  and attached.name glob named.pattern
              )
              when 'accountId' then unlisted.account_id glob named.pattern
              when 'serviceType' then 'service' glob named.pattern
              when 'serviceName' then unlisted.service_name glob named.pattern
              when 'serviceInstance' then unlisted.guid glob named.pattern
              when 'resourceGroupId' then unlisted.resource_group_id glob named.pattern
              when 'region' then unlisted.region glob named.pattern
            end
        )
    )
  ),
  role_steps as materialized (
    select
      targets.account_id,
      targets.policies,
      rules.role,
      rules.role || ' ' || targets.policy_id as source,
      gifts.target,
      rules.number as rule,
      rules.level,
      rules.step || coalesce(' ' || gifts.name, '') as why
    from gifts
    cross join held on held.resource = gifts.resource
    cross join targets
      on targets.policy_id = held.policy_id and targets.account_id = gifts.account_id
    cross join rules
      on rules.number = gifts.number
      and (rules.service_name is null or rules.service_name = gifts.service_name)
    where gifts.is_there
      and not exists (
        select 1
        from json_each(targets.parts) as part
        where not exists (
          select 1
          from json_each(json_extract(part.value, '$[1]')) as pattern
          where case json_extract(part.value, '$[0]')
              when 'namespace' then iif(gifts.number = 18, gifts.namespace, null)
              -- Servers are parts of a service, not of an instance.
              when 'instanceId' then coalesce(gifts.server, '*')
            end glob iif(
              gifts.server is null and json_extract(part.value, '$[0]') = 'instanceId',
              '*',
              pattern.value
            )
        )
      )
  ),

  -- What is about more than one resource, and who is an administrator already. A policy that names
  -- things leads to each of them, the others once to all.
  core as materialized (
    select
      management.account_id,
      management.source,
      management.source_kind,
      coalesce(things.node, management.anything) as target,
      case
        when management.kind = 'full_control' then 'full_control'
        when things.node is null then 'every'
        when management.kind = 'access_group' then 'access_group'
        else 'identity'
      end as target_kind,
      management.number as rule,
      management.policy_id,
      management.level,
      management.why
    from management
    left join limits
      on management.names > 0
      and limits.policy_id = management.policy_id
      and limits.name = 'resource'
    left join things
      on things.account_id = management.account_id
      and things.kind = iif(management.names > 0, management.kind, null)
      and exists (
        select 1
        from json_each(limits.patterns) as each
        where things.id glob each.value or things.node glob each.value
      )
    group by management.policy_id, management.number, management.why, things.node
    having management.names = 0
      or (things.node is not null and count(distinct limits.position) = management.names)
    union all
    select
      grants.account_id,
      grants.source,
      grants.source_kind,
      held.role_of_policy,
      'role',
      0,
      grants.policy_id,
      iif(grants.is_conditional, max(1, held.level - 1), 3),
      substr(grants.role, instr(grants.role, ':') + 1)
        || iif(grants.is_conditional, ', under a condition', '')
    from (
      select policies, role, source as role_of_policy, max(level) as level
      from role_steps
      group by source
    ) as held
    cross join json_each(held.policies) as each
    cross join grants on grants.policy_id = each.value and grants.role = held.role
    union all
    select account_id, id, kind, 'full control', 'full_control', 0, null, 3, why
    from full_administrators
  ),
  steps as (
    select account_id, source, source_kind, target, target_kind, rule, policy_id, level, why from core
    union all
    select
      account_id, source, 'role', target, iif(rule = 13, 'resource', 'identity'), rule, null, level,
      why
    from role_steps
    union all
    select
      gifts.account_id, gifts.resource, 'resource', gifts.target, 'identity', gifts.number, null,
      max(rules.level), rules.step
    from gifts
    join rules on rules.number = gifts.number
    where gifts.number in (18, 19, 20)
    group by gifts.account_id, gifts.resource, gifts.target, gifts.number
    union all
    select
      trustedprofiles.account_id, allowed.iam_id, 'identity', trustedprofiles.iam_id, 'identity',
      0, null, 3, 'may assume it'
    from trustedprofile_identities as allowed
    join trustedprofiles on trustedprofiles.id = allowed.tp_id
    where allowed.iam_id not glob 'iam-Profile-*' -- a profile cannot assume another one
    union all
    select
      things.account_id,
      kinds.anything,
      'every',
      things.node,
      iif(things.kind = 'access_group', 'access_group', 'identity'),
      0,
      null,
      3,
      'one of them'
    from things
    join kinds on kinds.kind = things.kind
    union all
    select account_id, 'every user', 'every', iam_id, 'identity', 0, null, 3, 'one of them'
    from users
    -- Whether the owner's IAM ID can be replaced is not known.
    where not exists (
      select 1
      from accounts
      where accounts.account_id = users.account_id and accounts.owner = users.iam_id
    )
    union all
    select account_settings.account_id, 'every user', 'every', 'lasting access', 'lasting_access',
      rules.number, null, rules.level, rules.step
    from account_settings
    join rules on rules.number = 22
    where account_settings.restrict_create_service_id in ('NOT_RESTRICTED', 'NOT_SET')
  )
select
  row_number() over (),
  account_id,
  source,
  source_kind,
  target,
  target_kind,
  rule,
  policy_id,
  case level when 3 then 'high' when 2 then 'medium' else 'low' end as confidence,
  why
from steps
