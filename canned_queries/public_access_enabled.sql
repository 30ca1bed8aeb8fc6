-- title: Public access is enabled
-- question: In which accounts can policies open resources to everyone, without a login?
-- category: Administrators
-- severity: medium
-- why: >
--   While this setting is enabled, anyone who can create policies for the Public Access group can
--   open an Object Storage bucket to the world, on purpose or by mistake.
-- remediation: >
--   Give those who need such access another access path, then disable public access in the IAM
--   settings in the console; the command line cannot do this.
-- notes: >
--   The setting is enabled in every new account. public_policies counts the active policies of the
--   group, which have a separate report. Access that a service opens by other means, such as its
--   own access lists, is not in this data. When public access is disabled, IBM Cloud deletes all
--   policies of the Public Access group.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.16, v2.0 1.18"
--   - "IBM Cloud Docs: Managing public access to resources"
-- shown: [setting, public_policies, last_modified_at, last_modified_by]
-- breakdown: {by: setting}
-- identifiers: [account_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: accounts
--   y_type: quantitative
select
  coalesce(accounts.name, settings.account_id) as account,
  'public access is on' as setting,
  case
    when exists (
      select 1
      from collected_parts
      where collected_parts.account_id = settings.account_id
        and collected_parts.part = 'policies'
        and collected_parts.status = 'ok'
    ) then (
      select count(*)
      from access_groups
      join granting_policies as policies on policies.access_group_id = access_groups.id
      where access_groups.account_id = settings.account_id
        and access_groups.is_public = 1
        and policies.type = 'access'
    )
  end as public_policies,
  settings.last_modified_at,
  coalesce(identities.name, settings.last_modified_by_id) as last_modified_by,
  1 as accounts,
  null as command,
  'https://cloud.ibm.com/iam/settings' as console,
  acknowledged.note as acknowledged,
  settings.account_id,
  count(*) over () as report_rows
from access_group_settings as settings
join accounts on accounts.account_id = settings.account_id
left join identities on identities.iam_id = settings.last_modified_by_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'public_access_enabled'
  and acknowledged.account_id = settings.account_id
  and acknowledged.finding = settings.account_id
where settings.public_access_enabled = 1
order by account, settings.account_id
