-- title: Users without an email address
-- question: Which users can IBM Cloud not contact, because no email address is known?
-- category: Users
-- severity: low
-- why: >
--   IBM Cloud sends security notices and account decisions to users by email.
-- remediation: >
--   Ask the user to enter an address in the console, under Manage, Account, and to check the phone
--   number there too. The command line cannot do this.
-- notes: >
--   The report lists users with no email address in the account's list of users, or with a value
--   that does not have the form of an address. Whether an address works is not known. Phone
--   numbers are personal data that an inventory does not need. They are not collected, so this
--   report says nothing about them. The contact that IBM keeps for the account itself (billing
--   contact) is not in the data either.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.10, v2.0 1.9"
-- shown: [user, login, email, state, is_owner, added_on, realm]
-- breakdown: {by: realm}
-- identifiers: [iam_id]
-- chart:
--   mark: bar
--   x_column: realm
--   x_type: nominal
--   y_column: users
--   y_type: quantitative
select
  coalesce(accounts.name, users.account_id) as account,
  identities.name as user,
  users.user_id as login,
  users.email,
  users.state,
  users.realm,
  iif(users.iam_id is accounts.owner, 'yes', 'no') as is_owner,
  users.added_on,
  1 as users,
  null as command,
  arguments.console,
  acknowledged.note as acknowledged,
  users.iam_id,
  users.account_id,
  count(*) over () as report_rows
from users
join accounts on accounts.account_id = users.account_id
join identities on identities.iam_id = users.iam_id
join identity_arguments as arguments
  on arguments.iam_id = users.iam_id and arguments.account_id = users.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'user_contact_missing'
  and acknowledged.account_id = users.account_id
  and acknowledged.finding = users.iam_id
where coalesce(users.email, '') not like '%_@_%'
order by account, users.account_id, user, users.id
