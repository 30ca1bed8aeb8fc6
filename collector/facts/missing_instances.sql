-- title: Instances that active policies name but that do not exist.
-- grain: one row for each value or pattern of a policy that matches no instance
-- key: [policy_id, side, position, number]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   side: "target or source, as in policy_values."
--   position: {is: "Place of the attribute in its list, from 0.", kind: integer, required: true}
--   number: {is: "Place of the value in the attribute, from 0.", kind: integer, required: true}
--   operator: stringEquals or stringMatch.
--   value: The value or pattern.
--   account_id: The account in which the instance would be.
-- rests_on: [complete_lists, known_resources, policies, policy_values]
-- errs: >
--   An instance that the token may not view counts as missing. Services whose resources are in no
--   list of service instances (VPC, account management) are left out.
-- notes: |
--   Instances that active policies name and that do not exist, one row for each name or pattern.
--
--   An instance is missing only if it is found nowhere. Every state counts as existing, including a
--   pending deletion, and so does whatever search, a service credential, a trusted profile's link, a
--   tag, or an authorization names; authorizations do not prove their own targets. A pattern exists
--   if one instance matches it; patterns of nothing but wildcards name nothing. Only what can be
--   decided is listed: the account that the instance would be in is in the file, and the lists that
--   would show it were read in full. VPC and account management, which have no instances, are left
--   out. All this leaves too few rows rather than a wrong one; only an instance that the token may not
--   view counts as missing.
with
  complete as materialized (
    select account_id from complete_lists where kind = 'instance'
  ),
  named as materialized (
    select
      policy_values.policy_id,
      side,
      position,
      number,
      operator,
      value,
      policy_values.pattern,
      policy_values.beginning,
      policy_values.account_id,
      policies.type = 'authorization' and side = 'target' as is_target
    from policy_values
    join policies on policies.id = policy_values.policy_id
    where policy_values.name = 'serviceInstance'
      and policies.state = 'active'
      and policy_values.side in ('target', 'source')
      and policy_values.account_id in (select account_id from complete)
      and (operator = 'stringEquals' or (operator = 'stringMatch' and trim(value, '*?') <> ''))
  ),
  undecidable as materialized (
    select policy_id, side
    from policy_values
    where name = 'serviceName'
      and operator = 'stringEquals'
      and value in (
        'is', 'billing', 'cloudshell', 'context-based-restrictions', 'enterprise', 'entitlement',
        'globalcatalog', 'globalcatalog-collection', 'iam-access-management', 'iam-groups',
        'iam-identity', 'project', 'support', 'user-management'
      )
  )
select policy_id, side, position, number, operator, value, account_id
from named
where not exists (
    select 1
    from undecidable
    where undecidable.policy_id = named.policy_id and undecidable.side = named.side
  )
  and not (
    operator = 'stringEquals'
    and exists (
      select 1
      from known_resources as known
      where known.account_id = named.account_id
        and known.guid = named.value
        and not (named.is_target and known.known_from = 'authorization')
    )
  )
  and not (
    operator = 'stringMatch'
    and exists (
      select 1
      from known_resources as known
      where known.account_id = named.account_id
        and known.guid >= named.beginning
        and known.guid < named.beginning || char(1114111)
        and known.guid glob named.pattern
        and not (named.is_target and known.known_from = 'authorization')
    )
  )
