-- title: >
--   What policies name, one row for each value, with the operator made plain.
-- notes: |
--   What policies name, one row for each value, with the operator made plain.
--
--   side: target (what the policy is about) or source (the service that an authorization is for;
--   the subjects of access policies are identities and groups, which are columns of policies).
--   operator: stringEquals, stringMatch or stringExists; lists are taken apart, a missing operator
--   means stringEquals, and stringEquals with * means stringExists. Others stay as they are.
--   account_id: the account in which the named things are; null where the policy leaves it open.
with attributes as (
  select
    attributes.policy_id,
    'target' as side,
    attributes.position,
    attributes.name,
    attributes.operator,
    attributes.value,
    case
      when exists (
        select 1
        from policy_resource_attributes as accounts
        where accounts.policy_id = attributes.policy_id and accounts.name = 'accountId'
      ) then (
        select min(accounts.value)
        from policy_resource_attributes as accounts
        where accounts.policy_id = attributes.policy_id
          and accounts.name = 'accountId'
          and coalesce(accounts.operator, 'stringEquals') = 'stringEquals'
      )
      else policies.account_id
    end as account_id
  from policy_resource_attributes as attributes
  join policies on policies.id = attributes.policy_id
  union all
  select
    attributes.policy_id,
    'source',
    attributes.position,
    attributes.name,
    attributes.operator,
    attributes.value,
    case
      when exists (
        select 1
        from policy_subjects as accounts
        where accounts.policy_id = attributes.policy_id and accounts.name = 'accountId'
      ) then (
        select min(accounts.value)
        from policy_subjects as accounts
        where accounts.policy_id = attributes.policy_id
          and accounts.name = 'accountId'
          and coalesce(accounts.operator, 'stringEquals') = 'stringEquals'
      )
      else policies.account_id
    end
  from policy_subjects as attributes
  join policies on policies.id = attributes.policy_id
  where policies.type = 'authorization'
)
select
  attributes.policy_id,
  attributes.side,
  attributes.position,
  attributes.name,
  case coalesce(attributes.operator, 'stringEquals')
    when 'stringEquals' then iif(each.value = '*', 'stringExists', 'stringEquals')
    when 'stringEqualsAnyOf' then iif(each.value = '*', 'stringExists', 'stringEquals')
    when 'stringMatchAnyOf' then 'stringMatch'
    else attributes.operator
  end as operator,
  each.value,
  attributes.account_id
from attributes
join json_each(
  case
    when attributes.operator like '%AnyOf' and json_valid(attributes.value) then attributes.value
    else json_array(attributes.value)
  end
) as each
