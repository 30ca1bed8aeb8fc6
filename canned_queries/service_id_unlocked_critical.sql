-- title: Privileged service IDs that are not locked
-- question: Which service IDs are privileged and can be deleted or changed by mistake?
-- category: Service IDs
-- severity: low
-- why: >
--   What runs the account stops when its service ID is deleted. A locked service ID cannot be
--   deleted, nor can its policies be changed, until it is unlocked; it can still be taken out of
--   groups. Privileged means Administrator on account management as a whole, on IAM or on users,
--   or Administrator or Manager on all services, through policies of its own or through groups.
--   What the Public Access group grants everybody does not count. Whether a program depends on
--   the service ID cannot be seen.
-- remediation: >
--   Lock it with the command in its row, or take the privileges away if nothing needs them.
-- references:
--   - "IBM Cloud Docs: Locking and unlocking service IDs"
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: through
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  privileged as materialized (
    select policy_id, account_id, iam_id, access_group_id, why from privileged_policies
  ),
  holders as (
    select account_id, iam_id, null as access_group, why as privilege
    from privileged
    where iam_id is not null
    union
    select
      privileged.account_id,
      members.iam_id,
      access_groups.id,
      privileged.why || ' (access group ' || coalesce(
        nullif(access_groups.name, ''), access_groups.id
      ) || ')'
    from privileged
    join access_groups on access_groups.id = privileged.access_group_id
    join access_group_members as members on members.group_id = access_groups.id
    where access_groups.is_public = 0
  ),
  powers as materialized (
    select
      account_id,
      iam_id,
      group_concat(privilege, '; ') as privileges,
      count(*) as ways,
      count(access_group) as ways_through_groups
    from (select * from holders order by account_id, iam_id, privilege, access_group)
    group by account_id, iam_id
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  powers.privileges,
  case powers.ways_through_groups
    when powers.ways then 'access groups'
    when 0 then 'its own policies'
    else 'both'
  end as through,
  serviceids.created_at,
  1 as service_ids,
  'ibmcloud iam service-id-lock ' || arguments.word as command,
  arguments.console,
  acknowledged.note as acknowledged,
  serviceids.iam_id,
  serviceids.id as serviceid_id,
  serviceids.account_id,
  count(*) over () as report_rows
from serviceids
join accounts on accounts.account_id = serviceids.account_id
join powers
  on powers.iam_id = serviceids.iam_id and powers.account_id = serviceids.account_id
join identity_arguments as arguments
  on arguments.iam_id = serviceids.iam_id and arguments.account_id = serviceids.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_unlocked_critical'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
where coalesce(serviceids.locked, 0) = 0
order by account, serviceids.account_id, serviceid, serviceids.id
