-- title: Service credentials older than 90 days
-- question: Which service credentials have not been replaced for more than 90 days?
-- category: API keys
-- severity: medium
-- why: >
--   A service credential is a long-lived key to an instance. It requires no login, so anyone with
--   a copy has the access.
-- remediation: >
--   Create a new credential (ibmcloud resource service-key-create NAME ROLE --instance-id
--   INSTANCE), replace the old one, then delete the old one with its command. A program in IBM
--   Cloud needs no credential at all if it uses a trusted profile.
-- notes: >
--   A credential cannot be renewed, only replaced, so its age is counted from the day it was
--   created until the credentials were collected. IBM Cloud does not record when a credential was
--   used. last_use is that of the service ID behind it, which can have other keys; it is "not
--   known" if there is no such service ID in the account. Credentials whose creation date IBM
--   Cloud does not provide are left out, as are removed ones. Passwords and tokens that a service
--   keeps itself are not in the data.
-- references:
--   - "IBM Cloud Docs: Adding and viewing credentials"
-- shown: [credential, instance, service, role, age, days_old, last_use]
-- breakdown: {by: service}
-- identifiers: [resource_key_id]
-- chart:
--   mark: bar
--   x_column: age
--   x_type: nominal
--   y_column: credentials
--   y_type: quantitative
--   color_column: last_use
with credentials as materialized (
  select * from service_credentials where days_old > 90
)
select
  coalesce(accounts.name, credentials.account_id) as account,
  credentials.credential,
  credentials.instance,
  credentials.service,
  credentials.role,
  credentials.created_at,
  cast(credentials.days_old as integer) as days_old,
  case
    when credentials.days_old < 180 then '90 to 179 days'
    when credentials.days_old < 365 then '180 to 364 days'
    when credentials.days_old < 3 * 365 then '1 to 3 years'
    else '3 years or more'
  end as age,
  credentials.last_use,
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
  on acknowledged.report = 'resource_key_old'
  and acknowledged.account_id = credentials.account_id
  and acknowledged.finding = credentials.resource_key_id
order by
  account,
  credentials.account_id,
  credentials.instance,
  credentials.credential,
  credentials.resource_key_id
