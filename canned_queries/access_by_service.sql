-- title: Access by service
-- question: How many policies and identities reach each service?
-- category: Inventories
-- severity: info
-- why: >
--   Where much leads to one service, look there first.
-- remediation: >
--   There is nothing to fix here. Who reaches a single instance is in who_can_access_instance, who
--   administers account management in who_administers_account.
-- notes: >
--   One row for each service that has instances or that an active access policy names, and for
--   each account management service that such a policy reaches. naming_policies name the service;
--   broad_policies reach it without naming it: an instance of it (by resource group, region, tags,
--   a pattern, a GUID, or all services), or an account management service as one of all. holders
--   are the identities and access groups with such a policy, identities all who have it directly
--   or through a group (the Public Access group stands for every user and service ID), each once.
--   Every role counts, Viewer too, as does a policy under a condition or about a part of an
--   instance. A policy that names a service counts though its instance may be gone. Service
--   authorizations are left out, as is the account owner, who needs no policy. Removed instances
--   are not counted.
-- references:
--   - "IBM Cloud Docs: Who can access a resource"
-- shown: [service, kind, instances, naming_policies, broad_policies, holders, identities]
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
