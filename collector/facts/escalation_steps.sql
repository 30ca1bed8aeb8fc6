-- title: The steps of escalation paths, from one identity or access group to the next.
-- grain: one row for each step from one object to the next
-- key: [id]
-- columns:
--   id: {is: Number of the step., kind: integer, required: true}
--   account_id: {is: The account., references: accounts, required: true}
--   source: Who takes the step.
--   source_kind: "identity, access_group, every, role, or resource."
--   target: What it leads to.
--   target_kind: "identity, access_group, every, role, resource, full_control, or lasting_access."
--   rule: {is: "Number of the rule in escalation_rules; 0 if it is no escalation.", kind: integer}
--   policy_id: {is: The policy that allows it., references: policies}
--   confidence: "high, medium, or low."
--   why: The step in words.
-- rests_on:
--   [access_groups, account_settings, accounts, full_administrators, instance_facts, policies,
--   policy_conditions, policy_demands, policy_roles, policy_services, policy_targets,
--   resource_gifts, serviceids, target_pairs, targets, trustedprofile_identities,
--   trustedprofiles, users]
-- notes: |
--   Each step leads from the object that takes it to what it gives.
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
    select policy_id, position, name, patterns, is_part
    from policy_demands
    where side = 'target' and limits and policy_id in (select policy_id from grants)
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
      || iif(reached.reach = 'everything', ', inferred from a policy whose only target is the account', '')
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

  -- Resources: rules 13 and 17 to 20.
  -- Policies that reach the same instances and the same parts of them share one step: the first of
  -- them stands for all. parts: what they name of an instance, of which the namespaces of a cluster
  -- and virtual servers matter, and nothing else.
  reaching as materialized (
    select
      policy_targets.policy_id,
      policy_targets.account_id,
      targets.number as target,
      (
        select coalesce(json_group_array(json_array(limits.name, limits.patterns)), '[]')
        from limits
        where limits.policy_id = policy_targets.policy_id and limits.is_part
      ) as parts
    from policy_targets
    join targets on targets.target_id = policy_targets.target_id
    where policy_targets.policy_id in (
        select policy_roles.policy_id
        from policy_roles
        join rules
          on rules.role = substr(policy_roles.role_id, instr(policy_roles.role_id, '::::') + 4)
        where rules.number in (select rule from resource_gifts)
      )
  ),
  bundles as materialized (
    select
      target,
      account_id,
      parts,
      min(policy_id) as policy_id,
      json_group_array(policy_id) as policies
    from reaching
    group by target, parts
  ),
  gifts as materialized (
    select given.*, things.number as thing
    from resource_gifts as given
    join instance_facts as things on things.instance_id = given.resource
    where given.is_there and given.is_listed
    union all
    select given.*, things.number
    from instance_facts as things
    join resource_gifts as given
      on given.resource = things.unlisted and given.account_id = things.account_id
    where given.is_there and not given.is_listed and things.unlisted is not null
  ),
  role_steps as materialized (
    select
      bundles.account_id,
      bundles.policies,
      rules.role,
      rules.role || ' ' || bundles.policy_id as source,
      gifts.target,
      rules.number as rule,
      rules.level,
      rules.step || coalesce(' ' || gifts.name, '') as why
    from gifts
    cross join target_pairs on target_pairs.instance = gifts.thing
    cross join bundles on bundles.target = target_pairs.target
    cross join rules
      on rules.number = gifts.rule
      and (rules.service_name is null or rules.service_name = gifts.service_name)
    where not exists (
        select 1
        from json_each(bundles.parts) as part
        where not exists (
          select 1
          from json_each(json_extract(part.value, '$[1]')) as pattern
          where case json_extract(part.value, '$[0]')
              when 'namespace' then iif(gifts.rule = 18, gifts.namespace, null)
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
      gifts.account_id, gifts.resource, 'resource', gifts.target, 'identity', gifts.rule, null,
      max(rules.level), rules.step
    from resource_gifts as gifts
    join rules on rules.number = gifts.rule
    where gifts.rule in (18, 19, 20)
    group by gifts.account_id, gifts.resource, gifts.target, gifts.rule
    union all
    select
      trustedprofiles.account_id, allowed.iam_id, 'identity', trustedprofiles.iam_id, 'identity',
      0, null, 3, 'can assume it'
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
