-- title: Names and logins that do not identify one thing on the ibmcloud command line.
-- grain: one row for each access group, person, and service ID whose name does not identify it
-- key: [kind, account_id, id]
-- columns:
--   kind: {is: "access group, person, or service ID.", required: true}
--   account_id: {is: Its account., references: accounts, required: true}
--   id: {is: "ID of the access group; IAM ID of the person or service ID.", required: true}
--   remark: {is: "Why no command can name it, as a sentence.", required: true}
-- rests_on: [access_groups, letter_cases, serviceids, users]
-- notes: |
--   Names and logins need not be unique in an account, and whether the command line is case-sensitive
--   is not documented: names that differ only in case or in leading or trailing blanks count as one.
with recursive
  named(kind, account_id, id, name) as materialized (
    -- Where IBM Cloud gives no name, the identifier stands in its place, which is no name either.
    select 'access group', account_id, id, trim(iif(name = id and id glob 'AccessGroupId-*', '', coalesce(name, '')))
    from access_groups
    where listed = 1
    union all
    select 'person', account_id, iam_id, trim(coalesce(user_id, ''))
    from users
    where iam_id is not null
    union all
    select 'service ID', account_id, iam_id, trim(iif(name = id and id glob 'ServiceId-*', '', coalesce(name, '')))
    from serviceids
    where iam_id is not null
  ),
  -- SQLite's lower() knows the letters of ASCII only: other names are spelled letter by letter.
  spelled(kind, account_id, id, name, place, folded) as (
    select kind, account_id, id, name, 1, ''
    from named
    where name glob '*[^ -~]*'
    union all
    select
      kind,
      account_id,
      id,
      name,
      place + 1,
      folded || coalesce(
        (select pattern from letter_cases where letter = substr(name, place, 1)),
        substr(name, place, 1)
      )
    from spelled
    where place <= length(name)
  ),
  folded as (
    select kind, account_id, id, lower(name) as folded
    from named
    where name not glob '*[^ -~]*'
    union all
    select kind, account_id, id, folded
    from spelled
    where place > length(name)
  ),
  counted as (
    select *, count(*) over (partition by kind, account_id, folded) as things from folded
  )
select
  kind,
  account_id,
  id,
  iif(
    folded = '',
    'No command: the command line accepts only the ' || iif(kind = 'person', 'login', 'name')
      || ' of this ' || kind || ', which is empty.',
    'No command: the command line accepts only the ' || iif(kind = 'person', 'login', 'name')
      || ' of this ' || kind || ', and another has the same, or the same in another case.'
  ) as remark
from counted
where things > 1 or folded = ''
