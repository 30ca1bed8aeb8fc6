-- title: >
--   Claim rules that might admit more people than intended.
-- notes: |
--   Claim rules without a condition that narrows down who matches: dynamic rules of access groups
--   (kind access_group), and rules of trusted profiles for federated users (trusted_profile).
--
--   All conditions of a rule must be met, so one good condition is enough. Weak conditions are
--   operators that only exclude, CONTAINS on a text, and claims that many people share, under their
--   usual names. Operators other than the six that IBM documents are not judged. conditions: in
--   words. CONTAINS on a list matches exactly one of its entries. Which claims are lists is not in
--   the data: claims that are named like groups or roles are treated as lists; a rule with such a
--   condition has the severity info, and every other one has the severity high.
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
      -- The last part of a claim that is named by a URL, without underscores and hyphens.
      iif(
        each.type = 'object',
        lower(
          replace(
            replace(
              replace(
                json_extract(each.value, '$.claim'),
                rtrim(
                  json_extract(each.value, '$.claim'),
                  replace(json_extract(each.value, '$.claim'), '/', '')
                ),
                ''
              ),
              '_',
              ''
            ),
            '-',
            ''
          )
        ),
        null
      ) as plain_claim,
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
        when operator in ('NOT_EQUALS', 'NOT_EQUALS_IGNORE_CASE') then 'only excludes values'
        when operator = 'CONTAINS' and (
          plain_claim glob '*group' or plain_claim glob '*groups' or plain_claim glob '*role'
          or plain_claim glob '*roles' or plain_claim glob '*memberof'
          or plain_claim glob '*groupids' or plain_claim in ('entitlement', 'entitlements')
        ) then 'matches one list entry, unless the claim is a text'
        when operator = 'CONTAINS' then 'matches part of a text, unless the claim is a list'
        when operator in ('EQUALS', 'EQUALS_IGNORE_CASE', 'IN')
          and plain_claim in (
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
    when max(weakness = 'matches one list entry, unless the claim is a text') then 'matches one list entry, unless the claim is a text'
    when min(weakness) = max(weakness) then min(weakness)
    else 'several weak conditions'
  end as weakness,
  iif(max(weakness = 'matches one list entry, unless the claim is a text'), 'info', 'high') as severity
from (select * from judged order by kind, rule_id, position)
group by kind, rule_id
having count(*) = count(weakness)
union all
select kind, id, 'none', 'no condition', 'high'
from rules
where not exists (
  select 1
  from conditions
  where conditions.kind = rules.kind and conditions.rule_id = rules.id
)
