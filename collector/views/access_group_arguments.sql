-- title: >
--   How to name each access group on the ibmcloud command line.
-- notes: |
--   How to name each access group on the command line: by its name. A group that only other objects
--   mention has no word, nor has a group whose name is empty or not unique; remark says so. What is
--   lost when the group is deleted is in dependents.
with remarked as (
  select
    access_groups.*,
    (
      select ambiguous.remark
      from ambiguous_names as ambiguous
      where ambiguous.kind = 'access group'
        and ambiguous.account_id = access_groups.account_id
        and ambiguous.id = access_groups.id
    ) as remark
  from access_groups
)
select
  id as access_group_id,
  account_id,
  iif(listed and remark is null, '''' || replace(name, '''', '''\''''') || '''', null) as word,
  remark,
  'Lost with it: ' || nullif(
    substr(
      coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' member', ' members')
          from access_group_members as members
          where members.group_id = remarked.id
          having count(*) > 0
        ),
        ''
      ) || coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' dynamic rule', ' dynamic rules')
          from access_group_rules as rules
          where rules.group_id = remarked.id
          having count(*) > 0
        ),
        ''
      ) || coalesce(
        (
          select ', ' || count(*) || iif(count(*) = 1, ' policy', ' policies')
          from policies
          where policies.access_group_id = remarked.id
            and policies.type = 'access'
            and policies.state = 'active'
          having count(*) > 0
        ),
        ''
      ),
      3
    ),
    ''
  ) || '.' as dependents,
  iif(
    listed,
    'https://cloud.ibm.com/iam/groups/'
      || iif(is_public, 'AccessGroupId-PublicAccess', id) || '?tab=iam',
    null
  ) as console
from remarked
