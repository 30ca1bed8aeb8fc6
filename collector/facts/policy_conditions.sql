-- title: Conditions of policies, and when they can be met.
-- grain: one row for each policy that has a condition on time or attributes
-- key: [policy_id]
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   starts_at: {is: "The policy grants nothing before this time; empty: no start.", kind: time}
--   ends_at: {is: "The policy grants nothing from this time on; empty: no end.", kind: time}
--   has_ended:
--     is: >
--       1 if it had expired when its account was last collected: IBM Cloud still lists such a policy
--       as active, although it no longer grants anything.
--     kind: integer
--     required: true
--   words: The condition in words.
-- rests_on: [collections, policies]
-- errs: >
--   Only comparisons with the current date or time are evaluated; days of the week and hours recur,
--   and future attributes of resources are unknown. A rule that can never be met for another reason
--   counts as one that can.
with
  collected as (
    select account_id, max(finished_at) as collected_at from collections group by account_id
  ),
  ruled as (
    select
      id,
      account_id,
      pattern,
      iif(json_valid(rule), rule, '{}') as rule
    from policies
    where rule is not null
  ),
  -- A rule is one condition, or several of which all (and) or one (or) must hold; each of those may be
  -- such a group again. Deeper than that IBM Cloud allows none.
  outer_parts as (
    select
      ruled.id,
      lower(coalesce(json_extract(ruled.rule, '$.operator'), '')) = 'or' as is_or,
      each.key as part,
      each.value as node
    from ruled
    join json_each(
      iif(
        json_type(ruled.rule, '$.conditions') = 'array',
        json_extract(ruled.rule, '$.conditions'),
        json_array(json(ruled.rule))
      )
    ) as each
    where each.type = 'object'
  ),
  leaves as (
    select
      outer_parts.id,
      outer_parts.is_or,
      outer_parts.part,
      lower(coalesce(json_extract(outer_parts.node, '$.operator'), '')) = 'or' as is_inner_or,
      json_extract(each.value, '$.key') as key,
      json_extract(each.value, '$.operator') as operator,
      json_extract(each.value, '$.value') as value
    from outer_parts
    join json_each(
      iif(
        json_type(outer_parts.node, '$.conditions') = 'array',
        json_extract(outer_parts.node, '$.conditions'),
        json_array(json(outer_parts.node))
      )
    ) as each
    where each.type = 'object'
  ),
  -- A day lasts until the next one begins.
  dated as (
    select
      *,
      case
        when key not like '%current_date%' then null
        when operator glob 'dateTime*Than*' then strftime('%Y-%m-%dT%H:%M:%SZ', value)
        when operator in ('dateLessThanOrEquals', 'dateGreaterThan') then
          strftime(
            '%Y-%m-%dT%H:%M:%SZ', substr(value, 1, 10) || 'T00:00:00' || substr(value, 11), '+1 day'
          )
        when operator in ('dateLessThan', 'dateGreaterThanOrEquals') then
          strftime('%Y-%m-%dT%H:%M:%SZ', substr(value, 1, 10) || 'T00:00:00' || substr(value, 11))
      end as moment
    from leaves
  ),
  bounded as (
    select
      *,
      iif(operator glob 'date*Less*', moment, null) as ends_at,
      iif(operator glob 'date*Greater*', moment, null) as starts_at
    from dated
  ),
  parts as (
    select
      id,
      is_or,
      part,
      iif(
        is_inner_or,
        iif(count(*) = count(ends_at), max(ends_at), null),
        min(ends_at)
      ) as ends_at,
      iif(
        is_inner_or,
        iif(count(*) = count(starts_at), min(starts_at), null),
        max(starts_at)
      ) as starts_at
    from bounded
    group by id, is_or, part, is_inner_or
  ),
  spans as (
    select
      id,
      iif(is_or, iif(count(*) = count(ends_at), max(ends_at), null), min(ends_at)) as ends_at,
      iif(is_or, iif(count(*) = count(starts_at), min(starts_at), null), max(starts_at))
        as starts_at
    from parts
    group by id, is_or
  ),
  judged as (
    select
      ruled.id,
      ruled.pattern,
      spans.starts_at,
      spans.ends_at,
      coalesce(spans.ends_at <= collected.collected_at, 0) as has_ended
    from ruled
    left join spans on spans.id = ruled.id
    left join collected on collected.account_id = ruled.account_id
  )
select
  id,
  starts_at,
  ends_at,
  has_ended,
  case
    when has_ended then 'until ' || substr(replace(ends_at, 'T', ' '), 1, 16) || ' UTC, expired'
    when starts_at is not null and ends_at is not null then
      'from ' || substr(replace(starts_at, 'T', ' '), 1, 16) || ' until '
        || substr(replace(ends_at, 'T', ' '), 1, 16) || ' UTC'
    when ends_at is not null then 'until ' || substr(replace(ends_at, 'T', ' '), 1, 16) || ' UTC'
    when starts_at is not null then 'from ' || substr(replace(starts_at, 'T', ' '), 1, 16) || ' UTC'
    when pattern = 'time-based-conditions:once' then 'between two points in time'
    when pattern like 'time-based-conditions:%' then 'at certain times'
    when pattern like 'attribute-based-condition:%' then 'on resources with certain names'
    else 'under a condition'
  end
from judged
