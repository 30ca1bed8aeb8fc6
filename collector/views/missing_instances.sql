-- title: >
--   Instances that active policies name and that do not exist.
-- notes: |
--   Instances that active policies name and that do not exist, one row for each name or pattern.
--
--   Every state counts as existing, a waiting deletion included, and a pattern exists when one
--   instance matches it; patterns of nothing but wildcards name nothing. Only what can be decided
--   is here: the account that the instance would be in is in the file and its instances were read
--   in full. Left out are services whose resources are in no list of service instances: VPC and
--   account management. Both leave too few rows rather than a wrong one; only an instance that
--   the token may not view is taken for missing.
with
  readable_accounts as materialized (
    select account_id
    from collected_parts
    where resource = 'resource_service_instances' and status = 'ok'
  ),
  named as materialized (
    select policy_values.policy_id, side, position, operator, value, policy_values.account_id
    from policy_values
    join policies on policies.id = policy_values.policy_id
    where policy_values.name = 'serviceInstance'
      and policies.state = 'active'
      and policy_values.account_id in (select account_id from readable_accounts)
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
      from resource_service_instances as instances
      where instances.guid = named.value and instances.account_id = named.account_id
    )
  )
  and not (
    operator = 'stringMatch'
    and exists (
      select 1
      from resource_service_instances as instances
      where instances.account_id = named.account_id
        and instances.guid glob
          replace(replace(replace(named.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
    )
  )
