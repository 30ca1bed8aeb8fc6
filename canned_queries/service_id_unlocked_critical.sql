-- title: Privileged service IDs that are not locked
-- question: Which service IDs are privileged and can be deleted or changed by mistake?
-- category: Service IDs
-- severity: low
-- why: >
--   If a privileged service ID is deleted, whatever runs with it stops. Locking the service ID
--   prevents this.
-- remediation: >
--   Lock it with its command, or remove the privileges if nothing needs them.
-- notes: >
--   Until it is unlocked, a locked service ID cannot be deleted, nor can its policies be changed;
--   it can still be removed from groups. Privileged means Administrator on account management as a
--   whole, on IAM, or on users, or Administrator or Manager on all services, through direct
--   policies, groups, or trusted profiles that trust the service ID by its ID. What the Public
--   Access group grants everyone does not count. Whether a program depends on the service ID
--   cannot be seen.
-- references:
--   - "IBM Cloud Docs: Locking and unlocking service IDs"
-- shown: [serviceid, privileges, through, created_at, description]
-- breakdown: {by: through}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: through
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  powers as materialized (
    select
      account_id,
      iam_id,
      group_concat(why, '; ') as privileges,
      max(is_direct and access_group_id is null) as by_itself,
      max(is_direct and access_group_id is not null) as through_groups,
      max(not is_direct) as through_profiles
    from (
      select distinct account_id, iam_id, access_group_id, acting_as = iam_id as is_direct, why
      from administrator_ways
      where membership is not 'public'
        and iam_id in (select iam_id from serviceids where coalesce(locked, 0) = 0)
      order by account_id, iam_id, is_direct desc, why
    )
    group by account_id, iam_id
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  powers.privileges,
  case
    when powers.through_profiles and not powers.through_groups and not powers.by_itself
      then 'trusted profiles'
    else
      case
        when powers.through_groups and powers.by_itself
          then iif(powers.through_profiles, 'its own policies, access groups', 'both')
        when powers.through_groups then 'access groups'
        else 'its own policies'
      end || iif(powers.through_profiles, ' and trusted profiles', '')
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
