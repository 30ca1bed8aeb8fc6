-- title: Who can read secrets, keys, and stored objects
-- question: Which identities and access groups can read the content of secrets, keys, and buckets?
-- category: Administrators
-- severity: high
-- why: >
--   Secrets, keys, and stored objects are what an attacker is after. A row is not necessarily a
--   mistake; first check the identities that reach the most.
-- remediation: >
--   Replace a broad policy with one for a single instance, or for a part of it (a secret group,
--   key ring, or bucket). The rows have no command, because only you know what is needed;
--   acknowledge those that are intended.
-- notes: >
--   There is one row for each identity or access group with a policy and each of the services
--   secrets-manager, kms, hs-crypto, and cloud-object-storage, if one of its policies reaches an
--   instance with a role that reads content. reach is the broadest scope of the policies. how is
--   full if one of them reaches a whole instance, otherwise part or conditional. A role counts by
--   its actions on the service, which makes platform roles count as well; the actions are
--   secret.read, secrets.read or secrets.unwrap (decrypt with a key), and object.get. If the file
--   has no actions of a role for the service, the role counts by name: Reader, Writer, and Manager
--   (for secrets-manager only Writer and Manager), ReaderPlus, SecretsReader, Content Reader, and
--   Object Reader; a custom role then does not count. The report does not check databases (whose
--   content has its own passwords) and App ID; Administrator, Editor, and Operator if they read
--   nothing themselves, although they might be able to grant themselves a role or create a
--   credential; service credentials; service-to-service authorizations; bucket firewalls; or the
--   account owner, who can read everything. Groups that no longer exist and removed instances are
--   left out. members counts the identities in a group, with dynamic members as of their last
--   login. If public access is enabled, anyone can use what the Public Access group has on a
--   bucket. To narrow a policy: ibmcloud iam access-group-policy-update GROUP POLICY_ID --roles
--   ROLES --service-name SERVICE --service-instance GUID (user-policy-update,
--   service-policy-update, and trusted-profile-policy-update for other subjects).
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
-- shown: [holder, kind, service, roles, reach, how, instances]
-- breakdown: {by: service}
-- identifiers: [holder_id, service]
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: holders
--   y_type: quantitative
--   color_column: reach
with
  reading_roles as materialized (
    select service, role_id from sensitive_roles where duty = 'reads content'
  ),
  granting as materialized (
    select policy_roles.policy_id, reading_roles.service, policy_roles.role_id
    from policy_roles
    join reading_roles on reading_roles.role_id = policy_roles.role_id
  ),
  instances as materialized (
    select facts.number, instances.account_id, instances.service_name as service
    from resource_service_instances as instances
    join instance_facts as facts on facts.instance_id = instances.id
    where instances.service_name in (select service from reading_roles)
      and coalesce(instances.state, '') not in ('removed', 'pending_removal')
  ),
  totals as materialized (
    select account_id, service, count(*) as instances
    from instances
    group by account_id, service
  ),
  candidates as materialized (
    select
      policy_targets.policy_id,
      policy_targets.account_id,
      targets.number as target,
      policy_targets.scope
    from policy_targets
    join targets on targets.target_id = policy_targets.target_id
    where policy_targets.policy_id in (select policy_id from granting)
  ),
  grants as materialized (
    select
      policies.id as policy_id,
      policies.account_id,
      coalesce(policies.access_group_id, policies.iam_id) as holder_id,
      policies.access_group_id,
      policies.iam_id,
      policies.last_permit_at,
      candidates.target,
      candidates.scope,
      sizes.service_name as service,
      sizes.instances
    from candidates
    join target_services as sizes on sizes.target = candidates.target
    join policies on policies.id = candidates.policy_id
    where (candidates.policy_id, sizes.service_name) in (
      select policy_id, service from granting
    )
  ),
  breadths(place, breadth) as (
    values
    (1, 'whole account'),
    (2, 'all services'),
    (3, 'region'),
    (4, 'one service'),
    (5, 'resource group'),
    (6, 'access tags'),
    (7, 'one service in a resource group'),
    (8, 'one instance'),
    (9, 'part of an instance')
  ),
  holders as materialized (
    select
      grants.account_id,
      grants.holder_id,
      grants.service,
      min(grants.access_group_id) as access_group_id,
      min(grants.iam_id) as iam_id,
      max(grants.last_permit_at) as last_permit_at,
      count(*) as policies,
      count(distinct grants.target) as targets,
      max(grants.instances) as most_instances,
      min(breadths.place) as place,
      min(
        case grants.scope when 'full' then 1 when 'part' then 2 else 3 end
      ) as how
    from grants
    join policy_breadths on policy_breadths.policy_id = grants.policy_id
    left join breadths on breadths.breadth = policy_breadths.breadth
    group by grants.account_id, grants.holder_id, grants.service
  ),
  -- Only where several targets together may reach more than the greatest of them.
  together as materialized (
    select
      holders.account_id,
      holders.holder_id,
      holders.service,
      count(distinct reached.instance) as instances
    from holders
    cross join totals
      on totals.account_id = holders.account_id and totals.service = holders.service
    cross join grants
      on grants.account_id = holders.account_id
      and grants.holder_id = holders.holder_id
      and grants.service = holders.service
    cross join target_pairs as reached on reached.target = grants.target
    cross join instances
      on instances.number = reached.instance and instances.service = grants.service
    where holders.targets > 1 and holders.most_instances < totals.instances
    group by holders.account_id, holders.holder_id, holders.service
  ),
  role_names as materialized (
    select account_id, holder_id, service, group_concat(role, ', ') as roles
    from (
      select distinct
        grants.account_id,
        grants.holder_id,
        grants.service,
        coalesce(roles.display_name, roles.role_id) as role
      from grants
      join granting on granting.policy_id = grants.policy_id and granting.service = grants.service
      join roles on roles.role_id = granting.role_id
      order by role
    )
    group by account_id, holder_id, service
  )
select
  coalesce(accounts.name, holders.account_id) as account,
  coalesce(groups.name, identities.name, holders.holder_id) as holder,
  iif(holders.access_group_id is null, identities.kind, 'access_group') as kind,
  holders.service,
  role_names.roles,
  breadths.breadth as reach,
  case holders.how when 1 then 'full' when 2 then 'part' else 'conditional' end as how,
  coalesce(together.instances, holders.most_instances) as instances,
  totals.instances as all_instances,
  groups.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = holders.access_group_id
  ) as public_access,
  holders.policies,
  holders.last_permit_at,
  1 as holders,
  null as command,
  coalesce(
    group_words.console,
    case identities.kind
      when 'user' then 'https://cloud.ibm.com/iam/users/' || holders.iam_id || '?tab=iam'
      when 'trusted_profile'
        then 'https://cloud.ibm.com/iam/trusted-profiles/' || holders.iam_id || '?tab=iam'
      else words.console
    end
  ) as console,
  acknowledged.note as acknowledged,
  holders.iam_id,
  holders.access_group_id,
  holders.holder_id,
  holders.account_id,
  count(*) over () as report_rows
from holders
join accounts on accounts.account_id = holders.account_id
join totals on totals.account_id = holders.account_id and totals.service = holders.service
join role_names
  on role_names.account_id = holders.account_id
  and role_names.holder_id = holders.holder_id
  and role_names.service = holders.service
left join breadths on breadths.place = holders.place
left join together
  on together.account_id = holders.account_id
  and together.holder_id = holders.holder_id
  and together.service = holders.service
left join identities on identities.iam_id = holders.iam_id
left join identity_arguments as words
  on words.iam_id = holders.iam_id and words.account_id = holders.account_id
left join access_group_summaries as groups on groups.access_group_id = holders.access_group_id
left join access_group_arguments as group_words
  on group_words.access_group_id = holders.access_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'sensitive_data_reach'
  and acknowledged.account_id = holders.account_id
  and acknowledged.finding = holders.holder_id || ' ' || holders.service
where coalesce(groups.is_missing, 0) = 0
order by
  account, holders.account_id, holders.service, holders.place, holder, holders.holder_id
