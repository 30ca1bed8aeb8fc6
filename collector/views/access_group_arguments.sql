-- title: >
--   How the ibmcloud command line names each access group.
-- notes: |
--   How the command line names each access group: by its name. What only other objects mention has
--   no word.
select
  id as access_group_id,
  account_id,
  iif(listed, '''' || replace(name, '''', '''\''''') || '''', null) as word,
  iif(
    listed,
    'https://cloud.ibm.com/iam/groups/'
      || iif(is_public, 'AccessGroupId-PublicAccess', id) || '?tab=iam',
    null
  ) as console
from access_groups
