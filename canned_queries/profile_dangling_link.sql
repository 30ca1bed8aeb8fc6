-- title: Trusted profiles linked to deleted compute resources
-- question: Which links of trusted profiles point to clusters or projects that do not exist?
-- category: Trusted profiles
-- severity: medium
-- why: >
--   A link to a deleted cluster or project has no use, and hides which trust is in use.
-- remediation: >
--   Make sure that the cluster or project no longer exists, then delete the link with its command.
-- notes: >
--   The report covers Kubernetes and OpenShift clusters and Code Engine projects that a link names
--   by CRN, in accounts that are in this file and whose list of instances and search were both
--   read in full. An instance counts as deleted only if it is found nowhere: it exists in every
--   state, even while its deletion is pending, and so does anything that search, a service
--   credential, a tag, or an authorization names. Virtual and bare metal servers are not in any
--   list of service instances, so links to them are never listed, whether the servers exist or
--   not. Neither are Code Engine links without a CRN, or namespaces and service accounts that a
--   cluster might no longer have. An instance that the collecting token may not view looks as if
--   it did not exist.
-- references:
--   - "IBM Cloud Docs: Updating trusted profiles"
-- shown: [profile, link, compute, missing_instance, namespace, service_account, created_at]
-- breakdown: {by: compute}
-- identifiers: [link_id]
-- chart:
--   mark: bar
--   x_column: compute
--   x_type: nominal
--   y_column: links
--   y_type: quantitative
with
  complete as materialized (
    select account_id from complete_lists where kind = 'instance'
  ),
  named as materialized (
    select
      id as link_id,
      tp_id,
      link_crn,
      json_extract(segments, '$[4]') as service,
      substr(json_extract(segments, '$[6]'), 3) as crn_account_id,
      json_extract(segments, '$[7]') as guid
    from (
      select
        id,
        tp_id,
        link_crn,
        '[' || replace(json_quote(link_crn), ':', '","') || ']' as segments
      from trustedprofile_links
      where link_crn glob 'crn:v1:*:*:*:*:a/*:*:*'
    )
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  coalesce(nullif(links.name, ''), links.id) as link,
  iif(named.service = 'codeengine', 'Code Engine project', 'cluster') as compute,
  named.guid as missing_instance,
  links.link_namespace as namespace,
  links.link_name as service_account,
  (
    select count(*) from trustedprofile_links as others where others.tp_id = links.tp_id
  ) as links_of_profile,
  links.created_at,
  1 as links,
  'ibmcloud iam trusted-profile-link-delete ' || arguments.word || ' '''
    || replace(links.id, '''', '''\''''') || '''' as command,
  arguments.console,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  links.id as link_id,
  profiles.account_id,
  count(*) over () as report_rows
from named
join trustedprofile_links as links on links.id = named.link_id
join trustedprofiles as profiles on profiles.id = named.tp_id
join accounts on accounts.account_id = profiles.account_id
join complete on complete.account_id = named.crn_account_id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_dangling_link'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = links.id
where named.service in ('containers-kubernetes', 'codeengine')
  and named.guid <> ''
  and not exists (
    select 1
    from known_resources as known
    where known.account_id = named.crn_account_id
      and known.guid = named.guid
      and known.known_from <> 'profile link'
  )
order by account, profiles.account_id, profile, profiles.id, link, links.id
