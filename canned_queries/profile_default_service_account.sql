-- title: Trusted profiles that trust the default namespace or service account
-- question: Which trusted profiles can be assumed by whatever runs in a cluster by default?
-- category: Trusted profiles
-- severity: high
-- why: >
--   Unless someone chooses otherwise, a pod runs in the namespace named default, or as the service
--   account named default of its namespace. A trusted profile that trusts either gives its access
--   to all such pods, not only the intended ones.
-- remediation: >
--   Give the program its own service account and namespace and link that with ibmcloud iam
--   trusted-profile-link-create. Then delete this link or rule with its command.
-- notes: >
--   The report lists links and compute rules that name either default, but not rules that leave
--   both open. Which pods run there is not known. is_privileged is yes for trusted profiles that
--   administer the account, and empty otherwise.
-- references:
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [profile, trust, by_default, cluster, namespace, service_account, is_privileged]
-- breakdown: {by: by_default}
-- identifiers: [trust_id]
-- chart:
--   mark: bar
--   x_column: by_default
--   x_type: nominal
--   y_column: profiles
--   y_type: quantitative
with
  conditions as materialized (
    select
      rules.id as rule_id,
      iif(each.type = 'object', json_extract(each.value, '$.claim'), null) as claim,
      iif(each.type = 'object', upper(json_extract(each.value, '$.operator')), null) as operator,
      iif(each.type = 'object', json_extract(each.value, '$.value'), null) as value
    from trustedprofile_rules as rules
    join json_each(rules.conditions) as each
    where rules.type = 'Profile-CR'
      and upper(rules.cr_type) in ('IKS_SA', 'ROKS_SA')
  ),
  names as (
    select conditions.rule_id, conditions.claim, one.value
    from conditions
    join json_each(
      iif(json_valid(conditions.value), conditions.value, json_array(conditions.value))
    ) as one
    where conditions.claim in ('namespace', 'name', 'service_instance')
      and conditions.operator in ('EQUALS', 'EQUALS_IGNORE_CASE', 'IN')
  ),
  named as materialized (
    select
      rule_id,
      group_concat(value, ', ') filter (where claim = 'service_instance') as cluster,
      group_concat(value, ', ') filter (where claim = 'namespace') as namespace,
      group_concat(value, ', ') filter (where claim = 'name') as service_account,
      coalesce(max(value = 'default') filter (where claim = 'namespace'), 0) as is_namespace,
      coalesce(max(value = 'default') filter (where claim = 'name'), 0) as is_account
    from (select * from names order by rule_id, claim, value)
    group by rule_id
  ),
  trusts as (
    select
      'link' as trust,
      id as trust_id,
      tp_id,
      name,
      cr_type,
      link_crn as cluster,
      link_namespace as namespace,
      link_name as service_account,
      coalesce(link_namespace = 'default', false) as is_namespace,
      coalesce(link_name = 'default', false) as is_account,
      created_at
    from trustedprofile_links
    where upper(cr_type) in ('IKS_SA', 'ROKS_SA')
      and 'default' in (link_namespace, link_name)
    union all
    select
      'rule',
      rules.id,
      rules.tp_id,
      rules.name,
      rules.cr_type,
      named.cluster,
      named.namespace,
      named.service_account,
      named.is_namespace,
      named.is_account,
      rules.created_at
    from trustedprofile_rules as rules
    join named on named.rule_id = rules.id
    where named.is_namespace or named.is_account
  ),
  privileged as materialized (
    select account_id, iam_id from administrators where kind = 'trusted_profile'
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  trusts.trust,
  coalesce(nullif(trusts.name, ''), trusts.trust_id) as trust_name,
  case
    when trusts.is_namespace and trusts.is_account then 'namespace and service account'
    when trusts.is_namespace then 'namespace'
    else 'service account'
  end as by_default,
  coalesce(
    (
      select max(known.name)
      from known_resources as known
      where known.thing = trusts.cluster
    ),
    (
      select max(known.name)
      from known_resources as known
      where known.guid = trusts.cluster and known.account_id = profiles.account_id
    ),
    trusts.cluster,
    'any cluster'
  ) as cluster,
  coalesce(trusts.namespace, 'any') as namespace,
  coalesce(trusts.service_account, 'any') as service_account,
  case
    when (profiles.account_id, profiles.iam_id) in (select account_id, iam_id from privileged)
      then 'yes'
  end as is_privileged,
  trusts.created_at,
  1 as profiles,
  'ibmcloud iam trusted-profile-' || trusts.trust || '-delete ' || arguments.word || ' '''
    || replace(trusts.trust_id, '''', '''\''''') || '''' as command,
  arguments.console,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  trusts.trust_id,
  profiles.account_id,
  count(*) over () as report_rows
from trusts
join trustedprofiles as profiles on profiles.id = trusts.tp_id
join accounts on accounts.account_id = profiles.account_id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_default_service_account'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = trusts.trust_id
order by account, profiles.account_id, profile, profiles.id, trusts.trust, trust_name,
  trusts.trust_id
