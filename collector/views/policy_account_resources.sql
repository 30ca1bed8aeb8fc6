-- title: The account management services that each policy reaches, under the broadest matching name.
-- notes: |
--   What each policy reaches of account management, as policy_account_services has it, under the
--   broadest name that fits: all of it and all of IAM are one row each, other services one row for
--   each. resource is all, IAM or the service; scope as there.
select
  reached.policy_id,
  coalesce(broad.resource, reached.service_name) as resource,
  coalesce(broad.name, services.name) as name,
  coalesce(broad.about, services.about, 'account management') as about,
  reached.scope
from policy_account_services as reached
join account_services as services on services.service_name = reached.service_name
left join (
  select
    column1 as reach,
    column2 as resource,
    column3 as name,
    column4 as about
  from (
    values
    (
      'everything',
      'all',
      'All account management',
      'users, groups, policies, billing and so on'
    ),
    (
      'all_account_management',
      'all',
      'All account management',
      'users, groups, policies, billing and so on'
    ),
    ('all_iam', 'IAM', 'All IAM account management', 'users, groups, identities, policies')
  )
) as broad on broad.reach = reached.reach
group by reached.policy_id, coalesce(broad.resource, reached.service_name)
