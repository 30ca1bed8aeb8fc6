-- title: Duties that should not be in one hand
-- question: Who can read data and change its keys, or grant access and change what is audited?
-- category: Administrators
-- severity: medium
-- why: >
--   Whoever holds both can do harm and hide it, or lock everybody else out.
-- remediation: >
--   Take one of the two halves away (the row names the policies) and give it to people who do not
--   report to the holder of the other. The rows have no command, since only you know which half to
--   take; acknowledge those that are meant to be, such as emergency administrators.
-- notes: >
--   Two combinations are looked for: reading the content of Secrets Manager or Object Storage, and
--   deleting or disabling keys in Key Protect or Hyper Protect Crypto Services; and granting
--   access (Administrator on IAM Access Management, Administrator or Editor on IAM Access Groups),
--   and changing where audit events go (Administrator, Editor or Manager on atracker or
--   logs-router). One row for each identity or access group and combination, with what gives each
--   half. A group stands for all its members: an identity is listed if it needs direct policies,
--   several groups, or a trusted profile that it may assume by name. Which key protects which data
--   is not looked at. Roles count by their actions where the file has them, else by name; policies
--   under a condition count too. The account owner can do everything, is not a finding and is not
--   listed.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [holder, kind, combination, first_half, second_half, members, public_access]
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
