-- title: Policies of the Public Access group
-- question: What do policies of the Public Access group open to everyone?
-- category: Administrators
-- severity: critical
-- why: >
--   The Public Access group's policies apply to every user and service ID of the account. While
--   public access is enabled, they also apply to anyone in the world without a login, unless the
--   account limits external identities.
-- remediation: >
--   Delete the policy with its command if the world needs no access, and create an access group
--   for those who do need it. Acknowledge what is public on purpose.
-- notes: >
--   effect shows whether both settings let the policy take effect. IBM's documentation mentions
--   only Object Storage buckets as resources that can be opened this way. A policy on anything
--   else is listed nevertheless, because what it grants the users of the account was not tested.
--   Access that a service opens by other means, such as its own access lists, is not in this data.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.16, v2.0 1.18"
--   - "IBM Cloud Docs: Managing public access to resources"
-- shown: [target, roles, effect, condition, description, created_at, last_permit_at]
-- breakdown: {by: effect}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: effect
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  public as materialized (
    select policies.*
    from access_groups
    join granting_policies as policies on policies.access_group_id = access_groups.id
    where access_groups.is_public = 1
      and policies.type = 'access'
  ),
  descriptions as materialized (
    select policy_id, target, roles, condition
    from policy_descriptions
    where policy_id in (select id from public)
  )
select
  coalesce(accounts.name, public.account_id) as account,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  public_access.effect,
  public.description,
  public.created_at,
  public.last_permit_at,
  1 as policies,
  remediations.delete_command as command,
  -- The ID by which IBM Cloud knows it in every account.
  'https://cloud.ibm.com/iam/groups/AccessGroupId-PublicAccess?tab=iam' as console,
  remediations.remark,
  acknowledged.note as acknowledged,
  public.id as policy_id,
  public.account_id,
  count(*) over () as report_rows
from public
join accounts on accounts.account_id = public.account_id
join descriptions on descriptions.policy_id = public.id
join policy_remediations as remediations on remediations.policy_id = public.id
left join public_access on public_access.access_group_id = public.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'public_policies'
  and acknowledged.account_id = public.account_id
  and acknowledged.finding = public.id
order by account, public.account_id, descriptions.target, public.id
