-- title: >
--   How the ibmcloud command line names each identity; its console page.
-- notes: |
--   How the command line names each identity of an account: people by their login name, service IDs
--   and trusted profiles by their ID.
select
  account_id,
  iam_id,
  'user' as kind,
  '''' || replace(user_id, '''', '''\''''') || '''' as word,
  'https://cloud.ibm.com/iam/users/' || iam_id || '?tab=userdetails' as console
from users
union all
select
  account_id,
  iam_id,
  'service_id',
  '''' || replace(id, '''', '''\''''') || '''',
  'https://cloud.ibm.com/iam/serviceids/' || id || '?tab=iam'
from serviceids
union all
select
  account_id,
  iam_id,
  'trusted_profile',
  '''' || replace(id, '''', '''\''''') || '''',
  'https://cloud.ibm.com/iam/trusted-profiles/' || iam_id || '?tab=trustrelationship'
from trustedprofiles
