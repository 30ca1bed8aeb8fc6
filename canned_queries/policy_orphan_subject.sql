-- title: Policies of somebody who is gone
-- question: Which policies are given to an identity or access group that the account no longer has?
-- category: Policies
-- severity: medium
-- why: >
--   They hide what matters and count towards the account's limit, and whoever joins the account
--   again has the old access at once. People, service IDs and trusted profiles of other accounts
--   look the same: their access may be meant. So do access groups that the collecting token may not
--   see, and people if it may not see the whole list. Each kind is looked at only where its list
--   was read in full; people are not where the account hides its users and the token saw only one.
--   Services of IBM Cloud and compute resources as subjects cannot be looked up.
-- remediation: >
--   Make sure that nobody acts by it from another account, then delete the policy. The command line
--   deletes policies by their subject and cannot do it: use the API, DELETE
--   https://iam.cloud.ibm.com/v2/policies/POLICY_ID. It can be restored for 10 days.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: missing
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
with
  read_parts as materialized (
    select account_id, resource
    from collected_parts
    where status = 'ok'
      and not (
        resource = 'users'
        and account_id in (
          select account_settings.account_id
          from account_settings
          where account_settings.restrict_user_list_visibility = 'RESTRICTED'
        )
        and (select count(*) from users where users.account_id = collected_parts.account_id) <= 1
      )
  ),
  subjects as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      case
        when policies.access_group_id is not null then 'access group'
        when policies.iam_id glob 'iam-ServiceId-*' then 'service ID'
        when policies.iam_id glob 'iam-Profile-*' then 'trusted profile'
        else 'person'
      end as missing,
      case
        when policies.access_group_id is not null then 'access_groups'
        when policies.iam_id glob 'iam-ServiceId-*' then 'serviceids'
        when policies.iam_id glob 'iam-Profile-*' then 'trustedprofiles'
        else 'users'
      end as resource
    from policies
    left join identities on identities.iam_id = policies.iam_id
    left join access_groups on access_groups.id = policies.access_group_id
    where policies.type = 'access'
      and policies.state = 'active'
      and case
        when policies.access_group_id is not null then access_groups.listed = 0
        when policies.iam_id is null then 0
        else identities.kind <> 'service'
          and policies.iam_id not glob 'crn-*'
          and not exists (
            select 1
            from identity_arguments as known
            where known.iam_id = policies.iam_id and known.account_id = policies.account_id
          )
      end
  )
select
  coalesce(accounts.name, policies.account_id) as account,
  descriptions.subject,
  subjects.missing,
  descriptions.target,
  descriptions.roles,
  descriptions.condition,
  policies.created_at,
  policies.last_permit_at,
  1 as policies,
  null as command,
  null as console,
  acknowledged.note as acknowledged,
  policies.iam_id,
  policies.access_group_id,
  policies.id as policy_id,
  policies.account_id,
  count(*) over () as report_rows
from subjects
join read_parts
  on read_parts.account_id = subjects.account_id and read_parts.resource = subjects.resource
join policies on policies.id = subjects.policy_id
join accounts on accounts.account_id = policies.account_id
join policy_descriptions as descriptions on descriptions.policy_id = policies.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_orphan_subject'
  and acknowledged.account_id = policies.account_id
  and acknowledged.finding = policies.id
order by account, policies.account_id, descriptions.subject, policies.id
