-- title: Secrets, keys, and storage without an enforced context-based restriction
-- question: Which instances that hold secrets, keys, or objects can be reached from anywhere?
-- category: Account settings
-- severity: medium
-- why: >
--   A stolen credential can be used from anywhere, unless a context-based restriction limits from
--   where, through which endpoints, or with which MFA an instance can be reached.
-- remediation: >
--   Create a network zone for your networks and workloads and a rule in report-only mode; review
--   what it would have denied for a month, then enforce it. If an existing rule only needs to be
--   enforced, the command enforces it.
-- notes: >
--   The report checks instances of secrets-manager, kms, hs-crypto, and cloud-object-storage that
--   are not removed. An instance is listed unless an enabled rule covers all of it and restricts
--   something. A rule restricts nothing if one of its contexts is open, which means that it names
--   no zone, or a zone with every address (0.0.0.0/0 or ::/0), and requires neither private
--   endpoints only nor MFA of its own. A rule without contexts admits nobody and counts. A rule
--   for only some kinds of operations counts as well, because another rule might cover the rest. A
--   rule for the platform API alone does not protect the data. If tags could not be read, a rule
--   by access tag is assumed to apply. Firewalls of single buckets and instances, and endpoints
--   that a service itself disables, are not in the data. IBM Cloud does not list rules for
--   services that the token may not view. To create a rule in report-only mode: ibmcloud cbr
--   rule-create --service-name SERVICE --service-instance GUID --zone-id ZONE_ID
--   --enforcement-mode report. For a disabled rule, switch to report-only mode first, too
--   (--enforcement-mode report); rule-update would replace the whole rule. Other rows have no
--   command, because only you know which networks to allow.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.12"
--   - "IBM Cloud Docs: What are context-based restrictions"
-- shown: [instance, service, region, resource_group, problem, rules, state]
-- breakdown: {by: problem}
-- identifiers: [instance_id]
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: instances
--   y_type: quantitative
--   color_column: problem
with
  readings as materialized (
    select account_id, max(part = 'resources') as tags_were_read
    from collected_parts
    where status = 'ok'
    group by account_id
    having max(part = 'cbr_rules')
  ),
  instances as materialized (
    select *
    from resource_service_instances
    where service_name in ('secrets-manager', 'kms', 'hs-crypto', 'cloud-object-storage')
      and coalesce(state, '') not in ('removed', 'pending_removal')
      and account_id in (select account_id from readings)
  ),
  -- Rules for the platform API alone: making, changing and deleting instances, not their content.
  platform_rules as materialized (
    select cbr_rules.id as rule_id
    from cbr_rules, json_each(cbr_rules.operations, '$.api_types') as api_type
    group by cbr_rules.id
    having min(
      coalesce(json_extract(api_type.value, '$.api_type_id'), '') glob '*:platform-api-type:*'
    )
  ),
  -- What rules are about: many are about the same, which is compared with each instance once.
  described as materialized (
    select rule_id, place, account_id, said, side, name, pattern, wants_absent
    from restriction_demands
  ),
  distinct_resources as materialized (
    select row_number() over () as resource, account_id, said
    from (select distinct account_id, said from described)
  ),
  attributes as materialized (
    select distinct
      resources.resource, described.side, described.name, described.pattern,
      described.wants_absent
    from described
    join distinct_resources as resources
      on resources.account_id = described.account_id and resources.said = described.said
    where described.name is not null
  ),
  -- What each names literally, and whether it is a part of an instance.
  resources as materialized (
    select
      described.resource,
      described.account_id,
      described.said,
      max(pattern) filter (where name = 'serviceInstance' and pattern not glob '*[[*?]*')
        as instance_guid,
      max(pattern) filter (where name = 'serviceName' and pattern not glob '*[[*?]*')
        as service_name,
      coalesce(
        max(
          name not in (
            'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId',
            'region', 'tag'
          )
        ),
        0
      ) as is_part
    from distinct_resources as described
    left join attributes on attributes.resource = described.resource
    group by described.resource
  ),
  -- The rules about each, with what is wrong with them. A rule about a part that does not even
  -- restrict that part says nothing.
  rules as materialized (
    select distinct
      resources.resource,
      described.rule_id,
      case
        when platform_rules.rule_id is not null then 5
        when resources.is_part then 4
        when open_rules.rule_id is not null then 3
        when cbr_rules.enforcement_mode = 'report' then 1
        when cbr_rules.enforcement_mode = 'disabled' then 2
        else 0
      end as problem
    from described
    join resources
      on resources.account_id = described.account_id and resources.said = described.said
    join cbr_rules on cbr_rules.id = described.rule_id
    left join open_context_rules as open_rules on open_rules.rule_id = described.rule_id
    left join platform_rules on platform_rules.rule_id = described.rule_id
    where not (
      (resources.is_part or platform_rules.rule_id is not null)
      and (open_rules.rule_id is not null or cbr_rules.enforcement_mode in ('report', 'disabled'))
    )
  ),
  candidates as materialized (
    select resources.resource, instances.id as instance_id
    from resources
    cross join instances
      on instances.guid = resources.instance_guid
      and instances.account_id = resources.account_id
    where resources.instance_guid is not null and resources.instance_guid <> '*'
    union all
    select resources.resource, instances.id
    from resources
    join instances
      on instances.account_id = resources.account_id
      and instances.service_name = resources.service_name
    where coalesce(resources.instance_guid, '*') = '*' and resources.service_name <> '*'
    union all
    select resources.resource, instances.id
    from resources
    join instances on instances.account_id = resources.account_id
    where coalesce(resources.instance_guid, '*') = '*'
      and coalesce(resources.service_name, '*') = '*'
  ),
  reached as materialized (
    select candidates.instance_id, candidates.resource
    from candidates
    join instances on instances.id = candidates.instance_id
    where not exists (
        select 1
        from (
          select
            attributes.pattern,
            attributes.wants_absent,
            case attributes.name
              when 'accountId' then instances.account_id
              when 'serviceType' then 'service'
              when 'serviceName' then instances.service_name
              when 'serviceInstance' then instances.guid
              when 'resourceGroupId' then instances.resource_group_id
              when 'region' then instances.region_id
            end as actual
          from attributes
          where attributes.resource = candidates.resource
            and attributes.name in (
              'accountId', 'serviceType', 'serviceName', 'serviceInstance', 'resourceGroupId',
              'region'
            )
        )
        where not coalesce(iif(wants_absent, actual is null, actual glob pattern), false)
      )
      -- service_group_id stands for services that manage the account.
      and not exists (
        select 1
        from attributes
        where attributes.resource = candidates.resource
          and attributes.name = 'service_group_id'
      )
      and not exists (
        select 1
        from attributes as tags
        join readings on readings.account_id = instances.account_id
        where tags.resource = candidates.resource
          and tags.side = 'tag'
          and readings.tags_were_read
          and not exists (
            select 1
            from tag_attachments as attached
            where attached.instance_id = instances.id
              and attached.kind = 'access'
              and attached.name glob tags.pattern
          )
      )
  ),
  problems as materialized (
    select reached.instance_id, min(least.problem) as problem
    from reached
    join (
      select resource, min(problem) as problem from rules group by resource
    ) as least on least.resource = reached.resource
    group by reached.instance_id
  ),
  rule_names as materialized (
    select
      instance_id,
      group_concat(rule, ', ') as rules,
      group_concat(
        'ibmcloud cbr rule-patch ''' || replace(rule_id, '''', '''\''''')
          || ''' --enforcement-mode enabled',
        ' && '
      ) filter (where is_ready) as command
    from (
      select distinct
        reached.instance_id,
        rules.rule_id,
        rules.problem = problems.problem and rules.problem in (1, 2) as is_ready,
        coalesce(nullif(cbr_rules.description, ''), cbr_rules.id) as rule
      from problems
      cross join reached on reached.instance_id = problems.instance_id
      cross join rules on rules.resource = reached.resource
      join cbr_rules on cbr_rules.id = rules.rule_id
      where problems.problem > 0
      order by rule, rules.rule_id
    )
    group by instance_id
  )
select
  coalesce(accounts.name, instances.account_id) as account,
  instances.name as instance,
  instances.service_name as service,
  instances.region_id as region,
  resource_groups.name as resource_group,
  case problems.problem
    when 1 then 'the rule is in report-only mode'
    when 2 then 'the rule is disabled'
    when 3 then 'the rule restricts nothing'
    when 4 then 'the rule covers only a part of it'
    when 5 then 'the rule covers only the platform API'
    else 'there is no rule'
  end as problem,
  rule_names.rules,
  instances.state,
  1 as instances,
  rule_names.command,
  'https://cloud.ibm.com/context-based-restrictions/rules' as console,
  acknowledged.note as acknowledged,
  instances.resource_group_id,
  instances.guid,
  instances.id as instance_id,
  instances.account_id,
  count(*) over () as report_rows
from instances
join accounts on accounts.account_id = instances.account_id
left join problems on problems.instance_id = instances.id
left join rule_names on rule_names.instance_id = instances.id
left join resource_groups on resource_groups.resource_group_id = instances.resource_group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'sensitive_services_without_cbr'
  and acknowledged.account_id = instances.account_id
  and acknowledged.finding = instances.id
where coalesce(problems.problem, 9) > 0
order by account, instances.account_id, service, instance, instances.id
