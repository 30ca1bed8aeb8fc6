-- title: >
--   Instances that active policies name and that do not exist.
-- notes: |
--   Instances that active policies name and that do not exist, one row for each name or pattern.
--
--   Gone means: nowhere. Every state counts as existing, a waiting deletion included, and so does
--   whatever search, a service credential, a trusted profile's link, a tag or an authorization
--   names; authorizations do not prove their own targets. A pattern exists when one instance matches
--   it; patterns of nothing but wildcards name nothing. Only what can be decided is here: the account
--   that the instance would be in is in the file, and what would list it was read in full. Left out
--   are VPC and account management, which have no instances. All this leaves too few rows rather
--   than a wrong one; only an instance that the token may not view is taken for missing.
with
  complete as materialized (
    select account_id from complete_lists where kind = 'instance'
  ),
  named as materialized (
    select
      policy_values.policy_id, side, position, operator, value, policy_values.account_id,
      policies.type = 'authorization' and side = 'target' as is_target
    from policy_values
    join policies on policies.id = policy_values.policy_id
    where policy_values.name = 'serviceInstance'
      and policies.state = 'active'
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
select policy_id, side, position, operator, value, account_id
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
        and known.guid glob
          replace(replace(replace(named.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
        and not (named.is_target and known.known_from = 'authorization')
    )
  )
