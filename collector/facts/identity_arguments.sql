-- title: >
--   How to name each identity on the ibmcloud command line, and its console page.
-- grain: one row for each user, service ID, and trusted profile of each account
-- key: [iam_id, account_id]
-- by_key: true
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   kind: {is: "user, service_id, or trusted_profile.", required: true}
--   word: >
--     The argument that names it: people by their login, service IDs and trusted profiles by their ID;
--     empty if the login is not unique.
--   member: >
--     The argument that names it in commands about access groups, which take a service ID by its name;
--     empty if the name is not unique.
--   remark: Why there is no word.
--   member_remark: Why there is no member.
--   console: {is: URL of the console page that shows it., required: true}
-- rests_on: [ambiguous_names, serviceids, trustedprofiles, users]
select
  account_id, iam_id, kind, word, member, remark, member_remark, console
from (
  select
    users.account_id,
    users.iam_id,
    'user' as kind,
    iif(ambiguous.remark is null, '''' || replace(user_id, '''', '''\''''') || '''', null) as word,
    iif(ambiguous.remark is null, '''' || replace(user_id, '''', '''\''''') || '''', null) as member,
    ambiguous.remark,
    ambiguous.remark as member_remark,
    'https://cloud.ibm.com/iam/users/' || users.iam_id || '?tab=userdetails' as console
  from users
  left join ambiguous_names as ambiguous
    on ambiguous.kind = 'person'
    and ambiguous.account_id = users.account_id
    and ambiguous.id = users.iam_id
  union all
  select
    serviceids.account_id,
    serviceids.iam_id,
    'service_id',
    '''' || replace(serviceids.id, '''', '''\''''') || '''',
    iif(ambiguous.remark is null, '''' || replace(name, '''', '''\''''') || '''', null),
    null,
    ambiguous.remark,
    'https://cloud.ibm.com/iam/serviceids/' || serviceids.id || '?tab=iam'
  from serviceids
  left join ambiguous_names as ambiguous
    on ambiguous.kind = 'service ID'
    and ambiguous.account_id = serviceids.account_id
    and ambiguous.id = serviceids.iam_id
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
)
-- An identity that is listed twice is one.
group by iam_id, account_id
