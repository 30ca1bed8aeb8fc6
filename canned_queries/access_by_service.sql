-- title: Access by service
-- question: How many policies and identities reach each service?
-- category: Inventories
-- severity: info
-- why: >
--   Services that many policies and identities can reach are the first place to look for excess
--   access.
-- remediation: >
--   There is nothing to fix here. For access to a single instance, see who_can_access_instance;
--   for account management, see who_administers_account.
-- notes: >
--   One row for each service that has instances or that an active access policy names, and for
--   each account management service that such a policy reaches. naming_policies counts the
--   policies that name the service. broad_policies counts those that reach it without naming it:
--   they cover at least one of its instances (through a resource group, region, tag, pattern,
--   GUID, or all services), or they cover an account management service as one of all. holders
--   counts the identities and access groups with such a policy. identities counts everyone who has
--   one directly or through a group, each once; the Public Access group counts as every user and
--   service ID. Every role counts, including Viewer, and so does a policy with a condition or for
--   a part of an instance. A policy that names a service counts even if its instance no longer
--   exists. Service-to-service authorizations are left out, as is the account owner, who needs no
--   policy. Removed instances are not counted.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- shown: [service, kind, instances, naming_policies, broad_policies, holders, identities]
-- breakdown: {by: service, of: identities}
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: identities
--   y_type: quantitative
select
  coalesce(accounts.name, services.account_id) as account,
  services.service,
  iif(account_services.service_name is null, 'service', 'account management') as kind,
  services.instances,
  services.naming_policies,
  services.broad_policies,
  services.holders,
  services.identities,
  services.public_access,
  services.account_id,
  count(*) over () as report_rows
from service_access as services
join accounts on accounts.account_id = services.account_id
left join account_services on account_services.service_name = services.service
order by account, services.account_id, identities desc, services.service
