-- title: Privileged service credentials
-- question: >
--   Which service credentials administer or manage their instance, or belong to a privileged
--   service ID?
-- category: API keys
-- severity: high
-- why: >
--   Anyone with a copy of such a credential has full access to the instance, without a login and
--   without MFA.
-- remediation: >
--   Create a credential with the least privileged role that the program needs and its own service
--   ID (ibmcloud resource service-key-create NAME ROLE --instance-id INSTANCE), replace this one,
--   then delete this one with its command.
-- notes: >
--   The severity is high for Administrator, which can also grant access to the instance, and for a
--   credential created for a service ID that administers the account or all services, by any
--   access path. Such a credential can do everything that the service ID can do, anywhere. The
--   severity is medium for Manager, which can do everything with the content. Other roles,
--   including custom ones, are not judged, nor are credentials of services without roles, where
--   the service decides what they can do. last_use is that of the service ID behind the
--   credential.
-- references:
--   - "IBM Cloud Docs: Adding and viewing credentials"
-- shown: [credential, instance, service, role, severity, privileges_of_service_id, last_use]
-- breakdown: {by: severity}
-- identifiers: [resource_key_id]
-- chart:
--   mark: bar
--   x_column: service
--   x_type: nominal
--   y_column: credentials
--   y_type: quantitative
--   color_column: severity
with
  credentials as materialized (
    select
      service_credentials.*,
      powers.privileges,
      service_credentials.role_id glob '*:role:Administrator' as administers,
      service_credentials.role_id glob '*:serviceRole:Manager' as manages
    from service_credentials
    left join administrators as powers
      on powers.iam_id = service_credentials.service_iam_id
      and powers.account_id = service_credentials.account_id
      and not powers.is_public_only
  )
select
  coalesce(accounts.name, credentials.account_id) as account,
  credentials.credential,
  credentials.instance,
  credentials.service,
  credentials.role,
  credentials.privileges as privileges_of_service_id,
  iif(credentials.privileges is not null or credentials.administers, 'high', 'medium') as severity,
  credentials.last_use,
  cast(credentials.days_old as integer) as days_old,
  credentials.created_at,
  credentials.service_id,
  1 as credentials,
  credentials.delete_command as command,
  credentials.console,
  acknowledged.note as acknowledged,
  credentials.service_iam_id as iam_id,
  credentials.instance_id,
  credentials.resource_key_id,
  credentials.account_id,
  count(*) over () as report_rows
from credentials
join accounts on accounts.account_id = credentials.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'resource_key_privileged'
  and acknowledged.account_id = credentials.account_id
  and acknowledged.finding = credentials.resource_key_id
where credentials.privileges is not null or credentials.administers or credentials.manages
order by
  account,
  credentials.account_id,
  credentials.instance,
  credentials.credential,
  credentials.resource_key_id
