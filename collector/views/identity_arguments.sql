-- title: >
--   How to name each identity on the ibmcloud command line, and its console page.
-- notes: |
--   How to name each identity of an account on the command line (word): people by their login,
--   service IDs and trusted profiles by their ID. Commands about access groups take a service ID by
--   its name (member). If a login or name is not unique, there is no word, and remark or
--   member_remark says why. Each kind is a separate select, and columns are expressions in all of
--   them or in none: only then does SQLite look up one identity by its key instead of creating all
--   rows.
select
  account_id,
  iam_id,
  'user' as kind,
  iif((
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'person'
      and ambiguous.account_id = users.account_id
      and ambiguous.id = users.iam_id
  ) is null, '''' || replace(user_id, '''', '''\''''') || '''', null) as word,
  iif((
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'person'
      and ambiguous.account_id = users.account_id
      and ambiguous.id = users.iam_id
  ) is null, '''' || replace(user_id, '''', '''\''''') || '''', null) as member,
  (
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'person'
      and ambiguous.account_id = users.account_id
      and ambiguous.id = users.iam_id
  ) || '' as remark,
  (
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'person'
      and ambiguous.account_id = users.account_id
      and ambiguous.id = users.iam_id
  ) || '' as member_remark,
  'https://cloud.ibm.com/iam/users/' || iam_id || '?tab=userdetails' as console
from users
union all
select
  account_id,
  iam_id,
  'service_id',
  '''' || replace(id, '''', '''\''''') || '''',
  iif((
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'service ID'
      and ambiguous.account_id = serviceids.account_id
      and ambiguous.id = serviceids.iam_id
  ) is null, '''' || replace(name, '''', '''\''''') || '''', null),
  null,
  (
    select ambiguous.remark
    from ambiguous_names as ambiguous
    where ambiguous.kind = 'service ID'
      and ambiguous.account_id = serviceids.account_id
      and ambiguous.id = serviceids.iam_id
  ) || '',
  'https://cloud.ibm.com/iam/serviceids/' || id || '?tab=iam'
from serviceids
union all
select
  account_id,
  iam_id,
  'trusted_profile',
  '''' || replace(id, '''', '''\''''') || '''',
  '''' || replace(id, '''', '''\''''') || '''',
  null,
  null,
  'https://cloud.ibm.com/iam/trusted-profiles/' || iam_id || '?tab=trustrelationship'
from trustedprofiles
