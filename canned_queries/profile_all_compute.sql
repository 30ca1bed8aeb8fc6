-- title: Compute rules of trusted profiles that name no instance
-- question: >
--   Which trusted profiles can be assumed by any compute resource of a type, including future
--   ones?
-- category: Trusted profiles
-- severity: high
-- why: >
--   Anyone who can create a compute resource that matches such a rule, such as a new cluster with
--   the right namespace or a new server in the right place, gets the access of the trusted
--   profile.
-- remediation: >
--   Link the individual resources with ibmcloud iam trusted-profile-link-create, or add a
--   condition on service_instance (clusters) or resource (servers). Then delete this rule with its
--   command.
-- notes: >
--   The report lists compute rules without a condition on the cluster, server, or project itself.
--   limited_to shows what they are limited to instead, such as a namespace, a region, a network,
--   or a group of servers. Excluding an instance is no limit. A condition on a claim that IBM's
--   documentation does not list is assumed to name an instance. Who can create such compute
--   resources is not decided here. is_privileged is yes for trusted profiles that administer the
--   account, and empty otherwise.
-- references:
--   - "IBM Cloud Docs: IAM condition properties"
-- shown: [profile, rule, compute, limited_to, is_privileged, created_at]
-- breakdown: {by: compute}
-- identifiers: [rule_id]
-- chart:
--   mark: bar
--   x_column: compute
--   x_type: nominal
--   y_column: rules
--   y_type: quantitative
with
  conditions as materialized (
    select
      rules.id as rule_id,
      each.key as position,
      iif(each.type = 'object', json_extract(each.value, '$.claim'), null) as claim,
      iif(each.type = 'object', upper(json_extract(each.value, '$.operator')), null) as operator,
      iif(each.type = 'object', json_extract(each.value, '$.value'), null) as value
    from trustedprofile_rules as rules
    join json_each(rules.conditions) as each
    where rules.type = 'Profile-CR'
  ),
  limits as materialized (
    select
      rule_id,
      group_concat(condition, ' and ') as limited_to,
      max(names_instance) as names_instance
    from (
      select
        rule_id,
        claim || ' ' || operator || ' ' || case
          when json_valid(value) then
            iif(json_type(value) = 'text', json_extract(value, '$'), value)
          else value
        end as condition,
        coalesce(
          operator not in ('NOT_EQUALS', 'NOT_EQUALS_IGNORE_CASE')
            and lower(claim) not in (
              'instance_group_name', 'location', 'name', 'namespace', 'pod', 'region',
              'resource_group_id', 'resource_group_name', 'subnet_id', 'vpc_id', 'zone'
            ),
          true
        ) as names_instance
      from conditions
      order by rule_id, position
    )
    group by rule_id
  ),
  privileged as materialized (
    select account_id, iam_id from administrators where kind = 'trusted_profile'
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  coalesce(nullif(rules.name, ''), rules.id) as rule,
  case upper(rules.cr_type)
    when 'IKS_SA' then 'Kubernetes clusters'
    when 'ROKS_SA' then 'OpenShift clusters'
    when 'VSI' then 'virtual servers'
    when 'BMS' then 'bare metal servers'
    when 'PVS' then 'Power virtual servers'
    when 'CE' then 'Code Engine'
    else coalesce(rules.cr_type, 'any compute')
  end as compute,
  coalesce(limits.limited_to, 'nothing') as limited_to,
  case
    when (profiles.account_id, profiles.iam_id) in (select account_id, iam_id from privileged)
      then 'yes'
  end as is_privileged,
  rules.created_at,
  1 as rules,
  'ibmcloud iam trusted-profile-rule-delete ' || arguments.word || ' '''
    || replace(rules.id, '''', '''\''''') || '''' as command,
  arguments.console,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  rules.id as rule_id,
  profiles.account_id,
  count(*) over () as report_rows
from trustedprofile_rules as rules
join trustedprofiles as profiles on profiles.id = rules.tp_id
join accounts on accounts.account_id = profiles.account_id
left join limits on limits.rule_id = rules.id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_all_compute'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = rules.id
where rules.type = 'Profile-CR'
  and coalesce(limits.names_instance, 0) = 0
order by account, profiles.account_id, profile, profiles.id, rule, rules.id
