-- title: Empty access groups
-- question: Which access groups have neither members nor dynamic rules?
-- category: Access groups
-- severity: low
-- why: >
--   Nobody uses what an empty group grants, and anyone who is added later gets policies that
--   nobody has reviewed in a long time.
-- remediation: >
--   Delete the group and its policies with the command, or add those who need the group with
--   ibmcloud iam access-group-user-add GROUP USER.
-- notes: >
--   The policies of an empty group count toward the account's limits. A group with a dynamic rule
--   is not listed, because its members are added when they log in. The data does not show whether
--   a group is kept ready on purpose or was created by an enterprise template; change a group from
--   a template in the enterprise. The Public Access group, which has no list of members, is left
--   out.
-- references:
--   - "IBM Cloud Docs: Setting up access groups"
-- shown: [access_group, grants, policies, created_at, description]
-- breakdown: {by: grants}
-- identifiers: [access_group_id]
-- chart:
--   mark: bar
--   x_column: grants
--   x_type: nominal
--   y_column: groups
--   y_type: quantitative
with
  read as materialized (
    select account_id from collected_parts where part = 'policies' and status = 'ok'
  ),
  counted as materialized (
    select
      empty_groups.*,
      empty_groups.account_id in (select account_id from read) as policies_were_read,
      (
        select count(*)
        from granting_policies as policies
        where policies.access_group_id = empty_groups.id
          and policies.type = 'access'
      ) as policies
    from empty_groups
  )
select
  coalesce(accounts.name, counted.account_id) as account,
  coalesce(nullif(counted.name, ''), counted.id) as access_group,
  counted.description,
  iif(counted.policies_were_read, counted.policies, null) as policies,
  case
    when not counted.policies_were_read then 'not known'
    when counted.policies > 0 then 'has policies'
    else 'has no policies'
  end as grants,
  counted.created_at,
  1 as groups,
  'ibmcloud iam access-group-delete ' || arguments.word as command,
  arguments.console,
  coalesce(arguments.remark, arguments.dependents) as remark,
  acknowledged.note as acknowledged,
  counted.id as access_group_id,
  counted.account_id,
  count(*) over () as report_rows
from counted
join accounts on accounts.account_id = counted.account_id
join access_group_arguments as arguments on arguments.access_group_id = counted.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'group_empty'
  and acknowledged.account_id = counted.account_id
  and acknowledged.finding = counted.id
order by account, counted.account_id, access_group, counted.id
