-- title: Service IDs that a trusted profile could replace
-- question: >
--   Which service IDs with API keys appear to run on compute resources that can assume a trusted
--   profile?
-- category: Service IDs
-- severity: low
-- why: >
--   A program in a cluster, a Code Engine project, or a virtual server can assume a trusted
--   profile, so there is no key to store, rotate, or leak.
-- remediation: >
--   Find out where the key is used. If it is on IBM Cloud compute, move the program to a trusted
--   profile with the same access, then delete the keys with ibmcloud iam service-api-key-delete
--   KEY SERVICE_ID.
-- notes: >
--   IBM Cloud does not say where an API key is used, so a row is an indication, not proof. A
--   service ID with a usable key is listed in three cases. It was created for a cluster or a Code
--   Engine project of this account; its name or description contains, as a word, the ID of one, or
--   the name of one if that name is not letters only; or it has the same name as a trusted profile
--   that compute is linked to, or as the service account or component of such a link. The report
--   leaves out the cluster-... IDs that the Kubernetes service creates for itself, and virtual
--   servers, which are not in any list of service instances. A service ID that only deploys to a
--   cluster looks the same, and one that gives no hint of where it runs is missed. To move a
--   program, create a trusted profile with ibmcloud iam trusted-profile-create NAME, give it the
--   same access, link the compute resource with ibmcloud iam trusted-profile-link-create, and
--   change the program.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.11"
--   - "IBM Cloud Docs: Creating trusted profiles"
-- shown: [serviceid, indication, usable_keys, created_at, description]
-- breakdown: {by: usable_keys}
-- identifiers: [serviceid_id]
-- chart:
--   mark: bar
--   x_column: account
--   x_type: nominal
--   y_column: service_ids
--   y_type: quantitative
with
  with_keys as materialized (
    select apikeys.account_id, apikeys.iam_id, count(*) as usable_keys
    from apikeys
    join collected_parts as read
      on read.account_id = apikeys.account_id and read.part = 'apikeys'
    where coalesce(apikeys.disabled, 0) = 0
      and (apikeys.expires_at is null or julianday(apikeys.expires_at) > julianday(read.read_at))
    group by apikeys.account_id, apikeys.iam_id
  ),
  compute as materialized (
    select
      account_id,
      id,
      guid,
      lower(name) as name,
      iif(service_name = 'codeengine', 'Code Engine project ', 'cluster ')
        || coalesce(nullif(name, ''), guid) as what
    from (
      select account_id, id, guid, name, service_name
      from resource_service_instances
      where state = 'active'
      union all
      select account_id, crn, guid, name, service_name
      from resources
      where instance_id is null and crn glob '*::' -- a cluster, not a part of one
    )
    where service_name in ('containers-kubernetes', 'codeengine')
  ),
  robots as materialized (
    select
      serviceids.account_id,
      serviceids.iam_id,
      lower(serviceids.name) as name,
      unique_instance_crns,
      lower(
        coalesce(serviceids.name, '') || ' ' || coalesce(serviceids.description, '')
      ) as text
    from serviceids
    join with_keys
      on with_keys.iam_id = serviceids.iam_id and with_keys.account_id = serviceids.account_id
    where not exists (
      select 1
      from known_resources as known
      where serviceids.name like 'cluster-%'
        and known.guid = substr(serviceids.name, 9)
        and known.account_id = serviceids.account_id
        and known.service_name = 'containers-kubernetes'
    )
  ),
  words as materialized (
    select distinct robots.account_id, robots.iam_id, trim(words.value, '.') as word
    from robots
    join json_each(
      '[' || replace(
        json_quote(
          replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            text, ',', ' '), ';', ' '), ':', ' '), '(', ' '), ')', ' '), '"', ' '), '''', ' '),
            '/', ' '), char(10), ' '), char(9), ' ')
        ),
        ' ',
        '","'
      ) || ']'
    ) as words
    where trim(words.value, '.') <> ''
  ),
  trusted as materialized (
    select account_id, lower(name) as name, 'trusted profile ' || name as what
    from trustedprofiles
    where id in (select tp_id from trustedprofile_links)
      or id in (select tp_id from trustedprofile_rules where type = 'Profile-CR')
    union
    select
      trustedprofiles.account_id,
      lower(links.link_name),
      'service account ' || links.link_name || ' of trusted profile ' || trustedprofiles.name
    from trustedprofile_links as links
    join trustedprofiles on trustedprofiles.id = links.tp_id
    where links.link_name <> 'default'
    union
    select
      trustedprofiles.account_id,
      lower(links.component_name),
      coalesce(links.component_type, 'component') || ' ' || links.component_name
        || ' of trusted profile ' || trustedprofiles.name
    from trustedprofile_links as links
    join trustedprofiles on trustedprofiles.id = links.tp_id
  ),
  hints as (
    select robots.account_id, robots.iam_id, 'made for ' || compute.what as hint
    from robots
    cross join json_each(robots.unique_instance_crns) as crns
    cross join compute on compute.id = crns.value and compute.account_id = robots.account_id
    union
    select words.account_id, words.iam_id, 'names ' || compute.what
    from words
    join compute on compute.name = words.word and compute.account_id = words.account_id
    where words.word glob '*[^a-z]*'
    union
    select words.account_id, words.iam_id, 'names ' || compute.what
    from words
    join compute on compute.guid = words.word and compute.account_id = words.account_id
    union
    select robots.account_id, robots.iam_id, 'has the same name as ' || trusted.what
    from robots
    join trusted on trusted.name = robots.name and trusted.account_id = robots.account_id
    where robots.name <> ''
  ),
  indications as materialized (
    select account_id, iam_id, group_concat(hint, '; ') as indication
    from (select * from hints order by account_id, iam_id, hint)
    group by account_id, iam_id
  )
select
  coalesce(accounts.name, serviceids.account_id) as account,
  coalesce(nullif(serviceids.name, ''), serviceids.id) as serviceid,
  serviceids.description,
  indications.indication,
  with_keys.usable_keys,
  serviceids.created_at,
  1 as service_ids,
  null as command,
  arguments.console,
  acknowledged.note as acknowledged,
  serviceids.iam_id,
  serviceids.id as serviceid_id,
  serviceids.account_id,
  count(*) over () as report_rows
from serviceids
join accounts on accounts.account_id = serviceids.account_id
join indications
  on indications.iam_id = serviceids.iam_id and indications.account_id = serviceids.account_id
join with_keys
  on with_keys.iam_id = serviceids.iam_id and with_keys.account_id = serviceids.account_id
join identity_arguments as arguments
  on arguments.iam_id = serviceids.iam_id and arguments.account_id = serviceids.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'service_id_to_profile'
  and acknowledged.account_id = serviceids.account_id
  and acknowledged.finding = serviceids.id
order by account, serviceids.account_id, serviceid, serviceids.id
