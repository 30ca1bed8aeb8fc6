-- title: Policies on deleted instances and resource groups
-- question: Which policies apply to a service instance or a resource group that no longer exists?
-- category: Policies
-- severity: medium
-- why: >
--   Such policies permit nothing, distract from the ones that matter, and count toward the
--   account's limit.
-- remediation: >
--   Make sure that the target no longer exists, then delete the policy with its command; it can be
--   restored for 10 days.
-- notes: >
--   For an authorization, the source is checked as well. A target counts as deleted only if it is
--   found nowhere: an instance exists in every state, even while its deletion is pending, and so
--   does anything that search, a service credential, a trusted profile's link, a tag, or another
--   service's authorization names. A list or pattern is listed only if nothing in it exists, and
--   nothing is listed if search or the list that would show it was not read in full. VPC and
--   account management have no instances, and other accounts are known only if they are in this
--   file; those cannot be decided and are left out. Instances and resource groups that the
--   collecting token may not view look as if they did not exist; a resource group that contains
--   something known is considered to exist. A policy created by an enterprise template has no
--   command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [subject, gone, missing, target, roles, type, last_permit_at]
-- breakdown: {by: missing}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: missing
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: type
with
  -- Attributes of which no value exists: one of them is enough, for all attributes must hold.
  orphans as materialized (
    select policy_id, side, kind, group_concat(value, ' or ') as names
    from (select * from missing_values where is_all order by policy_id, side, position, number)
    group by policy_id, side, position
  ),
  found as materialized (
    select
      policy_id,
      max(kind) as missing,
      group_concat(iif(side = 'source', 'source ', '') || kind || ' ' || names, ', ') as gone
    from (select * from orphans order by policy_id, side, kind, names)
    group by policy_id
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  found.gone,
  found.missing,
  descriptions.target,
  descriptions.roles,
  policies.type,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  policy_commands.command,
  policy_commands.console,
  policy_commands.remark,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from found
join policies on policies.id = found.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
join policy_commands on policy_commands.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_orphan_target'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
where policies.state = 'active'
order by account, policies.account_id, descriptions.subject, policies.id
