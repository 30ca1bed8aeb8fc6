-- title: What policies name, value by value, with normalized operators.
-- grain: >
--   one row for each value of each attribute and access tag of a policy's target, and of each
--   attribute of an authorization's source
-- key: [policy_id, side, position, number]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   side: >
--     target (what the policy applies to), source (the service that an authorization is for), or tag
--     (an access tag that the target must have).
--   position: {is: "Place of the attribute or tag in its list, from 0.", kind: integer, required: true}
--   number: {is: "Place of the value in the attribute, from 0.", kind: integer, required: true}
--   name: "Name of the attribute; for a tag: tag."
--   operator: >
--     stringEquals, stringMatch, or stringExists; lists are split, a missing operator means
--     stringEquals, and stringEquals with * means stringExists. Other operators do not change.
--   value: "The value as the policy has it; for a tag, name:value."
--   pattern: >
--     The SQLite GLOB pattern that the resource's own value must match; empty if no value matches.
--     Every operator except "does not exist" is a pattern: this is the one place that decides how.
--   beginning: >
--     The beginning of every matching value: the pattern up to its first wildcard, for an index.
--   wants_absent: {is: 1 if the resource must not have the attribute., kind: integer, required: true}
--   is_any: {is: "1 if every resource that has the attribute matches, so that nothing is limited.", kind: integer, required: true}
--   account_id: >
--     The account of the named resources; empty if the policy leaves it open.
-- indexes: [[name, value]]
-- rests_on: [policies, policy_resource_attributes, policy_resource_tags, policy_subjects]
-- errs: An operator that IBM Cloud adds in the future matches nothing.
with
  attributes as (
    select policy_id, 'target' as side, position, name, operator, value, '' as prefix
    from policy_resource_attributes
    union all
    select attributes.policy_id, 'source', position, name, operator, value, ''
    from policy_subjects as attributes
    join policies on policies.id = attributes.policy_id and policies.type = 'authorization'
    union all
    select policy_id, 'tag', position, 'tag', operator, value, name || ':'
    from policy_resource_tags
  ),
  -- A list without values fits nothing, and keeps its row.
  named as (
    select
      attributes.policy_id,
      attributes.side,
      attributes.position,
      iif(typeof(each.key) = 'text', each.id, coalesce(each.key, 0)) as number,
      attributes.name,
      case coalesce(attributes.operator, 'stringEquals')
        when 'stringEquals' then iif(each.value = '*', 'stringExists', 'stringEquals')
        when 'stringEqualsAnyOf' then iif(each.value = '*', 'stringExists', 'stringEquals')
        when 'stringMatchAnyOf' then 'stringMatch'
        else attributes.operator
      end as operator,
      each.value,
      attributes.prefix
    from attributes
    left join json_each(
      case
        when attributes.operator like '%AnyOf' and json_valid(attributes.value)
          then attributes.value
        else json_array(attributes.value)
      end
    ) as each
  ),
  -- For GLOB "[", "*" and "?" are special; in a pattern of IBM Cloud {{*}} and {{?}} are literal.
  matched as materialized (
    select
      *,
      case operator
        when 'stringEquals' then replace(replace(replace(value, '[', '[[]'), '*', '[*]'), '?', '[?]')
        when 'stringMatch' then
          replace(replace(replace(value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
        when 'stringExists' then iif(value in ('true', '*'), '*', null)
      end as pattern
    from named
  ),
  accounts_named as (
    select
      policy_id,
      side,
      min(value) filter (where operator = 'stringEquals') as account_id
    from named
    where name = 'accountId' and side <> 'tag'
    group by policy_id, side
  )
select
  matched.policy_id,
  matched.side,
  matched.position,
  matched.number,
  matched.name,
  matched.operator,
  matched.prefix || matched.value,
  iif(
    matched.side = 'tag',
    replace(replace(replace(matched.prefix, '[', '[[]'), '*', '[*]'), '?', '[?]'),
    ''
  ) || matched.pattern as pattern,
  iif(
    matched.operator = 'stringEquals',
    matched.prefix || matched.value,
    matched.prefix || substr(
      matched.pattern,
      1,
      min(
        instr(matched.pattern || '*', '*'),
        instr(matched.pattern || '?', '?'),
        instr(matched.pattern || '[', '[')
      ) - 1
    )
  ),
  coalesce(matched.operator = 'stringExists' and matched.value = 'false', 0),
  -- One ? at most: every value has one character.
  coalesce(
    matched.side <> 'tag'
    and instr(matched.pattern, '*') > 0
    and replace(matched.pattern, '*', '') in ('', '?'),
    0
  ),
  iif(accounts_named.policy_id is null, policies.account_id, accounts_named.account_id)
from matched
join policies on policies.id = matched.policy_id
left join accounts_named
  on accounts_named.policy_id = matched.policy_id
  and accounts_named.side = iif(matched.side = 'tag', 'target', matched.side)
order by matched.policy_id, matched.side, matched.position, matched.number
