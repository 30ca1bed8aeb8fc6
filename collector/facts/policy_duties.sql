-- title: Policies that give duties relevant to separation of duties.
-- grain: one row for each active access policy and duty that it gives
-- key: [policy_id, duty]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   duty: {is: "reads data, changes keys, grants access, or changes audit routing.", required: true}
--   why: The roles and their services.
-- rests_on:
--   [policies, policy_conditions, policy_roles, policy_services, policy_targets, role_actions,
--   roles, target_services, targets]
-- errs: >
--   Which key protects which data is not checked, nor are duties that platform roles could gain by
--   granting themselves more. Roles count by their actions if the file has them, otherwise by name.
-- notes: |
--   reads data: content of instances of Secrets Manager and Object Storage. changes keys: deletes or
--   disables keys in instances of Key Protect and Hyper Protect Crypto Services. grants access:
--   Administrator on IAM Access Management, Administrator or Editor on IAM Access Groups.
--   changes audit routing: Administrator, Editor or Manager on Activity Tracker Event Routing or Logs
--   Routing, which are in no resource group and have no instances and access tags.
with
  -- Of content that of keys themselves is left out: reading them is part of managing them.
  able as materialized (
    select
      iif(duty = 'reads content', 'reads data', duty) as duty,
      service,
      role_id
    from sensitive_roles
    where duty = 'changes keys' or service in ('secrets-manager', 'cloud-object-storage')
  ),
  reached as materialized (
    select targets.target_id, target_services.service_name as service
    from target_services
    join targets on targets.number = target_services.target
    where target_services.service_name in (select service from able)
  ),
  routing(service) as (
    values ('atracker'), ('logs-router')
  ),
  routed as materialized (
    select reached.policy_id, routing.service
    from routing
    join policy_services as reached
      on reached.service_name = routing.service and reached.service_type = 'service'
    where reached.is_unplaced
  ),
  given as (
    select policy_targets.policy_id, able.duty, able.service, policy_roles.role_id
    from reached
    join policy_targets on policy_targets.target_id = reached.target_id
    join policy_roles on policy_roles.policy_id = policy_targets.policy_id
    join able on able.role_id = policy_roles.role_id and able.service = reached.service
    union
    select routed.policy_id, 'changes audit routing', routed.service, policy_roles.role_id
    from routed
    join policy_roles on policy_roles.policy_id = routed.policy_id
    where policy_roles.role_id glob '*:role:Administrator'
      or policy_roles.role_id glob '*:role:Editor'
      or policy_roles.role_id glob '*:serviceRole:Manager'
    union
    select reaches.policy_id, 'grants access', reaches.service_name, policy_roles.role_id
    from policy_account_services as reaches
    join policy_roles on policy_roles.policy_id = reaches.policy_id
    where reaches.is_whole
      and (
        (
          reaches.service_name in ('iam-access-management', 'iam-groups')
          and policy_roles.role_id glob '*:role:Administrator'
        )
        or (reaches.service_name = 'iam-groups' and policy_roles.role_id glob '*:role:Editor')
      )
  ),
  words as (
    select
      given.policy_id,
      given.duty,
      group_concat(distinct coalesce(roles.display_name, given.role_id)) as roles,
      group_concat(distinct given.service) as services
    from (select * from given order by policy_id, duty, service, role_id) as given
    left join roles on roles.role_id = given.role_id
    group by given.policy_id, given.duty
  )
select
  words.policy_id,
  policies.account_id,
  words.duty,
  replace(words.roles, ',', ', ') || ' on ' || replace(words.services, ',', ', ') || coalesce(
    ', ' || (
      select conditions.words
      from policy_conditions as conditions
      where conditions.policy_id = words.policy_id
    ),
    ''
  )
from words
join policies on policies.id = words.policy_id
