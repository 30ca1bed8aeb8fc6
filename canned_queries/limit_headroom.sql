-- title: Limits nearly reached
-- question: Which limits of the account, its groups, and its identities are at 80 percent or more?
-- category: Account settings
-- severity: medium
-- why: >
--   At a limit, nothing more can be created, such as a policy for a new team or a key for a
--   rotation.
-- remediation: >
--   Put people with the same policies into one group, name a resource group instead of many
--   instances, and delete what the reports on unused and redundant policies, empty groups, old API
--   keys, and unused service IDs list. Ask IBM Support for a higher limit before you need it.
-- notes: >
--   The limits are those in the IBM Cloud documentation. IBM raises some of them for an account on
--   request; such agreements are not collected. The threshold of 80 percent is ours. The report
--   counts active policies of both types together with context-based restrictions (4020), policies
--   of one identity or group (1000), policies by access tag (500), access groups (500), groups of
--   one person (50, static and dynamic, each counted once), dynamic rules of one group (5),
--   service IDs in one service ID group or in none (2000), trusted profiles (2000), claim rules of
--   one profile (20), API keys of one identity (20, including disabled and expired ones), custom
--   roles (40), and network zones (500). IBM recommends 1000 policies or fewer. What could not be
--   read is not counted. Users and resources are left out, because their limits depend on the
--   plan.
-- references:
--   - "IBM Cloud Docs: IBM Cloud IAM limits"
-- shown: [about, limited, used, maximum, percent, fullness]
-- breakdown: {by: fullness}
-- identifiers: [limit_id, about_id]
-- chart:
--   mark: bar
--   x_column: limited
--   x_type: nominal
--   y_column: limits
--   y_type: quantitative
--   color_column: fullness
with near as materialized (
  select *, used * 100 / maximum as percent from near_limits
)
select
  coalesce(accounts.name, near.account_id) as account,
  coalesce(
    nullif(access_groups.name, ''),
    identities.name,
    serviceid_groups.name,
    iif(near.limit_id = 'service_ids', 'in no group of service IDs', 'the account')
  ) as about,
  near.limited,
  near.used,
  near.maximum,
  near.percent,
  case
    when near.percent >= 100 then '100 % or more'
    when near.percent >= 90 then '90 to 99 %'
    else '80 to 89 %'
  end as fullness,
  1 as limits,
  null as command,
  case near.limit_id
    when 'access_groups' then 'https://cloud.ibm.com/iam/groups'
    when 'service_ids' then 'https://cloud.ibm.com/iam/serviceids'
    when 'trusted_profiles' then 'https://cloud.ibm.com/iam/trusted-profiles'
    when 'custom_roles' then 'https://cloud.ibm.com/iam/roles'
    when 'network_zones' then 'https://cloud.ibm.com/context-based-restrictions/zones'
    when 'keys_of_identity' then iif(
      words.kind = 'service_id',
      replace(words.console, '?tab=iam', '?tab=apikeys'),
      'https://cloud.ibm.com/iam/apikeys'
    )
    else coalesce(group_words.console, words.console)
  end as console,
  acknowledged.note as acknowledged,
  identities.iam_id,
  access_groups.id as access_group_id,
  near.limit_id,
  near.about_id,
  near.account_id,
  count(*) over () as report_rows
from near
join accounts on accounts.account_id = near.account_id
left join access_groups on access_groups.id = near.about_id
left join access_group_arguments as group_words
  on group_words.access_group_id = access_groups.id
left join identities on identities.iam_id = near.about_id
left join identity_arguments as words
  on words.iam_id = near.about_id and words.account_id = near.account_id
left join serviceid_groups on serviceid_groups.id = near.about_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'limit_headroom'
  and acknowledged.account_id = near.account_id
  and acknowledged.finding = near.limit_id || ' ' || near.about_id
order by account, near.account_id, near.percent desc, near.place, about, near.about_id
