-- title: >
--   Claim rules that let in more people than somebody may have meant.
-- notes: |
--   Claim rules without one condition that limits well whom they let in: dynamic rules of access
--   groups (kind access_group), and rules of trusted profiles for federated people (trusted_profile).
--
--   All conditions of a rule must hold, so one good condition is enough. Weak are operators that only
--   exclude, CONTAINS (which on a list is exact, but which claims are lists is not in the data), and
--   claims that many people share, under their usual names. Other operators than the six that IBM
--   documents are not judged. conditions: in words.
with
  rules as (
    select 'access_group' as kind, id, conditions from access_group_rules
    union all
    select 'trusted_profile', id, conditions from trustedprofile_rules where type = 'Profile-SAML'
  ),
  conditions as materialized (
    select
      rules.kind,
      rules.id as rule_id,
      each.key as position,
      iif(each.type = 'object', json_extract(each.value, '$.claim'), null) as claim,
      iif(each.type = 'object', upper(json_extract(each.value, '$.operator')), null) as operator,
      iif(each.type = 'object', json_extract(each.value, '$.value'), null) as value
    from rules
    join json_each(rules.conditions) as each
  ),
  judged as materialized (
    select
      kind,
      rule_id,
      position,
      claim || ' ' || operator || ' ' || case
        when json_valid(value) then
          iif(json_type(value) = 'text', json_extract(value, '$'), value)
        else value
      end as condition,
      case
        when operator in ('NOT_EQUALS', 'NOT_EQUALS_IGNORE_CASE') then 'only excludes'
        when operator = 'CONTAINS' then 'part of a text, unless a list'
        when operator in ('EQUALS', 'EQUALS_IGNORE_CASE', 'IN')
          -- The last part of a claim that is named by a URL, without underscores.
          and lower(replace(replace(claim, rtrim(claim, replace(claim, '/', '')), ''), '_', ''))
            in (
              'c', 'city', 'co', 'company', 'companyname', 'country', 'countrycode', 'domain',
              'emailverified', 'employeetype', 'l', 'language', 'locale', 'location', 'o',
              'organisation', 'organization', 'preferredlanguage', 'region', 'timezone', 'usertype'
            )
          then 'shared by many people'
      end as weakness
    from conditions
  )
select
  kind,
  rule_id,
  group_concat(condition, ' and ') as conditions,
  case
    when min(weakness) = max(weakness) then min(weakness)
    else 'several weak conditions'
  end as weakness
from (select * from judged order by kind, rule_id, position)
group by kind, rule_id
having count(*) = count(weakness)
union all
select kind, id, 'none', 'no condition'
from rules
where not exists (
  select 1
  from conditions
  where conditions.kind = rules.kind and conditions.rule_id = rules.id
)
