-- title: Access to service instances through access groups
-- question: Who can access which service instances through a policy of an access group?
-- category: Inventories
-- severity: info
-- why: >
--   Shows who reaches which service instance through an access group, one access path at a time.
-- remediation: >
--   Remove an identity from a group with ibmcloud iam access-group-user-remove GROUP USER, or
--   narrow the policy with ibmcloud iam access-group-policy-update GROUP POLICY_ID.
-- notes: >
--   One row for each access path, which is a combination of instance, identity, group, role, and
--   policy. scope is full, part (of the instance), or conditional. A member who no longer exists
--   has the kind unknown. Policies assigned directly to an identity are not listed, nor is the
--   account owner, who needs no policy. The Public Access group counts as every user and service
--   ID. A large account has millions of access paths, so JSON and CSV end after 10,000 rows.
--   report_rows is the total number of rows, number is the number of each row, and first_row
--   continues from that number.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- parameters:
--   instance: Part of an instance's name, or its GUID or CRN; empty for all.
--   identity: Part of an identity's name, or an IAM ID; empty for all.
--   first_row: Number of the first row to show; to continue, enter the last number shown plus one.
--   most_rows: Number of rows to show at most; empty for 10,000.
-- choices:
--   instance: resource_service_instances.name
--   identity: holder_names.name
-- shown: [instance, identity, kind, role, access_group, scope, membership]
-- breakdown: {by: role}
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
      max(1, cast(coalesce(nullif(:first_row, ''), '1') as integer)) - 1
        + max(1, cast(coalesce(nullif(:most_rows, ''), '10000') as integer)) as last_row
  ),
  wanted_identities as materialized (
    select iam_id
    from identities
    where :identity <> ''
      and (iam_id = :identity or name glob '*' || (select pattern from wanted_identity) || '*')
  ),
  sizes as materialized (
    select access_group_id, identities
    from access_group_summaries
    where coalesce(:identity, '') = '' and identities > 0
    union all
    select access_group_id, count(*)
    from access_group_identities
    where :identity <> '' and iam_id in (select iam_id from wanted_identities)
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
    select target, sum(roles * identities) as ways
    from grants
    where :identity <> ''
    group by target
  ),
  -- By numbers, for there are hundreds of thousands of pairs.
  sums as materialized (
    select instance, ways
    from instance_ways
    where coalesce(:identity, '') = ''
    union all
    select target_pairs.instance, sum(granted.ways)
    from granted
    cross join target_pairs on target_pairs.target = granted.target
    where target_pairs.instance in (select number from instance_facts where instance_id is not null)
    group by target_pairs.instance
  ),
  wanted_instances as materialized (
    select facts.number
    from resource_service_instances as instances
    join instance_facts as facts on facts.instance_id = instances.id
    where :instance <> ''
      and (
        instances.id = :instance
        or instances.guid = :instance
        or instances.name glob '*' || (select pattern from wanted_instance) || '*'
      )
  ),
  -- Numbers of instances are in the order of their names.
  instances as materialized (
    select
      instance,
      ways,
      sum(ways) over (order by instance rows unbounded preceding) as last_row
    from sums
    where coalesce(:instance, '') = '' or instance in (select number from wanted_instances)
  ),
  blocks as materialized (
    select
      instances.instance,
      instances.ways,
      grants.policy_id,
      grants.scope,
      grants.access_group_id,
      grants.identities,
      policy_roles.role_id,
      instances.last_row - instances.ways + sum(grants.identities) over (
        partition by instances.instance
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
  -- The members of each group in order, as one list: so each block takes them from the list, and no
  -- index is made of all of them.
  members as materialized (
    select access_group_id, json_group_array(json_array(iam_id, membership_type)) as list
    from (
      select members.access_group_id, members.iam_id, members.membership_type
      from (select distinct access_group_id from shown_blocks) as groups
      cross join access_group_identities as members
        on members.access_group_id = groups.access_group_id
      where coalesce(:identity, '') = ''
        or members.iam_id in (select iam_id from wanted_identities)
      order by members.access_group_id, members.iam_id
    )
    group by access_group_id
  ),
  -- What all rows of a block have in common is looked up once.
  described as materialized (
    select
      coalesce(accounts.name, accounts.account_id) as account,
      instances.name as instance,
      instances.service_name as service,
      access_groups.name as access_group,
      (
        select public_access.effect
        from public_access
        where public_access.access_group_id = shown_blocks.access_group_id
      ) as public_access,
      coalesce(roles.display_name, roles.role_id) as role,
      shown_blocks.scope,
      shown_blocks.ways as ways_to_instance,
      shown_blocks.access_group_id,
      shown_blocks.policy_id,
      instances.id as instance_id,
      shown_blocks.role_id,
      shown_blocks.last_row - shown_blocks.identities as rows_before
    from shown_blocks
    join instance_facts on instance_facts.number = shown_blocks.instance
    join resource_service_instances as instances on instances.id = instance_facts.instance_id
    join accounts on accounts.account_id = instances.account_id
    join access_groups on access_groups.id = shown_blocks.access_group_id
    join roles on roles.role_id = shown_blocks.role_id
  )
select
  described.account,
  described.instance,
  described.service,
  identities.name as identity,
  identities.kind,
  described.access_group,
  json_extract(member.value, '$[1]') as membership,
  described.public_access,
  described.role,
  described.scope,
  described.ways_to_instance,
  identities.iam_id,
  described.access_group_id,
  described.policy_id,
  described.instance_id,
  described.role_id,
  described.rows_before + member.key + 1 as number,
  (select sum(ways) from instances) as report_rows
from described
cross join members on members.access_group_id = described.access_group_id
cross join json_each(members.list) as member
cross join identities on identities.iam_id = json_extract(member.value, '$[0]')
where described.rows_before + member.key + 1
  between (select first_row from page) and (select last_row from page)
order by number
