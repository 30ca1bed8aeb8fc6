-- title: Service instances that no policy reaches
-- question: Which service instances does no active access policy reach?
-- category: Service instances
-- severity: low
-- why: >
--   Either an instance that only the account owner can reach is forgotten, or someone works on it
--   as the owner.
-- remediation: >
--   Give those who need it a policy with ibmcloud iam access-group-policy-create GROUP --roles
--   ROLES --service-name SERVICE --service-instance GUID. Otherwise check its contents, because
--   deletion also deletes its data, and delete it with ibmcloud resource service-instance-delete
--   INSTANCE.
-- notes: >
--   A policy reaches an instance by naming it, its service, resource group, or region, by a
--   pattern, by its access tags, or by covering all services. Removed instances are left out.
--   used_by shows what else in the file names the instance: a service credential or a trusted
--   profile's link, which programs use to work with it, or an authorization, which a service uses.
--   If the tags of resources could not be read, tag_policies counts the account's policies by tag,
--   one of which might reach the instance after all. The rows have no command, because deleting an
--   instance also deletes its data.
-- references:
--   - "IBM Cloud Docs: Managing access to resources"
-- shown: [instance, service, region, resource_group, state, used_by, tag_policies]
-- breakdown: {by: service}
-- identifiers: [instance_id]
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: instances
--   y_type: quantitative
--   color_column: state
with
  unreached as materialized (
    select instance_id
    from instance_facts
    where instance_id is not null
      and not exists (select 1 from target_pairs where target_pairs.instance = instance_facts.number)
  ),
  tag_policies as materialized (
    select account_id, count(*) as policies
    from granting_policies as policies
    where type = 'access'
      and id in (select policy_id from policy_resource_tags)
      and account_id not in (
        select account_id
        from collected_parts
        where part = 'resources' and status = 'ok'
      )
    group by account_id
  )
select
  coalesce(accounts.name, instances.account_id) as account,
  instances.name as instance,
  instances.service_name as service,
  instances.region_id as region,
  resource_groups.name as resource_group,
  instances.state,
  instances.created_at,
  (
    select group_concat(known_from, ', ')
    from (
      select distinct known.known_from
      from known_resources as known
      where known.account_id = instances.account_id
        and known.guid = instances.guid
        and known.known_from in ('service credential', 'profile link', 'authorization')
      order by known.known_from
    )
  ) as used_by,
  coalesce(tag_policies.policies, 0) as tag_policies,
  1 as instances,
  null as command,
  instance_arguments.console,
  acknowledged.note as acknowledged,
  instances.resource_group_id,
  instances.guid,
  instances.id as instance_id,
  instances.account_id,
  count(*) over () as report_rows
from unreached
join resource_service_instances as instances on instances.id = unreached.instance_id
join accounts on accounts.account_id = instances.account_id
left join resource_groups on resource_groups.resource_group_id = instances.resource_group_id
left join tag_policies on tag_policies.account_id = instances.account_id
left join instance_arguments on instance_arguments.instance_id = instances.id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'unreferenced_service_instances'
  and acknowledged.account_id = instances.account_id
  and acknowledged.finding = instances.id
where coalesce(instances.state, '') not in ('removed', 'pending_removal')
  and exists (
    select 1
    from collected_parts
    where collected_parts.account_id = instances.account_id
      and collected_parts.part = 'policies'
      and collected_parts.status = 'ok'
  )
order by account, instances.account_id, service, instance, instances.id
