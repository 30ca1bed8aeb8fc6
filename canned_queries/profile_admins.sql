-- title: Trusted profiles with administrator access
-- question: Which trusted profiles are full administrators or privileged, and who can assume them?
-- category: Administrators
-- severity: critical
-- why: >
--   Anyone who can assume the trusted profile is an administrator, but appears in no list of
--   administrators.
-- remediation: >
--   First, tighten the trust to a few people by name, or to a rule that names one group of the
--   identity provider. Then remove unneeded privileges with the command, which deletes the
--   profile's privileged policies and removes the profile from privileged groups.
-- notes: >
--   rank is full administrator (Administrator and Manager on all services and Administrator on all
--   account management services, without a condition) or privileged: an active policy for
--   Administrator on account management as a whole, on IAM, or on users, or for Administrator or
--   Manager on all services, even with a condition. Both direct policies and access groups count.
--   who_may_assume lists the compute resources, claim rules, and identities that the profile
--   trusts, and says if part of this could not be read. Who can access the compute resources, and
--   how many people a rule matches, is not in this data. Privileges by resource group or by
--   service are not checked here. Removing the profile from a group also removes everything else
--   that the group grants. Whatever an enterprise template created has no command.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.14, v2.0 1.16"
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.15, v2.0 1.17"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [profile, rank, privileges, through, who_may_assume, trusts, description]
-- breakdown: {by: rank}
-- identifiers: [profile_id]
-- chart:
--   mark: bar
--   x_column: rank
--   x_type: nominal
--   y_column: profiles
--   y_type: quantitative
--   color_column: through
with
  admins as materialized (
    select
      profiles.*,
      administrators.rank,
      administrators.privileges,
      administrators.through
    from trustedprofiles as profiles
    join administrators
      on administrators.iam_id = profiles.iam_id
      and administrators.account_id = profiles.account_id
  ),
  conditions as materialized (
    select
      rules.id as rule_id,
      each.key as position,
      iif(
        each.type = 'object',
        json_extract(each.value, '$.claim') || ' ' || json_extract(each.value, '$.operator')
          || ' ' || case
            when json_valid(json_extract(each.value, '$.value')) then
              iif(
                json_type(json_extract(each.value, '$.value')) = 'text',
                json_extract(json_extract(each.value, '$.value'), '$'),
                json_extract(each.value, '$.value')
              )
            else json_extract(each.value, '$.value')
          end,
        null
      ) as condition
    from admins
    join trustedprofile_rules as rules on rules.tp_id = admins.id
    join json_each(rules.conditions) as each
  ),
  rule_texts as materialized (
    select rule_id, group_concat(condition, ' and ') as conditions
    from (select * from conditions order by rule_id, position)
    group by rule_id
  ),
  trusts as (
    select
      admins.id as profile_id,
      2 as place,
      links.id as trust_id,
      case links.cr_type
        when 'VSI' then 'virtual server'
        when 'IKS_SA' then 'Kubernetes cluster'
        when 'ROKS_SA' then 'OpenShift cluster'
        when 'CE' then 'Code Engine'
        else coalesce(links.cr_type, 'compute')
      end || coalesce(
        ' ' || coalesce(
          (
            select max(known.name)
            from known_resources as known
            where known.thing = links.link_crn
          ),
          links.link_crn
        ),
        ''
      ) || coalesce(
        ' ' || links.component_type || ' ' || links.component_name,
        ' ' || links.component_name,
        ''
      ) || coalesce(', namespace ' || links.link_namespace, '')
        || coalesce(', service account ' || links.link_name, '') as words
    from admins
    join trustedprofile_links as links on links.tp_id = admins.id
    union all
    select
      admins.id,
      3,
      rules.id,
      iif(
        rules.type = 'Profile-CR',
        'any compute of type ' || coalesce(rules.cr_type, 'not known'),
        'people of ' || coalesce(rules.realm_name, 'any identity provider')
      ) || coalesce(' with ' || rule_texts.conditions, ' without a condition')
    from admins
    join trustedprofile_rules as rules on rules.tp_id = admins.id
    left join rule_texts on rule_texts.rule_id = rules.id
    union all
    select
      admins.id,
      1,
      allowed.iam_id,
      case lower(allowed.type)
        when 'user' then 'user '
        when 'serviceid' then 'service ID '
        else 'resource '
      end || coalesce(
        (
          select max(known.name)
          from known_resources as known
          where known.thing = allowed.identifier
        ),
        nullif(identities.name, identities.iam_id),
        allowed.identifier,
        allowed.iam_id
      )
    from admins
    join trustedprofile_identities as allowed on allowed.tp_id = admins.id
    left join identities on identities.iam_id = allowed.iam_id
  ),
  trust_texts as materialized (
    select profile_id, count(*) as trusts, group_concat(words, '; ') as words
    from (select * from trusts order by profile_id, place, words, trust_id)
    group by profile_id
  ),
  readable_accounts as materialized (
    select account_id
    from collected_parts
    where part in (
        'trustedprofile_links', 'trustedprofile_rules', 'trustedprofile_identities'
      )
      and status = 'ok'
    group by account_id
    having count(*) = 3
  )
select
  coalesce(accounts.name, admins.account_id) as account,
  coalesce(nullif(admins.name, ''), admins.id) as profile,
  admins.description,
  admins.rank,
  admins.privileges,
  admins.through,
  case
    when admins.account_id in (select account_id from readable_accounts)
      then coalesce(trust_texts.words, 'nobody')
    else coalesce(trust_texts.words || '; ', '') || 'not all could be read'
  end as who_may_assume,
  trust_texts.trusts,
  admins.created_at,
  1 as profiles,
  commands.command,
  arguments.console,
  commands.remark,
  acknowledged.note as acknowledged,
  admins.iam_id,
  admins.id as profile_id,
  admins.account_id,
  count(*) over () as report_rows
from admins
join accounts on accounts.account_id = admins.account_id
left join trust_texts on trust_texts.profile_id = admins.id
left join administrator_remediations as commands
  on commands.iam_id = admins.iam_id and commands.account_id = admins.account_id
left join identity_arguments as arguments
  on arguments.iam_id = admins.iam_id and arguments.account_id = admins.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_admins'
  and acknowledged.account_id = admins.account_id
  and acknowledged.finding = admins.id
order by account, admins.account_id, admins.rank, profile, admins.id
