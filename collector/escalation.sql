-- How identities can gain more access than they were given.
--
-- Read from IBM's tables of roles and actions and from static configuration; nothing here was
-- tried on a live account. Not followed: ways that lead through another account, memberships and
-- profiles by claims that nobody has shown yet, custom roles, tokens and sessions already issued.


-- What a role allows that leads to more access: one row for each rule, role and service.
--
-- service_name: as policies name it; null is any service. platform_service and IAM stand for all
-- account management services and for the IAM ones among them. role: how the role's ID ends.
-- gives: what is reached. confidence: of the outcome, for this role.
-- decided: 1 if escalation_steps has the rule's steps; else undecided_because says why not.
create view escalation_rules as
with
  rules(number, action, step, outcome, gives, undecided_because, topic) as (
    values
    (
      1, 'iam.policy.create', 'grants itself any role', 'full control', 'full_control', null,
      'all account management services'
    ),
    (
      2, 'members.add', 'adds itself to it', 'joins an administrators'' group', 'group',
      null, 'iam-groups'
    ),
    (
      3, 'rules.create, rules.update', 'adds a rule that it meets',
      'a federated claim adds oneself', 'group',
      'The same roles can add a member (rule 2), which needs no claim; the paths show rule 2.',
      'iam-groups'
    ),
    (
      4, 'apikey.create', 'creates an API key for it', 'acts as that service ID',
      'service_id', null, 'iam-identity'
    ),
    (
      5, 'apikey.get', 'reads a stored API key', 'reads keys stored as retrievable',
      'credential', 'IBM Cloud does not list which keys are stored as retrievable.', 'iam-identity'
    ),
    (
      6, 'profile.update, profile.linkToResource',
      'makes itself trusted by it', 'trusts oneself or one''s compute on a profile', 'profile',
      null, 'iam-identity'
    ),
    (
      7, 'idp.create, idp.update', 'controls claims',
      'controls claims, with rule 3 or 6', 'claims',
      'It needs an identity provider of the account; those are not in the file.', 'iam-identity'
    ),
    (
      8, 'account.update', 'weakens the settings',
      'weakens second factors, addresses, creation limits', 'settings',
      'It weakens a protection and gives nobody''s access.', 'iam-identity'
    ),
    (
      9, 'user.replace-iam-id', 'puts an IBMid of its own in their place',
      'rebinds a user''s access to another IBMid', 'user', null, 'user-management'
    ),
    (
      10, 'user.create, user-setting.update',
      'invites an accomplice', 'invites an accomplice, lifts address limits', 'settings',
      'Whoever is invited has no access yet, and a lifted limit gives none.', 'user-management'
    ),
    (
      11, 'policy.create, settings.update',
      'grants itself any role', 'grants roles, opens external identities', 'full_control', null,
      'iam-access-management'
    ),
    (
      12, 'customRole.update', 'adds actions to its own role',
      'adds actions to a role one holds', 'role',
      'Which actions a service offers to custom roles is not in the file.',
      'iam-access-management'
    ),
    (
      13, 'policy.create, role.assign', 'grants itself every role there',
      'grants oneself Manager there', 'resource', null, 'every service'
    ),
    (
      14, 'tag.attach-access-tag', 'attaches an access tag',
      'pulls a resource into tag-scoped policies', 'resource',
      'It gives access to the resource only, which its administrator can have by rule 13.',
      'tagging'
    ),
    (
      15, 'delegationPolicy.create', 'authorizes a service', 'service-to-service access',
      'authorization', 'What a service does with an authorization is not in the file.',
      'every service'
    ),
    (
      16, 'resource-controller.key.create', 'creates a service credential',
      'a lasting credential', 'credential',
      'The credential opens the instance only, and no identity of the account.',
      'resource-controller'
    ),
    (
      17, 'credential.retrieve_all', 'reads a service credential of it',
      'reads all stored credentials', 'service_id', null, 'resource-controller'
    ),
    (
      18, 'a pod as the linked namespace and service account', 'runs a pod in the cluster',
      'assumes the profile', 'profile', null, 'containers-kubernetes'
    ),
    (
      19, 'a metadata token', 'takes a token from the virtual server', 'assumes the profile',
      'profile', null, 'is'
    ),
    (
      20, 'a compute resource token', 'runs code in the project', 'assumes the profile',
      'profile', null, 'codeengine'
    ),
    (
      21, 'compute that a profile''s compute rule matches', 'creates matching compute',
      'assumes the profile', 'profile',
      'Which compute can be made to match depends on claims that compute gets when it is made.',
      'trusted profiles'
    ),
    (
      22, 'a service ID and key of its own',
      'creates a service ID and a key of its own', 'stays after removal', 'lasting_access', null,
      'identity settings'
    ),
    (
      23, 'secret.read', 'reads stored IAM credentials',
      'takes stored IAM credentials', 'credential',
      'Which secrets an instance holds is not in the file.', 'secrets-manager'
    ),
    (
      24, 'templates, assignments', 'assigns a template', 'pushes access into child accounts',
      'child_accounts',
      'It leads to other accounts; which templates are assigned where is not in the file.',
      'enterprise'
    )
  ),
  roles(number, service_name, role, confidence) as (
    values
    (1, 'platform_service', 'role:Administrator', 'high'),
    (1, 'IAM', 'role:Administrator', 'high'),
    (2, 'iam-groups', 'role:Administrator', 'high'),
    (2, 'iam-groups', 'role:Editor', 'medium'),
    (3, 'iam-groups', 'role:Administrator', 'medium'),
    (3, 'iam-groups', 'role:Editor', 'medium'),
    (4, 'iam-identity', 'role:Administrator', 'high'),
    (4, 'iam-identity', 'role:Operator', 'high'),
    (4, 'iam-identity', 'role:Editor', 'low'),
    (5, 'iam-identity', 'role:Editor', 'medium'),
    (5, 'iam-identity', 'role:Operator', 'medium'),
    (6, 'iam-identity', 'role:Administrator', 'medium'),
    (6, 'iam-identity', 'role:Editor', 'medium'),
    (6, 'iam-identity', 'role:Operator', 'medium'),
    (7, 'iam-identity', 'role:Administrator', 'medium'),
    (7, 'iam-identity', 'role:Operator', 'medium'),
    (8, 'iam-identity', 'role:Administrator', 'medium'),
    (8, 'iam-identity', 'role:Editor', 'medium'),
    (8, 'iam-identity', 'role:Operator', 'medium'),
    (9, 'user-management', 'role:Administrator', 'medium'),
    (9, 'user-management', 'role:Editor', 'medium'),
    (10, 'user-management', 'role:Administrator', 'medium'),
    (10, 'user-management', 'role:Editor', 'medium'),
    (11, 'iam-access-management', 'role:Administrator', 'medium'),
    (12, 'iam-access-management', 'role:Editor', 'medium'),
    (13, null, 'role:Administrator', 'high'),
    (14, null, 'role:Administrator', 'medium'),
    (15, null, 'role:Administrator', 'medium'),
    (16, null, 'role:Editor', 'medium'),
    (16, null, 'role:Operator', 'medium'),
    (17, null, 'role:Administrator', 'high'),
    (18, 'containers-kubernetes', 'serviceRole:Manager', 'medium'),
    (18, 'containers-kubernetes', 'serviceRole:Writer', 'medium'),
    (19, 'is', 'role:Editor', 'medium'),
    (19, 'is', 'role:Operator', 'medium'),
    (20, 'codeengine', 'serviceRole:Manager', 'medium'),
    (20, 'codeengine', 'serviceRole:Writer', 'medium'),
    (21, null, null, 'high'),
    (22, null, null, 'high'),
    (23, 'secrets-manager', 'serviceRole:Manager', 'medium'),
    (23, 'secrets-manager', 'serviceRole:SecretsReader', 'medium'),
    (23, 'secrets-manager', 'serviceRole:Writer', 'medium'),
    (24, 'enterprise', 'role:TemplateAdministrator', 'medium'),
    (24, 'enterprise', 'role:TemplateAssignmentAdministrator', 'medium')
  )
select
  rules.number,
  roles.service_name,
  roles.role,
  rules.action,
  rules.step,
  rules.outcome,
  rules.gives,
  roles.confidence,
  rules.undecided_because is null as decided,
  rules.undecided_because,
  case
    when rules.number in (18, 19, 20, 21) then 'IBM Cloud Docs: Creating trusted profiles'
    else 'IBM Cloud Docs: IAM roles and actions'
  end || ' (' || rules.topic || ')' as source
from rules
join roles on roles.number = rules.number;


-- The policies that make full administrators, and what each of them contributes: Administrator and
-- Manager on all services, Administrator on all account management services.
--
-- Active access policies without a condition that name nothing but the account and kinds of
-- services. A policy for the bare account counts for both kinds, as in policy_account_services.
create view administering_policies as
with
  candidates as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      policies.access_group_id,
      policies.iam_id,
      max(policy_roles.role_id glob '*:role:Administrator') as administers,
      max(policy_roles.role_id glob '*:serviceRole:Manager') as manages
    from policies
    join policy_roles on policy_roles.policy_id = policies.id
    where policies.type = 'access'
      and policies.state = 'active'
      and policies.rule is null
      and (
        policy_roles.role_id glob '*:role:Administrator'
        or policy_roles.role_id glob '*:serviceRole:Manager'
      )
      and not exists (
        select 1 from policy_resource_tags as tags where tags.policy_id = policies.id
      )
      and not exists (
        select 1
        from policy_resource_attributes as attributes
        where attributes.policy_id = policies.id
          and attributes.name not in ('accountId', 'serviceType')
      )
    group by policies.id
  ),
  service_types(service_type) as (values ('service'), ('platform_service'))
select
  policy_id,
  account_id,
  access_group_id,
  iam_id,
  max(administers and service_type = 'service') as administers_services,
  max(manages and service_type = 'service') as manages_services,
  max(administers and service_type = 'platform_service') as administers_account
from candidates
join service_types
where not exists (
    select 1
    from policy_resource_attributes as attributes
    where attributes.policy_id = candidates.policy_id
      and not exists (
        select 1
        from json_each(
          case
            when attributes.operator glob '*AnyOf' and json_valid(attributes.value)
              then attributes.value
            else json_array(attributes.value)
          end
        ) as each
        where case
          when attributes.operator in ('stringMatch', 'stringMatchAnyOf') then
            iif(attributes.name = 'accountId', candidates.account_id, service_type)
              glob replace(each.value, '[', '[[]')
          when attributes.operator = 'stringExists' then each.value <> 'false'
          when coalesce(attributes.operator, 'stringEquals')
            in ('stringEquals', 'stringEqualsAnyOf') then
            each.value in (
              iif(attributes.name = 'accountId', candidates.account_id, service_type), '*'
            )
        end
      )
  )
  and (administers or service_type = 'service')
group by policy_id;


-- Who is in full control already: the account owner, full administrators, and the groups whose
-- own policies make every member a full administrator.
--
-- A full administrator holds Administrator and Manager on all services and Administrator on all
-- account management services, by administering_policies of its own or of its groups.
create view full_administrators as
with
  powers as materialized (
    select * from administering_policies
  ),
  -- As in access_group_identities, but only of the few groups that matter.
  holders as (
    select
      powers.account_id,
      iif(powers.access_group_id is null, powers.iam_id, members.iam_id) as iam_id,
      administers_services,
      manages_services,
      administers_account
    from powers
    left join access_group_members as members on members.group_id = powers.access_group_id
    union all
    select
      powers.account_id,
      everybody.iam_id,
      administers_services,
      manages_services,
      administers_account
    from powers
    cross join access_groups
      on access_groups.id = powers.access_group_id and access_groups.is_public = 1
    cross join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = powers.account_id
  )
select account_id, owner as id, 'identity' as kind, 'is the account owner' as why
from accounts
where owner is not null
union all
select account_id, iam_id, 'identity', 'is a full administrator'
from holders
where iam_id is not null
  and not exists (
    select 1
    from accounts
    where accounts.account_id = holders.account_id and accounts.owner = holders.iam_id
  )
group by account_id, iam_id
having max(administers_services) and max(manages_services) and max(administers_account)
union all
select account_id, access_group_id, 'access_group', 'its members are full administrators'
from powers
where access_group_id is not null
group by account_id, access_group_id
having max(administers_services) and max(manages_services) and max(administers_account);


-- How one gets from one thing to the next: each step leads from who takes it to what it gives.
--
-- source, target: an IAM ID, the ID of an access group, "full control" of the account, the CRN of
-- a resource that a trusted profile is linked to, or one of two helpers that keep the steps few:
-- - "every access group", "every service ID", "every trusted profile", "every user": a policy
--   leads there once, and from there a step leads to each.
-- - a role and the ID of a policy: whoever holds that role on what the policy reaches. Policies
--   with the same target share one.
-- rule: its number in escalation_rules, 0 for what is no escalation but a way on: being a member,
-- being allowed to assume a profile, holding a role, being an administrator already.
-- confidence: that of the rule; one less under a condition, and where the policy limits nothing
-- but the account, which is only inferred to include account management. why says so.
-- Where this errs: a policy that names parts of account management by anything but resource and
-- resourceType leads nowhere, nor does a resource group or a tag of virtual servers, which
-- are in no list (too little); what iam-groups calls its parts is not looked at (too much).
create view escalation_steps as
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
    from policies
    join policy_roles on policy_roles.policy_id = policies.id
    where policies.type = 'access'
      and policies.state = 'active'
      and coalesce(policies.access_group_id, policies.iam_id) is not null
      and substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4)
        in (select role from rules)
  ),
  -- As in policy_values, but only what role_steps cannot decide by a mere comparison, and the
  -- parts of account management. Patterns are ready for GLOB.
  limits as materialized (
    select
      attributes.policy_id,
      attributes.position,
      attributes.name,
      case
        when attributes.operator in ('stringMatch', 'stringMatchAnyOf') then 'stringMatch'
        when coalesce(attributes.operator, 'stringEquals')
          not in ('stringEquals', 'stringEqualsAnyOf') then attributes.operator
        when each.value = '*' then 'stringExists'
        else 'stringEquals'
      end as operator,
      iif(
        attributes.operator in ('stringMatch', 'stringMatchAnyOf'),
        replace(replace(replace(each.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'),
        each.value
      ) as value
    from policy_resource_attributes as attributes
    join json_each(
      case
        when attributes.operator glob '*AnyOf' and json_valid(attributes.value)
          then attributes.value
        else json_array(attributes.value)
      end
    ) as each
    where attributes.operator <> 'stringEquals'
      or attributes.value = '*'
      or attributes.name in ('resource', 'resourceType')
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
        from policy_resource_attributes as attributes
        where attributes.policy_id = grants.policy_id and attributes.name = 'resource'
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
        from policy_resource_attributes as attributes
        where attributes.policy_id = grants.policy_id
          and attributes.name not in (
            'accountId', 'serviceName', 'serviceType', 'service_group_id', 'resourceGroupId',
            'region', 'resourceType', 'resource'
          )
      )
      and not exists (
        select 1
        from policy_resource_attributes as attributes
        where attributes.policy_id = grants.policy_id
          and attributes.name = 'resourceType'
          and rules.number <> 2
          and not exists (
            select 1
            from limits
            where limits.policy_id = attributes.policy_id
              and limits.position = attributes.position
              and case limits.operator
                when 'stringEquals' then limits.value = kinds.resource_type
                when 'stringMatch' then kinds.resource_type glob limits.value
                when 'stringExists' then limits.value <> 'false'
              end
          )
      )
  ),
  things as materialized (
    select account_id, id as node, id, 'access_group' as kind from access_groups
    union all
    select account_id, iam_id, id, 'service_id' from serviceids
    union all
    select account_id, iam_id, id, 'trusted_profile' from trustedprofiles
  ),

  -- Resources: rules 13 and 17 to 20. What each resource gives (target) by which rule (number),
  -- and what policies name of it. Virtual servers are in no list of instances: what is known of
  -- them is in their CRN. is_there: the account has it, as far as the file can tell.
  gifts as materialized (
    select
      given.account_id,
      given.resource,
      given.number,
      given.target,
      given.namespace,
      case given.number
        when 13 then null
        when 17 then nullif(instances.name, '')
        else coalesce(nullif(instances.name, ''), given.resource)
      end as name,
      iif(instances.id is null, 'is', nullif(instances.service_name, '')) as service_name,
      nullif(instances.guid, '') as guid,
      instances.resource_group_id,
      iif(
        instances.id is null,
        substr(given.location, 1, length(given.location) - 2 * (given.location glob '*-[0-9]')),
        nullif(instances.region_id, '')
      ) as region,
      iif(instances.id is null, given.server, null) as server,
      coalesce(instances.account_id = given.account_id, given.scope = 'a/' || given.account_id, 0)
        as is_there
    from (
      select
        account_id,
        resource,
        number,
        target,
        namespace,
        json_extract(segments, '$[5]') as location,
        json_extract(segments, '$[6]') as scope,
        json_extract(segments, '$[9]') as server
      from (
        select
          links.account_id,
          links.resource,
          iif(sides.is_administered, 13, links.number) as number,
          iif(sides.is_administered, links.resource, links.profile) as target,
          iif(sides.is_administered, null, links.namespace) as namespace,
          iif(
            links.number = 19 and links.resource glob 'crn:v1:*:*:is:*:*:*:*:*',
            iif(json_valid(links.segments), links.segments, null),
            null
          ) as segments
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
            '["' || replace(links.link_crn, ':', '","') || '"]' as segments
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
        select account_id, instance_id, 17, service_iam_id, null, null
        from resource_keys
        where instance_id is not null
          and service_iam_id is not null
          and iam_compatible = 1
          and state = 'active'
          and coalesce(onetime_credentials, 0) = 0
      )
    ) as given
    left join resource_service_instances as instances on instances.id = given.resource
  ),
  reaching as materialized (
    select
      policy_id,
      account_id,
      min(policy_id) over (partition by account_id, target) as asked,
      case
        when instance_guid is not null then 'instance ' || instance_guid
        when resource_group_id is not null then 'group ' || resource_group_id
        when service_name is not null then 'service ' || service_name
        else 'any'
      end as key
    from policy_targets
    where exists (
        select 1
        from policy_roles
        join rules
          on rules.role = substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4)
        where policy_roles.policy_id = policy_targets.policy_id
          and rules.number in (select number from gifts)
          and coalesce(
            rules.service_name is null or policy_targets.service_name = rules.service_name, true
          )
      )
      and (service_name is null or service_name in (select service_name from gifts))
  ),
  -- Policies with one target reach the same, so that one is asked. key: the narrowest thing that
  -- it names, by which what it may reach is found.
  targets as materialized (
    select account_id, asked as policy_id, key, json_group_array(policy_id) as policies
    from reaching
    group by account_id, asked
  ),
  -- Whether a policy reaches a resource is decided as in policy_instances, for these few resources
  -- only, and for servers. Of the parts of an instance the namespaces of a cluster matter, and no
  -- others.
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
    cross join (
      select 'instance' as kind
      union all
      select 'group'
      union all
      select 'service'
      union all
      select 'any'
    ) as keys
    cross join targets
      on targets.account_id = gifts.account_id
      and targets.key = case keys.kind
        when 'instance' then 'instance ' || gifts.guid
        when 'group' then 'group ' || gifts.resource_group_id
        when 'service' then 'service ' || gifts.service_name
        else 'any'
      end
    cross join rules on rules.number = gifts.number
    where gifts.is_there
      and not exists (
        select 1
        from (
          select
            policy_id,
            position,
            name,
            coalesce(operator, 'stringEquals') as operator,
            value,
            case name
              when 'accountId' then gifts.account_id
              when 'serviceType' then 'service'
              when 'serviceName' then gifts.service_name
              when 'serviceInstance' then gifts.guid
              when 'resourceGroupId' then gifts.resource_group_id
              when 'region' then gifts.region
              when 'namespace' then iif(gifts.number = 18, gifts.namespace, null)
              when 'instanceId' then gifts.server
            end as actual
          from policy_resource_attributes
        ) as attributes
        where attributes.policy_id = targets.policy_id
          and not coalesce(
            case
              when attributes.name = 'instanceId' and gifts.server is null then
                attributes.operator in (
                  'stringEquals', 'stringMatch', 'stringExists', 'stringEqualsAnyOf',
                  'stringMatchAnyOf'
                )
              when attributes.operator = 'stringEquals' and attributes.value <> '*' then
                attributes.value = attributes.actual
              else exists (
                select 1
                from limits
                where limits.policy_id = attributes.policy_id
                  and limits.position = attributes.position
                  and case limits.operator
                    when 'stringEquals' then limits.value = attributes.actual
                    when 'stringMatch' then attributes.actual glob limits.value
                    when 'stringExists' then
                      case
                        when limits.value <> 'false' then attributes.actual is not null
                        when gifts.server is not null then false
                        else
                          attributes.actual is null
                          and attributes.name
                            in ('serviceName', 'serviceInstance', 'resourceGroupId', 'region')
                      end
                  end
              )
            end,
            false
          )
      )
      and not exists (
        select 1
        from policy_resource_tags as tags
        where tags.policy_id = targets.policy_id
          and not exists (
            select 1
            from tag_attachments as attached
            where attached.instance_id = gifts.resource
              and attached.kind = 'access'
              and case coalesce(tags.operator, 'stringEquals')
                when 'stringEquals' then attached.name = tags.name || ':' || tags.value
                when 'stringMatch' then
                  attached.name glob
                    replace(tags.name, '[', '[[]') || ':' || replace(
                      replace(replace(tags.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]'
                    )
              end
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
      and case limits.operator
        when 'stringEquals' then limits.value in (things.id, things.node)
        when 'stringMatch' then things.id glob limits.value
        when 'stringExists' then limits.value <> 'false'
      end
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
    -- Each of these, and, with the first step of each access group, its members. They stand in one
    -- select because SQLite prepares all of core once more for each mention of it.
    select
      core.account_id,
      iif(sides.side = 'step', core.source, coalesce(members.iam_id, everybody.iam_id)) as source,
      iif(sides.side = 'step', core.source_kind, 'identity') as source_kind,
      iif(sides.side = 'step', core.target, core.source) as target,
      iif(sides.side = 'step', core.target_kind, 'access_group') as target_kind,
      iif(sides.side = 'step', core.rule, 0) as rule,
      iif(sides.side = 'step', core.policy_id, null) as policy_id,
      iif(sides.side = 'step', core.level, 3) as level,
      iif(sides.side = 'step', core.why, 'member') as why
    from (
      select
        *,
        iif(
          source_kind = 'access_group'
            and row_number() over (partition by account_id, source) = 1,
          source,
          null
        ) as start
      from core
    ) as core
    cross join (
      select 'step' as side union all select 'members' union all select 'everybody'
    ) as sides
    left join access_group_members as members
      on members.group_id = iif(sides.side = 'members', core.start, null)
      and (
        members.membership_type = 'static'
        or not exists (
          select 1
          from access_group_members as others
          where others.iam_id = members.iam_id
            and others.group_id = members.group_id
            and others.membership_type = 'static'
        )
      )
    left join access_groups
      on access_groups.id = iif(sides.side = 'everybody', core.start, null)
      and access_groups.is_public = 1
    left join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = iif(access_groups.id is null, null, core.account_id)
    where sides.side = 'step' or coalesce(members.iam_id, everybody.iam_id) is not null
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
  account_id,
  source,
  source_kind,
  target,
  target_kind,
  rule,
  policy_id,
  case level when 3 then 'high' when 2 then 'medium' else 'low' end as confidence,
  why
from steps;


-- The shortest way of each identity to full control, for whoever is not there already.
--
-- hops counts the steps that are escalations; between equally short ways the one of the highest
-- confidence, that of its weakest step, is shown, then the most direct, then the first by name.
-- hops is 0 where the identity only has to assume a profile that is a full administrator. Ways of
-- more than six hops are left out. via: the group or profile that the first policy belongs to.
-- target: what is taken over last. why: the rules on the way, each with its confidence.
--
-- How it is quick: nothing is followed forward from thousands of identities. Starting at full
-- control the steps are walked backwards, once for each thing, distance and confidence; the limit
-- of hops ends circles. Users are left out of that walk, because there are so many: only steps
-- from "every user" lead to one, so that in links it takes their own steps for them; how far each
-- of them is, is looked up afterwards. Then each thing has one best step, and the texts grow along
-- those. Steps of rule 0 form no circle (members are no groups, profiles assume no profiles), and
-- all others bring full control nearer: following best steps ends. "cross join" keeps what was
-- reached before the steps to it. SQLite also prepares a statement longer the more often its
-- parts mention one another: few of them are mentioned twice.
create view shortest_escalation_paths as
with recursive
  steps as materialized (
    select
      account_id,
      source,
      source_kind,
      target,
      target_kind,
      rule,
      rule > 0 as hop,
      policy_id,
      confidence,
      case confidence when 'high' then 3 when 'medium' then 2 else 1 end as level,
      why,
      source_kind = 'identity' and exists (
        select 1
        from users
        join accounts on accounts.account_id = users.account_id
        where users.iam_id = source
          and users.account_id = escalation_steps.account_id
          and accounts.owner is not users.iam_id
      ) as is_user
    from escalation_steps
  ),
  links as materialized (
    select distinct account_id, iif(is_user, 'every user', source) as source, target, hop, level
    from steps
    where source <> 'every user'
  ),
  reached(account_id, id, hops, level) as (
    select account_id, 'full control', 0, 3 from accounts
    union
    select
      links.account_id,
      links.source,
      reached.hops + links.hop,
      min(reached.level, links.level)
    from reached
    cross join links on links.target = reached.id and links.account_id = reached.account_id
    where reached.hops + links.hop <= 6
  ),
  others as materialized (
    select account_id, id, min(10 * hops - level) as rank, hops, level
    from reached
    group by account_id, id
  ),
  -- The things in others, and each user by the steps that lead from it to one of those.
  distances as materialized (
    select
      others.account_id,
      coalesce(steps.source, others.id) as id,
      others.hops + coalesce(steps.hop, 0) as hops,
      min(others.level, coalesce(steps.level, 3)) as level,
      min(
        10 * (others.hops + coalesce(steps.hop, 0)) - min(others.level, coalesce(steps.level, 3))
      ) as rank
    from others
    cross join (select 0 as of_users union all select 1) as sides
    left join steps
      on steps.target = others.id
      and steps.account_id = iif(sides.of_users, others.account_id, null)
      and steps.is_user
    where steps.source is not null or not sides.of_users
    group by others.account_id, coalesce(steps.source, others.id)
    having others.hops + coalesce(steps.hop, 0) <= 6
  ),
  nearest as materialized (
    select
      distances.*,
      coalesce(
        (
          select case identities.kind
              when 'service_id' then 'service ID '
              when 'trusted_profile' then 'trusted profile '
              else ''
            end || coalesce(nullif(identities.name, ''), identities.iam_id)
          from identities
          where identities.iam_id = distances.id
        ),
        (
          select 'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
          from access_groups
          where access_groups.id = distances.id
        ),
        (
          select instances.service_name || ' ' || nullif(instances.name, '')
          from resource_service_instances as instances
          where instances.id = distances.id
        ),
        distances.id
      ) as name
    from distances
    union all
    select iam_id, '', 0, 0, 0, '' from identities where kind = ''
  ),
  ranked as (
    select
      steps.*,
      next.name as target_name,
      next.hops + steps.hop as hops,
      min(next.level, steps.level) as path_level,
      row_number() over (
        partition by steps.account_id, steps.source
        order by
          next.hops + steps.hop,
          min(next.level, steps.level) desc,
          steps.target_kind <> 'full_control',
          next.name,
          steps.target,
          steps.rule,
          steps.policy_id,
          steps.why
      ) as place
    from steps
    cross join nearest as next on next.account_id = steps.account_id and next.id = steps.target
  ),
  -- The second half has no row, nor has that of nearest. It lets SQLite expect many, so that it
  -- makes an index.
  choices as materialized (
    select * from ranked where place = 1 and hops <= 6
    union all
    select iam_id, '', '', '', '', 0, 0, '', '', 0, '', 0, '', 0, 0, 0
    from identities
    where kind = ''
  ),
  -- A helper (every ..., a role) is not named in the text: onward and reason are those of the
  -- step from it, which is told together with the step to it.
  ways as (
    select
      account_id,
      'full control' as id,
      'full_control' as kind,
      0 as hops,
      3 as level,
      '' as path,
      null as onward,
      null as reason,
      null as rule,
      null as policy_id,
      null as via,
      null as last,
      '' as rules,
      1 as is_administrator
    from accounts
    union all
    select
      choices.account_id,
      choices.source,
      choices.source_kind,
      choices.hops,
      choices.path_level,
      iif(
        choices.source_kind in ('every', 'role'),
        ways.path,
        ' → ' || coalesce(ways.onward, choices.target_name)
          || ' (' || coalesce(ways.reason || ': ', '') || choices.why || ')' || ways.path
      ),
      iif(choices.source_kind in ('every', 'role'), choices.target_name, null),
      iif(choices.source_kind = 'role', choices.why, null),
      iif(choices.hop, choices.rule, coalesce(ways.rule, 0)),
      iif(choices.hop, choices.policy_id, coalesce(choices.policy_id, ways.policy_id)),
      iif(
        choices.rule = 0 and choices.target_kind in ('identity', 'access_group'),
        choices.target_name,
        'itself'
      ),
      case
        when ways.last is not null then ways.last
        when choices.target_kind = 'full_control' then null
        when choices.source_kind = 'identity' and choices.rule = 0 then null
        else coalesce(ways.onward, choices.target_name)
      end,
      iif(
        choices.hop,
        choices.rule || ' (' || choices.confidence || ')' || iif(ways.rules = '', '', ', ')
          || ways.rules,
        ways.rules
      ),
      choices.rule = 0 and choices.target_kind = 'full_control'
    from ways
    cross join choices
      on choices.target = ways.id and choices.account_id = ways.account_id
  )
select
  ways.account_id,
  ways.id as iam_id,
  hops,
  case identities.kind
    when 'service_id' then 'service ID '
    when 'trusted_profile' then 'trusted profile '
    else ''
  end || coalesce(nullif(identities.name, ''), ways.id) || path as path,
  rule as first_rule,
  policy_id as first_policy_id,
  via,
  coalesce(last, 'full control') as target,
  case level when 3 then 'high' when 2 then 'medium' else 'low' end as confidence,
  rules as why
from ways
left join identities on identities.iam_id = ways.id
where ways.kind = 'identity' and not is_administrator;
