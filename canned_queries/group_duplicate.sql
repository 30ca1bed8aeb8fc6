-- title: Duplicate access groups
-- question: Which access groups grant exactly what another group of the account grants?
-- category: Access groups
-- severity: low
-- why: >
--   Two groups for one purpose drift apart: someone is removed from one of them and keeps the
--   access through the other.
-- remediation: >
--   Move the members into the group that you keep and delete the other; the command does both.
--   First check whether policies or templates refer to the group that you delete.
-- notes: >
--   Groups are duplicates if their active policies grant the same roles on the same targets
--   (attributes and access tags) under the same conditions, in the same words, no matter how the
--   roles are distributed over policies. Of each set, the oldest group is assumed to be the one
--   that you keep (same_as), and the others are listed. Groups that grant nothing are not
--   compared, nor is the Public Access group. The report does not check what one group grants
--   beyond another. Two groups that are kept separate on purpose, with members of two companies
--   for example, look the same. There is no command if the group has dynamic rules, which must be
--   created again in the console, if more than 20 members have to move, or if one of them shares
--   its name with another.
-- references:
--   - "IBM Cloud Docs: What makes a good access group strategy"
-- shown: [access_group, same_as, policies, members, members_of_other, created_at]
-- breakdown: {by: same_as}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: same_as
--   x_type: nominal
--   y_column: groups
--   y_type: quantitative
with
  readable_accounts as materialized (
    select account_id
    from collected_parts
    where part in ('access_groups', 'policies') and status = 'ok'
    group by account_id
    having count(*) = 2
  ),
  granting as materialized (
    select policies.id, policies.account_id, policies.access_group_id, policies.rule
    from granting_policies as policies
    join access_groups on access_groups.id = policies.access_group_id
    where policies.type = 'access'
      and policies.account_id in (select account_id from readable_accounts)
      and access_groups.listed = 1
      and access_groups.is_public = 0
  ),
  -- What each policy asks for; its own account, which all name, left out.
  demands as materialized (
    select
      granting.id as policy_id,
      json_array(attributes.name, coalesce(attributes.operator, 'stringEquals'), attributes.value)
        as demand
    from granting
    join policy_resource_attributes as attributes on attributes.policy_id = granting.id
    where not (
      attributes.name = 'accountId'
      and coalesce(attributes.operator, 'stringEquals') = 'stringEquals'
      and attributes.value = granting.account_id
    )
    union
    select
      granting.id,
      json_array('tag', tags.name, coalesce(tags.operator, 'stringEquals'), tags.value)
    from granting
    join policy_resource_tags as tags on tags.policy_id = granting.id
  ),
  targets as materialized (
    select policy_id, group_concat(demand, ' ') as target
    from (select * from demands order by policy_id, demand)
    group by policy_id
  ),
  grants as (
    select distinct
      granting.account_id,
      granting.access_group_id,
      json_array(targets.target, granting.rule, policy_roles.role_id) as grant_text
    from granting
    join policy_roles on policy_roles.policy_id = granting.id
    left join targets on targets.policy_id = granting.id
  ),
  texts as materialized (
    select account_id, access_group_id, group_concat(grant_text, ' ') as grants
    from (select * from grants order by account_id, access_group_id, grant_text)
    group by account_id, access_group_id
  ),
  ranked as materialized (
    select
      texts.account_id,
      texts.access_group_id,
      first_value(texts.access_group_id) over same as stays_id,
      row_number() over same as place
    from texts
    join access_groups on access_groups.id = texts.access_group_id
    window same as (
      partition by texts.account_id, texts.grants
      order by access_groups.created_at is null, access_groups.created_at, access_groups.id
    )
  ),
  same as materialized (
    select account_id, access_group_id, stays_id from ranked where place > 1
  ),
  -- Who is in the one and not yet in the other.
  moving as materialized (
    select
      same.access_group_id,
      members.iam_id,
      case arguments.kind
        when 'user' then 'user-add ' || stays.word || ' ' || arguments.word
        when 'trusted_profile' then 'trusted-profile-add ' || stays.word || ' ' || arguments.word
        when 'service_id' then 'service-id-add ' || stays.word || ' ' || arguments.member
        -- Who is not in the account any more need not move.
        else ''
      end as step,
      coalesce(stays.remark, arguments.member_remark) as remark
    from same
    join access_group_members as members
      on members.group_id = same.access_group_id and members.membership_type = 'static'
    join access_group_arguments as stays on stays.access_group_id = same.stays_id
    left join identity_arguments as arguments
      on arguments.iam_id = members.iam_id and arguments.account_id = same.account_id
    where not exists (
      select 1
      from access_group_members as others
      where others.group_id = same.stays_id
        and others.iam_id = members.iam_id
        and others.membership_type = 'static'
    )
  ),
  moves as materialized (
    select
      access_group_id,
      group_concat('ibmcloud iam access-group-' || nullif(step, '') || ' && ', '') as steps,
      min(remark) filter (where step is null) as remark,
      count(*) = count(step) and count(nullif(step, '')) <= 20 as can_be_told
    from (select * from moving order by access_group_id, iam_id)
    group by access_group_id
  ),
  readable_members as materialized (
    select account_id
    from collected_parts
    where part in ('access_group_members', 'access_group_rules', 'users', 'serviceids',
        'trustedprofiles')
      and status = 'ok'
    group by account_id
    having count(*) = 5
  ),
  summaries as materialized (
    select access_group_id, name, members
    from access_group_summaries
    where access_group_id in (select access_group_id from same union select stays_id from same)
  )
select
  coalesce(accounts.name, same.account_id) as account,
  summaries.name as access_group,
  stays.name as same_as,
  (
    select count(*) from granting where granting.access_group_id = same.access_group_id
  ) as policies,
  summaries.members,
  stays.members as members_of_other,
  access_groups.created_at,
  1 as groups,
  case
    when same.account_id in (select account_id from readable_members)
      and coalesce(moves.can_be_told, 1)
      and not exists (
        select 1 from access_group_rules as rules where rules.group_id = same.access_group_id
      )
      then coalesce(moves.steps, '') || 'ibmcloud iam access-group-delete ' || arguments.word
        || iif(summaries.members > 0, ' --recursive', '')
  end as command,
  arguments.console,
  coalesce(arguments.remark, moves.remark) as remark,
  acknowledged.note as acknowledged,
  same.stays_id as same_as_id,
  same.access_group_id,
  same.account_id,
  count(*) over () as report_rows
from same
join accounts on accounts.account_id = same.account_id
join access_groups on access_groups.id = same.access_group_id
join summaries on summaries.access_group_id = same.access_group_id
join summaries as stays on stays.access_group_id = same.stays_id
join access_group_arguments as arguments on arguments.access_group_id = same.access_group_id
left join moves on moves.access_group_id = same.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'group_duplicate'
  and acknowledged.account_id = same.account_id
  and acknowledged.finding = same.access_group_id
order by account, same.account_id, same_as, same.stays_id, access_group, same.access_group_id
