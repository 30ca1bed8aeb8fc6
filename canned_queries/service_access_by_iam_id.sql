-- title: Access to service instances through groups
-- question: Which service instances are accessible by whom through a policy of an access group?
-- category: Service instances
-- severity: info
-- why: >
--   One row for each way in: instance, identity, group, role and policy. scope is full, part (of
--   the instance) or conditional. Not here: policies given to an identity itself, policies by
--   access tag, and the account owner, who needs no policy. The Public Access group stands for
--   every user and service ID. A large account has millions of ways in: instances come in the
--   order of their names, as many as fit into 5,000 rows; report_rows is the number of all, and
--   from_instance goes on from there.
-- remediation: >
--   Remove somebody from a group with ibmcloud iam access-group-user-remove GROUP USER, or narrow
--   the policy with ibmcloud iam access-group-policy-update GROUP POLICY_ID.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   instance: Part of an instance's name, or its GUID or CRN; empty for all.
--   identity: Part of somebody's name, or an IAM ID; empty for all.
--   from_instance: Begin with this name in the alphabet; empty for the first.
-- chart:
--   mark: bar
--   x_column: instance
--   x_type: nominal
--   y_column: ways_to_instance
--   y_type: quantitative
with
  chosen_identities as materialized (
    select iam_id
    from identities
    where coalesce(:identity, '') = ''
      or iam_id = :identity
      or instr(lower(name), lower(:identity)) > 0
  ),
  memberships as materialized (
    select access_group_id, iam_id, membership_type
    from access_group_identities
    where iam_id in (select iam_id from chosen_identities)
  ),
  group_policies as materialized (
    select
      policies.id as policy_id,
      policies.access_group_id,
      policy_targets.account_id,
      policy_targets.target,
      policy_targets.scope,
      members.number * (
        select count(*) from policy_roles where policy_roles.policy_id = policies.id
      ) as ways
    from policy_targets
    join policies on policies.id = policy_targets.policy_id
    join (
      select access_group_id, count(*) as number from memberships group by access_group_id
    ) as members on members.access_group_id = policies.access_group_id
  ),
  -- Policies with the same target reach the same instances: one of each is asked.
  targets as materialized (
    select account_id, target, min(policy_id) as policy_id, sum(ways) as ways
    from group_policies
    group by account_id, target
  ),
  chosen_instances as materialized (
    select id, name
    from resource_service_instances
    where coalesce(:instance, '') = ''
      or id = :instance
      or guid = :instance
      or instr(lower(name), lower(:instance)) > 0
  ),
  reached_by_one as materialized (
    select policy_id, instance_id
    from policy_instances
    where policy_id in (select policy_id from targets)
      and +instance_id in (select id from chosen_instances)
  ),
  reached as materialized (
    select targets.account_id, targets.target, targets.ways, reached_by_one.instance_id
    from reached_by_one
    join targets on targets.policy_id = reached_by_one.policy_id
  ),
  ways_to_instances as materialized (
    select
      chosen_instances.id,
      sum(reached.ways) as ways,
      sum(sum(reached.ways)) over () as all_ways,
      sum(sum(reached.ways)) over (
        partition by coalesce(chosen_instances.name, '') < coalesce(:from_instance, '')
        order by chosen_instances.name, chosen_instances.id
      ) as ways_so_far,
      coalesce(chosen_instances.name, '') >= coalesce(:from_instance, '') as is_in_order
    from reached
    join chosen_instances on chosen_instances.id = reached.instance_id
    group by chosen_instances.id
  ),
  shown as materialized (
    select id, ways, all_ways
    from ways_to_instances
    where is_in_order and (ways_so_far <= 5000 or ways_so_far = ways)
  )
select
  coalesce(accounts.name, instances.account_id) as account,
  instances.name as instance,
  instances.service_name as service,
  identities.name as identity,
  identities.kind,
  access_groups.name as access_group,
  memberships.membership_type as membership,
  coalesce(roles.display_name, policy_roles.role_id) as role,
  group_policies.scope,
  shown.ways as ways_to_instance,
  memberships.iam_id,
  group_policies.access_group_id,
  group_policies.policy_id,
  instances.id as instance_id,
  policy_roles.role_id,
  shown.all_ways as report_rows
from shown
join resource_service_instances as instances on instances.id = shown.id
join accounts on accounts.account_id = instances.account_id
join reached on reached.instance_id = shown.id
join group_policies
  on group_policies.account_id = reached.account_id and group_policies.target = reached.target
join memberships on memberships.access_group_id = group_policies.access_group_id
join identities on identities.iam_id = memberships.iam_id
join access_groups on access_groups.id = group_policies.access_group_id
join policy_roles on policy_roles.policy_id = group_policies.policy_id
join roles on roles.role_id = policy_roles.role_id
order by
  instances.name,
  instances.id,
  identities.name,
  memberships.iam_id,
  access_groups.name,
  group_policies.policy_id,
  role,
  policy_roles.role_id
