-- title: Policies by scope
-- question: How much are policies about, from the whole account to part of an instance?
-- category: Inventories
-- severity: info
-- why: >
--   Access that is given instance by instance, or resource group by resource group, stays small;
--   what is given on all services grows with the account. One row for each scope and type of active
--   policies; place 1 is the broadest. The scope of an authorization is that of its target. The
--   scope says nothing about the roles: Viewer on all services is less than Manager on one.
--   conditional_policies hold at certain times or on certain resources only; never_used ones have
--   not permitted anything so far.
-- remediation: >
--   Nothing is to be mended here: the reports on broad policies list single ones, with commands.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
-- chart:
--   mark: bar
--   x_column: scope
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: type
with
  breadths(place, scope) as (
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
    (12, 'part of an instance')
  ),
  counted as materialized (
    select
      policy_scopes.account_id,
      policy_scopes.scope,
      policy_scopes.type,
      count(*) as policies,
      sum(policy_scopes.is_conditional) as conditional_policies,
      sum(policies.last_permit_at is null) as never_used,
      count(distinct policies.access_group_id) as access_groups,
      count(distinct policies.iam_id) as identities
    from policy_scopes
    join policies on policies.id = policy_scopes.policy_id
    group by policy_scopes.account_id, policy_scopes.scope, policy_scopes.type
  )
select
  coalesce(accounts.name, counted.account_id) as account,
  counted.scope,
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
left join breadths on breadths.scope = counted.scope
order by account, counted.account_id, breadths.place, counted.scope, counted.type
