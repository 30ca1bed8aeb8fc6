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
--   [access_groups, account_settings, accounts, escalation_roles, escalation_rules,
--   full_administrators, instance_facts, policies, policy_conditions, policy_demands, policy_roles, policy_services,
--   policy_targets, resource_gifts, roles, serviceids, target_pairs, target_services, targets,
--   trustedprofile_identities, trustedprofiles, users]
-- notes: |
--   Each step leads from the object that takes it to what it gives.
--
--   source, target: an IAM ID, the ID of an access group, "full control" of the account, the CRN of
--   a resource that leads to more access, "any cluster" for claim rules that trust each, or one of
--   two helpers that keep the steps few:
--   - "every access group", "every service ID", "every trusted profile", "every user", "every
--     project": a policy leads there once, and from there a step leads to each.
--   - a role and the ID of a policy: whoever holds that role on what the policy reaches. Policies
--     with the same target share one.
--   rule: its number in escalation_rules (which roles allow it is in escalation_roles), 0 for
--   what is no escalation but a way on: being allowed to assume a profile, holding a role, being an
--   administrator already. Being in an access group is such a way on, too, which
--   access_group_identities tells: it is not repeated here. Of the rules by which a policy leads to
--   the same, the surest is here.
--   confidence: that of the rule; one less under a condition, and where the policy limits nothing
--   but the account, which is only inferred to include account management. why says so.
--   Where this errs: a policy that names parts of account management by anything but resource and
--   resourceType leads nowhere, nor does the resource group of a thing that only a link or a
--   credential names (too little); what iam-groups calls its parts is not looked at (too much).
with
  acts as materialized (
    select
      number,
      step,
      gives,
      max(case confidence when 'high' then 3 when 'medium' then 2 else 1 end) as level
    from escalation_rules
    where decided
    group by number
  ),
  -- What is reached through account management, and which part of a service it is.
  kinds(gives, kind, resource_type, anything) as (
    values
    ('project', 'project', null, 'every project'),
    ('full_control', 'full_control', null, 'full control'),
    ('group', 'access_group', null, 'every access group'),
    ('service_id', 'service_id', 'serviceid', 'every service ID'),
    ('profile', 'trusted_profile', 'profile', 'every trusted profile'),
    ('user', 'user', null, 'every user')
  ),
  reached as materialized (
    select policy_id, service_name, reach
    from policy_account_services
    where service_name in (
      'iam-access-management', 'iam-groups', 'iam-identity', 'project', 'user-management'
    )
  ),
  -- What each policy grants that the facts decide.
  grants as materialized (
    select
      policies.account_id,
      coalesce(policies.access_group_id, policies.iam_id) as source,
      iif(policies.access_group_id is null, 'identity', 'access_group') as source_kind,
      policies.id as policy_id,
      policies.rule is not null as is_conditional,
      able.role_id,
      iif(
        roles.kind = 'custom',
        'custom role ' || coalesce(nullif(roles.display_name, ''), roles.role_id),
        substr(
          substr(able.role_id, instr(able.role_id, '::::') + 4),
          instr(substr(able.role_id, instr(able.role_id, '::::') + 4), ':') + 1
        )
      ) as role,
      able.rule as number,
      able.service_name,
      case able.confidence when 'high' then 3 when 'medium' then 2 else 1 end as level,
      acts.step,
      acts.gives
    from (
      -- Few policies reach account management; all may reach what leads to more access.
      select policy_roles.policy_id, able.*
      from (select distinct policy_id from reached) as managing
      cross join policy_roles on policy_roles.policy_id = managing.policy_id
      cross join escalation_roles as able on able.role_id = policy_roles.role_id
      where able.rule not in (select rule from resource_gifts)
      union all
      select policy_roles.policy_id, able.*
      from escalation_roles as able
      cross join policy_roles on policy_roles.role_id = able.role_id
      where able.rule in (select rule from resource_gifts)
    ) as able
    cross join acts on acts.number = able.rule
    cross join granting_policies as policies on policies.id = able.policy_id
    join roles on roles.role_id = able.role_id
    where policies.type = 'access'
      and coalesce(policies.access_group_id, policies.iam_id) is not null
  ),
  -- Attributes of targets that limit something. What has an attribute of any value limits nothing.
  limits as materialized (
    select policy_id, position, name, patterns, is_part
    from policy_demands
    where side = 'target' and limits and policy_id in (select policy_id from grants)
  ),

  -- "cross join" keeps the few policies before all that there may be to each. Of the rules by which
  -- a policy leads to the same, one is enough: the surest, then the first.
  management as materialized (
    select
      account_id, source, source_kind, policy_id, number, kind, anything, names, level, why
    from (
      select
        grants.account_id,
        grants.source,
        grants.source_kind,
        grants.policy_id,
        grants.number,
        kinds.kind,
        kinds.anything,
        (
          select count(*)
          from limits
          where limits.policy_id = grants.policy_id and limits.name = 'resource'
        ) as names,
        max(1, grants.level - grants.is_conditional - (reached.reach = 'everything')) as level,
        row_number() over (
          partition by grants.policy_id, kinds.kind
          order by grants.level desc, grants.number, reached.service_name, grants.role
        ) as place,
        iif(
          kinds.kind = 'full_control',
          grants.role || ' on ' || case reached.reach
            when 'one_service' then reached.service_name
            when 'all_iam' then 'all IAM account management services'
            when 'everything' then 'everything in the account'
            else 'all account management services'
          end,
          grants.step || ': ' || reached.service_name || ' ' || grants.role
        )
        || iif(grants.is_conditional, ', under a condition', '')
        || iif(reached.reach = 'everything', ', inferred from a policy whose only target is the account', '')
        as why
      from reached
      cross join grants
        on grants.policy_id = reached.policy_id
        and grants.service_name = case
          when grants.number > 1 then reached.service_name
          when reached.service_name <> 'iam-access-management' then null
          when reached.reach = 'all_iam' then 'IAM'
          when reached.reach <> 'one_service' then 'platform_service'
        end
      cross join kinds on kinds.gives = grants.gives
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
            and kinds.kind <> 'access_group'
            and not exists (
              select 1 from json_each(limits.patterns) as each
              where kinds.resource_type glob each.value
            )
        )
    )
    where place = 1
  ),
  things as materialized (
    select account_id, id as node, id, 'access_group' as kind
    from access_groups
    where listed = 1 and is_public = 0
    union all
    select account_id, iam_id, id, 'service_id' from serviceids
    union all
    select account_id, iam_id, id, 'trusted_profile' from trustedprofiles
    union all
    -- Projects of the account that a trusted profile trusts, by which they deploy.
    select distinct profiles.account_id, trusted.iam_id, trusted.identifier, 'project'
    from trustedprofile_identities as trusted
    join trustedprofiles as profiles on profiles.id = trusted.tp_id
    where trusted.type = 'crn'
      and trusted.identifier glob 'crn:v1:*:project:*:a/' || profiles.account_id || ':*'
  ),

  -- Resources: what they lead to is in resource_gifts.
  -- Policies that reach the same instances and the same parts of them with the same role share one
  -- step: the first of them stands for all. parts: what they name of an instance, of which the
  -- namespaces of a cluster and virtual servers matter, and nothing else.
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
    where policy_targets.policy_id in (select policy_id from grants)
  ),
  bundles as materialized (
    select
      reaching.target,
      reaching.account_id,
      reaching.parts,
      grants.role_id,
      grants.number,
      grants.service_name,
      grants.level,
      min(reaching.policy_id) as policy_id,
      json_group_array(reaching.policy_id) as policies
    from reaching
    cross join grants on grants.policy_id = reaching.policy_id
    where grants.number in (select rule from resource_gifts)
    group by
      reaching.target, reaching.parts, grants.role_id, grants.number, grants.service_name
  ),
  gifts as materialized (
    select given.*, things.number as thing, acts.step
    from resource_gifts as given
    cross join acts on acts.number = given.rule
    join instance_facts as things on things.instance_id = given.resource
    where given.is_there and given.is_listed
    union all
    select given.*, things.number, acts.step
    from instance_facts as things
    join resource_gifts as given
      on given.resource = things.unlisted and given.account_id = things.account_id
    cross join acts on acts.number = given.rule
    where given.is_there and not given.is_listed and things.unlisted is not null
  ),
  -- What each target of policies leads to, and by which rule. A claim rule that trusts every cluster
  -- needs none in particular: being able to run pods in one is a way on to all such rules.
  leads as (
    select
      target_pairs.target,
      gifts.rule,
      gifts.rule as told,
      gifts.service_name,
      gifts.target as gift,
      gifts.namespace,
      gifts.server,
      gifts.step || coalesce(' ' || gifts.name, '') as why
    from gifts
    cross join target_pairs on target_pairs.instance = gifts.thing
    union all
    select
      found.target, ways.rule, ways.told, found.service_name, 'any cluster', null, null, ways.why
    from target_services as found
    cross join (
      select 36 as rule, 0 as told, 'can run pods in one' as why
      union all
      select number, number, step from acts where number = 13
    ) as ways
    where found.service_name = 'containers-kubernetes'
      and exists (select 1 from resource_gifts where resource = 'any cluster')
  ),
  role_steps as materialized (
    select
      bundles.account_id,
      bundles.policies,
      bundles.role_id,
      substr(
        bundles.role_id, iif(instr(bundles.role_id, '::::'), instr(bundles.role_id, '::::') + 4, 1)
      ) || ' ' || bundles.policy_id as source,
      leads.gift as target,
      leads.told as rule,
      bundles.number as allowed_by,
      bundles.level,
      leads.why
    from leads
    cross join bundles
      on bundles.target = leads.target
      and bundles.number = leads.rule
      and bundles.service_name in ('', leads.service_name)
    where not exists (
        select 1
        from json_each(bundles.parts) as part
        where not exists (
          select 1
          from json_each(json_extract(part.value, '$[1]')) as pattern
          where case json_extract(part.value, '$[0]')
              when 'namespace' then iif(leads.rule in (18, 36), leads.namespace, null)
              -- Servers are parts of a service, not of an instance.
              when 'instanceId' then iif(leads.rule = 34, null, coalesce(leads.server, '*'))
              when 'bareMetalServerId' then iif(leads.rule = 34, leads.server, null)
            end glob iif(
              leads.server is null and json_extract(part.value, '$[0]') = 'instanceId',
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
      grants.role || iif(grants.is_conditional, ', under a condition', '')
    from (
      select policies, role_id, min(allowed_by) as number, source as role_of_policy, max(level) as level
      from role_steps
      group by source
    ) as held
    cross join json_each(held.policies) as each
    cross join grants
      on grants.policy_id = each.value
      and grants.role_id = held.role_id
      and grants.number = held.number
    union all
    select account_id, id, kind, 'full control', 'full_control', 0, null, 3, why
    from full_administrators
  ),
  steps as (
    select account_id, source, source_kind, target, target_kind, rule, policy_id, level, why from core
    union all
    select
      account_id,
      source,
      'role',
      target,
      case
        when rule in (0, 13) then 'resource'
        when target glob 'every *' then 'every'
        else 'identity'
      end,
      rule,
      null,
      level,
      why
    from role_steps
    union all
    select
      gifts.account_id,
      gifts.resource,
      'resource',
      gifts.target,
      iif(gifts.target glob 'every *', 'every', 'identity'),
      gifts.rule,
      null,
      acts.level,
      acts.step
    from resource_gifts as gifts
    cross join acts on acts.number = gifts.rule
    where gifts.rule not in (13, 17)
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
      acts.number, null, acts.level, acts.step
    from account_settings
    join acts on acts.number = 22
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
