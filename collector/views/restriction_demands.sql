-- title: >
--   What context-based restrictions apply to, one row for each attribute and access tag.
-- notes: |
--   What each rule demands of what it restricts, as policy_demands has it of policies. place is the
--   number of the resource in the rule and said that resource as the rule has it: one of a rule's
--   resources has to match, with all of its attributes and tags.
--
--   pattern is the GLOB pattern that the value of a resource must match (null if none does), and
--   wants_absent is 1 if it must have none. side is target or tag, and a tag is name:value. A side
--   with no attribute or tag has a row without a name, which demands nothing.
select
  restricted.rule_id,
  restricted.account_id,
  restricted.place,
  restricted.said,
  restricted.side,
  iif(restricted.side = 'tag', iif(restricted.name is null, null, 'tag'), restricted.name) as name,
  iif(
    restricted.side = 'tag',
    replace(replace(replace(restricted.name, '[', '[[]'), '*', '[*]'), '?', '[?]') || ':',
    ''
  )
  || case restricted.operator
    when 'stringEquals' then iif(
      restricted.value = '*' and restricted.side <> 'tag',
      '*',
      replace(replace(replace(restricted.value, '[', '[[]'), '*', '[*]'), '?', '[?]')
    )
    when 'stringMatch' then
      replace(replace(replace(restricted.value, '[', '[[]'), '{{*}}', '[*]'), '{{?}}', '[?]')
    when 'stringExists' then iif(restricted.value in ('true', 1), '*', null)
  end as pattern,
  coalesce(
    restricted.operator = 'stringExists' and restricted.value not in ('true', 1), 0
  ) as wants_absent
from (
  select
    rules.id as rule_id,
    rules.account_id,
    resource.key as place,
    resource.value as said,
    sides.side,
    json_extract(each.value, '$.name') as name,
    coalesce(json_extract(each.value, '$.operator'), 'stringEquals') as operator,
    json_extract(each.value, '$.value') as value
  from cbr_rules as rules
  cross join json_each(rules.resources) as resource
  cross join (select 'target' as side, '$.attributes' as path union all select 'tag', '$.tags')
    as sides
  left join json_each(resource.value, sides.path) as each
) as restricted
