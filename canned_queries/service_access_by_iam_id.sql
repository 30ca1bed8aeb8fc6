-- title: Access to service instances through groups
-- question: Which service instances are accessible by whom through a policy of an access group?
-- category: Inventories
-- severity: info
-- why: >
--   Shows who reaches which service instance through an access group, path by path.
-- remediation: >
--   Remove somebody from a group with ibmcloud iam access-group-user-remove GROUP USER, or narrow
--   the policy with ibmcloud iam access-group-policy-update GROUP POLICY_ID.
-- notes: >
--   One row for each access path: instance, identity, group, role and policy. scope is full, part
--   (of the instance) or conditional; a member who no longer exists has the kind unknown. Not
--   here: policies assigned directly to an identity, and the account owner, who needs no policy.
--   The Public Access group stands for every user and service ID. A large account has millions of
--   access paths: an answer ends after 20,000 rows. report_rows is the number of all, number is
--   the row's own, and first_row goes on from there.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   instance: Part of an instance's name, or its GUID or CRN; empty for all.
--   identity: Part of somebody's name, or an IAM ID; empty for all.
--   first_row: Number of the first row to show; to go on, the last number shown plus one.
-- choices:
--   instance: resource_service_instances.name
--   identity: holder_names.name
-- shown: [instance, identity, kind, role, access_group, scope, membership]
-- chart:
--   mark: circle
--   x_column: instance
--   x_type: nominal
--   y_column: ways_to_instance
--   y_type: quantitative
with
  -- What was asked for as a pattern that fits it in any case.
  wanted_identity as materialized (
    select group_concat(coalesce(pattern, substr(:identity, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:identity) order by place)
    left join letter_cases on letter_cases.letter = substr(:identity, place, 1)
  ),
  wanted_instance as materialized (
    select group_concat(coalesce(pattern, substr(:instance, place, 1)), '') as pattern
    from (select place from text_places where place <= length(:instance) order by place)
    left join letter_cases on letter_cases.letter = substr(:instance, place, 1)
  ),
  -- All rows of a large account are many millions. They are counted without being made (roles of
  -- a policy times identities of its group, for each instance that it reaches); only the blocks
  -- of rows (one instance, policy and role) that the answer shows are made.
  page as materialized (
    select
      max(1, cast(coalesce(nullif(:first_row, ''), '1') as integer)) as first_row,
      max(1, cast(coalesce(nullif(:first_row, ''), '1') as integer)) + 19999 as last_row
  ),
  members as materialized (
    select access_group_id, iam_id, membership_type
    from access_group_identities
    where coalesce(:identity, '') = ''
      or iam_id = :identity
      or iam_id in (
        select identities.iam_id
        from identities
        where identities.name glob '*' || (select pattern from wanted_identity) || '*'
      )
  ),
  sizes as materialized (
    select access_group_id, count(*) as identities
    from members
    group by access_group_id
  ),
  grants as materialized (
    select
      policy_targets.policy_id,
      targets.number as target,
      policy_targets.scope,
      policies.access_group_id,
      sizes.identities,
      (
        select count(*) from policy_roles where policy_roles.policy_id = policies.id
      ) as roles
    from policy_targets
    join targets on targets.target_id = policy_targets.target_id
    join policies on policies.id = policy_targets.policy_id
    join sizes on sizes.access_group_id = policies.access_group_id
  ),
  granted as materialized (
    select target, sum(roles * identities) as ways from grants group by target
  ),
  -- By numbers, for there are hundreds of thousands of pairs.
  sums as materialized (
    select target_pairs.instance, sum(granted.ways) as ways
    from granted
    join target_pairs on target_pairs.target = granted.target
    group by target_pairs.instance
  ),
  instances as materialized (
    select
      instances.id,
      instances.name,
      instances.service_name,
      instances.account_id,
      sums.instance,
      sums.ways,
      sum(sums.ways) over (order by instances.name, instances.id) as last_row
    from sums
    join instance_facts on instance_facts.number = sums.instance
    join resource_service_instances as instances on instances.id = instance_facts.instance_id
    where coalesce(:instance, '') = ''
      or instances.id = :instance
      or instances.guid = :instance
      or instances.name glob '*' || (select pattern from wanted_instance) || '*'
  ),
  blocks as materialized (
    select
      instances.id as instance_id,
      grants.policy_id,
      grants.scope,
      grants.access_group_id,
      grants.identities,
      policy_roles.role_id,
      instances.last_row - instances.ways + sum(grants.identities) over (
        partition by instances.id
        order by access_groups.name, access_groups.id, grants.policy_id, policy_roles.role_id
      ) as last_row
    from instances
    join target_pairs as reached on reached.instance = instances.instance
    join grants on grants.target = reached.target
    join access_groups on access_groups.id = grants.access_group_id
    join policy_roles on policy_roles.policy_id = grants.policy_id
    where instances.last_row >= (select first_row from page)
      and instances.last_row - instances.ways < (select last_row from page)
  ),
  shown_blocks as materialized (
    select *
    from blocks
    where last_row >= (select first_row from page)
      and last_row - identities < (select last_row from page)
  ),
  shown_members as materialized (
    select
      members.*,
      row_number() over (partition by access_group_id order by iam_id) as number
    from members
    where access_group_id in (select access_group_id from shown_blocks)
  ),
  ways as (
    select
      shown_blocks.*,
      shown_members.iam_id,
      shown_members.membership_type,
      shown_blocks.last_row - shown_blocks.identities + shown_members.number as number
    from shown_blocks
    join shown_members on shown_members.access_group_id = shown_blocks.access_group_id
  )
select
  coalesce(accounts.name, accounts.account_id) as account,
  instances.name as instance,
  instances.service_name as service,
  identities.name as identity,
  identities.kind,
  access_groups.name as access_group,
  ways.membership_type as membership,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = ways.access_group_id
  ) as public_access,
  coalesce(roles.display_name, roles.role_id) as role,
  ways.scope,
  instances.ways as ways_to_instance,
  ways.iam_id,
  ways.access_group_id,
  ways.policy_id,
  instances.id as instance_id,
  ways.role_id,
  ways.number,
  (select sum(ways) from instances) as report_rows
from ways
join instances on instances.id = ways.instance_id
join accounts on accounts.account_id = instances.account_id
join identities on identities.iam_id = ways.iam_id
join access_groups on access_groups.id = ways.access_group_id
join roles on roles.role_id = ways.role_id
where ways.number between (select first_row from page) and (select last_row from page)
order by ways.number
