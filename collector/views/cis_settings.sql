-- title: >
--   What the CIS benchmark's recommendations on account settings are judged by.
-- notes: |
--   Columns as in cis_measures. NONE in any spelling means no MFA; every other setting counts as
--   MFA. Creation is restricted only if both settings are, and external identities are limited only
--   if all types are; monitor does not limit. A context-based restriction counts if it is enforced
--   and restricts something.
with
  settings as materialized (
    select
      accounts.account_id,
      account_settings.mfa,
      account_settings.restrict_create_platform_apikey as keys,
      account_settings.restrict_create_service_id as service_ids
    from accounts
    left join account_settings on account_settings.account_id = accounts.account_id
  ),
  outsiders as (
    select
      account_id,
      max(state <> 'limited') as fails,
      group_concat(identity_type || ' ' || state, ', ') as figure
    from (select * from external_identity_settings order by account_id, identity_type)
    group by account_id
  ),
  rules as (
    select account_id, count(*) as rules
    from cbr_rules
    where coalesce(enforcement_mode, 'enabled') = 'enabled'
      and id not in (select rule_id from open_context_rules)
    group by account_id
  )
select
  account_id,
  'creation' as measure,
  keys <> 'RESTRICTED' or service_ids <> 'RESTRICTED' as fails,
  'API keys ' || coalesce(keys, 'not known') || ', service IDs ' || coalesce(service_ids, 'not known')
    as figure
from settings
union all
select
  account_id,
  'factor demanded',
  mfa glob 'NONE*',
  'the account requires ' || coalesce(mfa, 'an unknown MFA setting')
from settings
union all
select settings.account_id, 'external identities', outsiders.fails, outsiders.figure
from settings
left join outsiders on outsiders.account_id = settings.account_id
union all
select
  settings.account_id,
  'context rules',
  coalesce(rules.rules, 0) = 0,
  coalesce(rules.rules, 0)
    || iif(rules.rules = 1, ' enforced rule that restricts', ' enforced rules that restrict')
    || ' something'
from settings
left join rules on rules.account_id = settings.account_id
