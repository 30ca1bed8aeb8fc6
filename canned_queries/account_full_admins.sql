-- title: Full administrators
-- question: >
--   Besides the account owner, who is a full administrator of the account, and by which access
--   path?
-- category: Administrators
-- severity: critical
-- why: >
--   A full administrator can do everything in the account, and can take access away from everyone
--   else.
-- remediation: >
--   Keep full administrators few, and in one access group. The command in a row ends that access
--   path by deleting the identity's policies or removing the identity from the group; afterward,
--   check for other paths.
-- notes: >
--   A full administrator has Administrator and Manager on all services and Administrator on all
--   account management services, without a condition; a policy whose only target is the account
--   counts as both. Each row is one identity and one access path that is enough on its own: direct
--   policies, an access group, or several of these together if each contributes a part. Dynamic
--   members are listed as of their last login. A member added by a dynamic rule comes back at the
--   next login, so change the rule in the console. Members who are no longer in the account are
--   shown as unknown. Whatever an enterprise template created has no command. The account owner
--   can do everything without a policy, is not a finding, and is not listed. Also left out are the
--   people and programs that assume a trusted profile (the profile is listed; another report lists
--   the people), and identities that have the same access through a policy for each resource group
--   or that can make themselves an administrator (see the report on privilege escalation paths).
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.14, v2.0 1.16"
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [identity, kind, path, kind_of_path, membership, user_state, policies]
-- breakdown: {by: kind}
-- identifiers: [iam_id, path]
-- chart:
--   mark: bar
--   x_column: kind
--   x_type: nominal
--   y_column: paths
--   y_type: quantitative
--   color_column: kind_of_path
with
  powers as materialized (
    select ways.*, coalesce(ways.access_group_id, '') as source
    from administrators
    join administrator_ways as ways
      on ways.account_id = administrators.account_id and ways.iam_id = administrators.iam_id
    where administrators.direct_rank = 'full administrator'
      and ways.acting_as = ways.iam_id
      and not ways.is_conditional
  ),
  held as (
    select powers.*, remediations.delete_command, remediations.remark
    from powers
    left join policy_remediations as remediations on remediations.policy_id = powers.policy_id
  ),
  sources as materialized (
    select
      account_id,
      iam_id,
      source,
      max(administers_services) as administers_services,
      max(manages_services) as manages_services,
      max(administers_account) as administers_account,
      max(membership) as membership,
      count(distinct policy_id) as policies,
      case
        -- Of static, public and dynamic the first is the last by name.
        when max(membership) = 'static' then 'take out'
        when source = '' or max(membership) = 'public' then
          iif(count(*) = count(delete_command), group_concat(delete_command, ' && '), null)
      end as command,
      min(remark) filter (where delete_command is null) as no_command_because
    from (select * from held order by account_id, iam_id, source, policy_id)
    group by account_id, iam_id, source
  ),
  named as materialized (
    select
      sources.*,
      iif(
        sources.source = '',
        'its own policies',
        'access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
      ) as name,
      administers_services and manages_services and administers_account as is_enough,
      case
        when sources.command <> 'take out' then
          -- The policies of a locked service ID cannot be changed.
          iif(
            sources.source = '' and serviceids.locked = 1,
            'ibmcloud iam service-id-unlock ' || arguments.word || ' && ' || sources.command
              || ' && ibmcloud iam service-id-lock ' || arguments.word,
            sources.command
          )
        when sources.command = 'take out' then case arguments.kind
          when 'user' then
            'ibmcloud iam access-group-user-remove ' || groups.word || ' ' || arguments.word
          when 'trusted_profile' then
            'ibmcloud iam access-group-trusted-profile-remove ' || groups.word || ' '
              || arguments.word
          when 'service_id' then
            'ibmcloud iam access-group-service-id-remove ' || groups.word || ' '
              || arguments.member
        end
      end as ending,
      case
        when sources.command = 'take out' then coalesce(groups.remark, arguments.member_remark)
        when sources.command is null then
          coalesce(sources.no_command_because, groups.remark, arguments.remark)
      end as remark
    from sources
    left join access_groups on access_groups.id = sources.source
    left join access_group_arguments as groups on groups.access_group_id = sources.source
    left join identity_arguments as arguments
      on arguments.iam_id = sources.iam_id and arguments.account_id = sources.account_id
    left join serviceids
      on serviceids.iam_id = sources.iam_id and serviceids.account_id = sources.account_id
  ),
  paths as (
    select
      account_id,
      iam_id,
      name as path,
      iif(source = '', 'own policies', 'access group') as kind_of_path,
      membership,
      policies,
      ending as command,
      remark,
      nullif(source, '') as access_group_id
    from named
    where is_enough
    union all
    select
      account_id, iam_id, group_concat(name, ' and '), 'several together', null, sum(policies),
      iif(count(*) = count(ending), group_concat(ending, ' && '), null),
      min(remark) filter (where ending is null), null
    from (select * from named where not is_enough order by account_id, iam_id, name, source)
    group by account_id, iam_id
    having max(administers_services) and max(manages_services) and max(administers_account)
  )
select
  coalesce(accounts.name, paths.account_id) as account,
  coalesce(identities.name, paths.iam_id) as identity,
  coalesce(identities.kind, 'unknown') as kind,
  paths.path,
  paths.kind_of_path,
  paths.membership,
  (
    select public_access.effect
    from public_access
    where public_access.account_id = paths.account_id
      and exists (
        select 1
        from named
        where named.source = public_access.access_group_id
          and named.account_id = paths.account_id
          and named.iam_id = paths.iam_id
          and (
            paths.access_group_id = named.source
            or (paths.kind_of_path = 'several together' and not named.is_enough)
          )
      )
  ) as public_access,
  users.state as user_state,
  paths.policies,
  1 as paths,
  paths.command,
  arguments.console,
  paths.remark,
  acknowledged.note as acknowledged,
  paths.iam_id,
  paths.access_group_id,
  paths.account_id,
  count(*) over () as report_rows
from paths
join accounts on accounts.account_id = paths.account_id
left join identities on identities.iam_id = paths.iam_id
left join users on users.iam_id = paths.iam_id and users.account_id = paths.account_id
left join identity_arguments as arguments
  on arguments.iam_id = paths.iam_id and arguments.account_id = paths.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'account_full_admins'
  and acknowledged.account_id = paths.account_id
  and acknowledged.finding = paths.iam_id || ' ' || paths.path
order by account, paths.account_id, identity, paths.iam_id, paths.path
