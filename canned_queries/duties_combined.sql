-- title: Separation of duties conflicts
-- question: >
--   Who can both read data and delete its keys, or both grant access and change what is audited?
-- category: Administrators
-- severity: medium
-- why: >
--   Anyone with both halves can cause damage and hide it, or lock everyone else out.
-- remediation: >
--   Remove one of the two halves (the row names the policies) and give it to someone outside the
--   holder's reporting line. The rows have no command, because only you know which half to remove;
--   acknowledge intended ones, such as emergency administrators.
-- notes: >
--   The report checks for two combinations. The first is reading the content of Secrets Manager or
--   Object Storage, and deleting or disabling keys in Key Protect or Hyper Protect Crypto
--   Services. The second is granting access (Administrator on IAM Access Management, or
--   Administrator or Editor on IAM Access Groups), and changing where audit events go
--   (Administrator, Editor, or Manager on atracker or logs-router). There is one row for each
--   combination and identity or access group, with what gives each half. A group or trusted
--   profile that gives both halves represents everyone in it. An identity is listed only if no
--   single group or profile gives it both, but its direct policies, its groups, and the trusted
--   profiles that trust it by name do so together. Which key protects which data is not checked.
--   Roles count by their actions if the file has them, otherwise by name; policies with a
--   condition count too. The account owner can do everything, is not a finding, and is not listed.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [holder, kind, combination, first_half, second_half, members, public_access]
-- breakdown: {by: combination}
-- identifiers: [holder_id, combination]
-- chart:
--   mark: bar
--   x_column: combination
--   x_type: nominal
--   y_column: holders
--   y_type: quantitative
--   color_column: kind
select
  coalesce(accounts.name, holders.account_id) as account,
  case
    when holders.access_group_id is not null then summaries.name
    else coalesce(identities.name, holders.holder_id)
  end as holder,
  case
    when holders.access_group_id is not null then 'access group'
    else replace(coalesce(identities.kind, 'unknown'), '_', ' ')
  end as kind,
  holders.combination,
  holders.first_half,
  holders.second_half,
  summaries.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = holders.access_group_id
  ) as public_access,
  1 as holders,
  null as command,
  coalesce(groups.console, arguments.console) as console,
  acknowledged.note as acknowledged,
  holders.holder_id,
  iif(holders.access_group_id is null, holders.holder_id, null) as iam_id,
  holders.access_group_id,
  holders.account_id,
  count(*) over () as report_rows
from combined_duties as holders
join accounts on accounts.account_id = holders.account_id
left join access_group_summaries as summaries
  on summaries.access_group_id = holders.access_group_id
left join access_group_arguments as groups on groups.access_group_id = holders.access_group_id
left join identities on identities.iam_id = holders.holder_id
left join identity_arguments as arguments
  on arguments.iam_id = holders.holder_id and arguments.account_id = holders.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'duties_combined'
  and acknowledged.account_id = holders.account_id
  and acknowledged.finding = holders.holder_id || ' ' || holders.combination
where coalesce(summaries.is_missing, 0) = 0
order by account, holders.account_id, holder, holders.holder_id, holders.combination
