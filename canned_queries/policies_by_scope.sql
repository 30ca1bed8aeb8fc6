-- title: Policies by breadth
-- question: How much do policies cover, from the whole account to part of an instance?
-- category: Inventories
-- severity: info
-- why: >
--   Access that is granted for each instance or resource group stays small. Access to all services
--   grows with the account.
-- remediation: >
--   There is nothing to fix here. The reports on broad policies list individual policies, with
--   commands.
-- notes: >
--   One row for each breadth and type of active policies, the broadest first. The breadth of an
--   authorization is that of its target. Breadth does not reflect the roles: Viewer on all
--   services is less than Manager on one. conditional_policies counts policies that apply only at
--   certain times or to certain resources. never_used counts policies that have not permitted
--   anything so far.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
-- shown: [breadth, type, policies, conditional_policies, never_used, access_groups, identities]
-- breakdown: {by: breadth, of: policies}
-- chart:
--   mark: bar
--   x_column: breadth
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: type
with
  breadths(place, breadth) as (
    values
    (1, 'whole account'),
    (2, 'all services'),
    (3, 'all account management services'),
    (4, 'all IAM services'),
    (5, 'access tags'),
    (6, 'region'),
    (7, 'resource group'),
    (8, 'resource group itself'),
    (9, 'one service'),
    (10, 'one service in a resource group'),
    (11, 'one instance'),
    (12, 'part of an instance'),
    (13, 'another account'),
    (14, 'ended')
  ),
  counted as materialized (
    select
      policy_breadths.account_id,
      policy_breadths.breadth,
      policy_breadths.type,
      count(*) as policies,
      sum(policy_breadths.is_conditional) as conditional_policies,
      sum(policies.last_permit_at is null) as never_used,
      count(distinct policies.access_group_id) as access_groups,
      count(distinct policies.iam_id) as identities
    from policy_breadths
    join policies on policies.id = policy_breadths.policy_id
    group by policy_breadths.account_id, policy_breadths.breadth, policy_breadths.type
  )
select
  coalesce(accounts.name, counted.account_id) as account,
  counted.breadth,
  counted.type,
  counted.policies,
  counted.conditional_policies,
  counted.never_used,
  counted.access_groups,
  counted.identities,
  breadths.place,
  counted.account_id,
  count(*) over () as report_rows
from counted
join accounts on accounts.account_id = counted.account_id
left join breadths on breadths.breadth = counted.breadth
order by account, counted.account_id, breadths.place, counted.breadth, counted.type
