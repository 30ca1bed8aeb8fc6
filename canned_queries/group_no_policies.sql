-- title: Access groups without active policies
-- question: Which access groups have no active policy?
-- category: Access groups
-- severity: low
-- why: >
--   Membership in such a group grants nothing. Either a policy was forgotten, or the group is left
--   over and its members get unexpected access when someone assigns it a policy later.
-- remediation: >
--   Delete the group with the command, which also removes its memberships and dynamic rules.
--   Alternatively, assign the policy that the group was created for with ibmcloud iam
--   access-group-policy-create GROUP --roles ROLES --service-name SERVICE.
-- notes: >
--   Policies with a condition count as policies. If the token may not view a policy, the group
--   looks as if it had none. The data does not show whether someone uses the group only as a list
--   of people. The Public Access group is left out, because it should have no policies.
-- references:
--   - "IBM Cloud Docs: Setting up access groups"
-- shown: [access_group, members, dynamic_rules, membership, created_at, description]
-- breakdown: {by: membership}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: membership
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
  bare as materialized (
    select access_groups.*, (
        select count(*) from access_group_rules as rules where rules.group_id = access_groups.id
      ) as rules
    from access_groups
    where access_groups.listed = 1
      and access_groups.is_public = 0
      and access_groups.account_id in (select account_id from readable_accounts)
      and not exists (
        select 1
        from granting_policies as policies
        where policies.access_group_id = access_groups.id
          and policies.type = 'access'
      )
  ),
  summaries as materialized (
    select access_group_id, members
    from access_group_summaries
    where access_group_id in (select id from bare)
  )
select
  coalesce(accounts.name, bare.account_id) as account,
  coalesce(nullif(bare.name, ''), bare.id) as access_group,
  bare.description,
  summaries.members,
  bare.rules as dynamic_rules,
  case
    when summaries.members is null then 'members not known'
    when summaries.members > 0 then 'has members'
    when bare.rules > 0 then 'only dynamic rules'
    else 'nobody'
  end as membership,
  bare.created_at,
  1 as groups,
  'ibmcloud iam access-group-delete ' || arguments.word
    || iif(summaries.members > 0 or bare.rules > 0, ' --recursive', '') as command,
  arguments.console,
  coalesce(arguments.remark, arguments.dependents) as remark,
  acknowledged.note as acknowledged,
  bare.id as access_group_id,
  bare.account_id,
  count(*) over () as report_rows
from bare
join accounts on accounts.account_id = bare.account_id
join summaries on summaries.access_group_id = bare.id
join access_group_arguments as arguments on arguments.access_group_id = bare.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'group_no_policies'
  and acknowledged.account_id = bare.account_id
  and acknowledged.finding = bare.id
order by account, bare.account_id, access_group, bare.id
