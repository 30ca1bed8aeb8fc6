-- title: Service IDs with administrator access
-- question: Which service IDs are full administrators or privileged?
-- category: Administrators
-- severity: critical
-- why: >
--   Anyone who has an API key of such a service ID can do everything that it can, from anywhere
--   and without MFA.
-- remediation: >
--   Give the service ID only the access that its program needs, on the instances it needs, then
--   remove the privileges with the command. It deletes the privileged policies and removes the
--   service ID from privileged groups and from the trust of privileged profiles.
-- notes: >
--   rank is full administrator (Administrator and Manager on all services and Administrator on all
--   account management services, without a condition) or privileged: an active policy for
--   Administrator on account management as a whole, on IAM, or on users, or for Administrator or
--   Manager on all services, even with a condition. Direct policies, access groups including
--   Public Access, and trusted profiles that trust the service ID by its ID are evaluated
--   together. enabled_keys counts its API keys that are not disabled, including expired ones; it
--   is empty if they were not read. Privileges by resource group or by service are not checked
--   here. The command also removes everything else that those groups and trusted profiles grant.
--   There is no command if an enterprise template created a policy or a trusted profile, nor to
--   remove a service ID that shares its name with another from a group. If a service ID is locked,
--   the command unlocks it first.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.15, v2.0 1.17"
--   - "IBM Cloud Docs: Creating and working with service IDs"
-- shown: [serviceid, rank, privileges, through, enabled_keys, is_locked, description]
-- breakdown: {by: rank}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: rank
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
--   color_column: through
with
  admins as materialized (
    select serviceids.*, administrators.rank, administrators.privileges, administrators.through
    from serviceids
    join administrators
      on administrators.iam_id = serviceids.iam_id
      and administrators.account_id = serviceids.account_id
  ),
  keys_read as materialized (
    select account_id from collected_parts where part = 'apikeys' and status = 'ok'
  )
select
  coalesce(accounts.name, admins.account_id) as account,
  coalesce(nullif(admins.name, ''), admins.id) as serviceid,
  admins.description,
  admins.rank,
  admins.privileges,
  admins.through,
  (
    select max(public_access.effect)
    from administrator_ways as ways
    join public_access on public_access.access_group_id = ways.access_group_id
    where ways.account_id = admins.account_id
      and ways.iam_id = admins.iam_id
      and ways.membership = 'public'
  ) as public_access,
  iif(admins.locked = 1, 'yes', 'no') as is_locked,
  iif(
    admins.account_id in (select account_id from keys_read),
    (
      select count(*)
      from apikeys
      where apikeys.iam_id = admins.iam_id
        and apikeys.account_id = admins.account_id
        and coalesce(apikeys.disabled, 0) = 0
    ),
    null
  ) as enabled_keys,
  admins.created_at,
  1 as service_ids,
  commands.command,
  arguments.console,
  commands.remark,
  acknowledged.note as acknowledged,
  admins.iam_id,
  admins.id as serviceid_id,
  admins.account_id,
  count(*) over () as report_rows
from admins
join accounts on accounts.account_id = admins.account_id
left join administrator_remediations as commands
  on commands.iam_id = admins.iam_id and commands.account_id = admins.account_id
left join identity_arguments as arguments
  on arguments.iam_id = admins.iam_id and arguments.account_id = admins.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_admins'
  and acknowledged.account_id = admins.account_id
  and acknowledged.finding = admins.id
order by account, admins.account_id, admins.rank, serviceid, admins.id
