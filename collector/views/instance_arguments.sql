-- title: >
--   How to name each service instance on the ibmcloud command line.
-- notes: |
--   How the command line names each service instance (by its CRN), and its page.
select
  id as instance_id,
  account_id,
  '''' || replace(id, '''', '''\''''') || '''' as word,
  'https://cloud.ibm.com/services/' || service_name || '/'
    || replace(replace(replace(id, '%', '%25'), ':', '%3A'), '/', '%2F') as console
from resource_service_instances
