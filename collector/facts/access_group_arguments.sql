-- title: >
--   How to name each access group on the ibmcloud command line, its console page, and what is lost if
--   it is deleted.
-- grain: one row for each access group
-- key: [access_group_id]
-- by_key: true
-- columns:
--   access_group_id: {is: The access group., references: access_groups, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   word: >
--     The argument that names it, its name; empty if the name is empty or not unique, or if only other
--     objects mention the group.
--   remark: Why there is no word.
--   dependents: What is lost if it is deleted, as a sentence; empty if nothing is.
--   console: URL of the console page that shows it.
-- rests_on: [access_group_members, access_group_rules, access_groups, ambiguous_names, policies]
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
