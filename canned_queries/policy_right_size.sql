-- title: Policies to delete, narrow, or split
-- question: Which policies give more than is used, and what would take their place?
-- category: Policies
-- severity: medium
-- why: >
--   Access that nobody uses is only an opportunity for abuse. Changing all of these policies at once
--   takes nothing from anybody that a recently used policy gave.
-- remediation: >
--   Open what would be lost, ask the people concerned, then use the command. For a policy to be
--   narrowed, first save replacement as POLICY_ID.json; for one to be split, save its parts as
--   POLICY_ID-1.json and so on. undo says how to go back.
-- notes: >
--   The period is 90 days before the policies were read. A policy that permitted something within
--   it is deleted only if other policies of the same identity or access group, which stay, grant
--   all of it (as in policy_redundant, but role by role), or if its condition expired after that
--   use. All others stay or are changed without a loss of access to what exists today.
--   Delete: the condition has expired; the identity or access group no longer exists; the group is
--   empty and has no dynamic rule; nothing that the policy names exists; other policies cover it;
--   or it is older than the period, was not changed in it, and permitted nothing in it. Narrow: it
--   has roles that other policies cover, or lists names that no longer exist beside others. Split:
--   it names no service, and what it reaches belongs to at most 10 services. Every other policy is
--   kept, with its reason in the table policy_sizes; policies of the Public Access group are kept
--   unless they have expired, because nobody knows whether all of their use is recorded. Nothing is
--   recommended if the policies were not read in full. Roles that include one another, lists of
--   which one part is covered, and access through other access groups are not compared. A row of
--   access is one role of one identity on one service instance or account management service;
--   access_rows counts those that the policy gives, including those that other policies give as
--   well. The JSON is that of version 2 of IBM Cloud's API (PUT or POST
--   https://iam.cloud.ibm.com/v2/policies); if your command line does not accept it, use the API. A
--   policy created by an enterprise template has no command: change it in the template.
-- references:
--   - "IBM Cloud Docs: Auditing access policies"
-- shown: [policy, recommendation, why, last_permit_at, lost, cannot_know, severity]
-- breakdown: {by: recommendation}
-- identifiers: [policy_id]
-- chart:
--   mark: bar
--   x_column: reason
--   x_type: nominal
--   y_column: policies
--   y_type: quantitative
--   color_column: recommendation
with
  proposed as materialized (
    select
      sizes.*,
      policies.last_permit_at,
      policies.created_at,
      policies.iam_id,
      policies.access_group_id,
      policies.account_id,
      read.read_at,
      cast(julianday(read.read_at) - julianday(policies.last_permit_at) as integer) as days_unused,
      '''' || replace(policies.id, '''', '''\''''') || '''' as quoted
    from policy_sizes as sizes
    join policies on policies.id = sizes.policy_id
    join collected_parts as read
      on read.account_id = policies.account_id and read.part = 'policies'
    where sizes.recommendation <> 'keep'
  ),
  gone as materialized (
    select
      policy_id,
      group_concat(kind || ' ' || value, ', ') filter (where is_all) as all_of_it,
      group_concat(kind || ' ' || value, ', ')
        filter (where not is_all and operator = 'stringEquals') as names
    from (
      select *
      from missing_values
      where side = 'target'
      order by policy_id, position, number
    )
    group by policy_id
  ),
  orphans as materialized (
    select policy_id, missing from policies_without_subject
  ),
  inactive as materialized (
    select distinct account_id, iam_id from inactive_identities where kind <> 'apikey'
  )
select
  coalesce(accounts.name, proposed.account_id) as account,
  sentences.sentence as policy,
  descriptions.subject as holder,
  proposed.recommendation,
  proposed.reason,
  case proposed.reason
    when 'expired' then
      'Its condition expired on ' || (
        select substr(ends_at, 1, 10)
        from policy_conditions as conditions
        where conditions.policy_id = proposed.policy_id
      ) || '.'
    when 'no subject' then
      'The account no longer has its ' || orphans.missing || '.'
    when 'empty group' then 'Nobody is in its access group, and no dynamic rule adds anybody.'
    when 'nothing left' then 'What it names no longer exists: ' || gone.all_of_it || '.'
    when 'covered' then 'Other policies of the same holder grant all of it: ' || (
        select group_concat(others.sentence, '; ')
        from json_each(proposed.stand_ins) as each
        join policy_sentences as others on others.policy_id = each.value
      ) || '.'
    when 'unused' then
      coalesce(
        'It has permitted nothing for ' || proposed.days_unused || ' days',
        'It has never permitted anything since it was created on '
          || substr(proposed.created_at, 1, 10)
      ) || iif(
        inactive.iam_id is not null,
        ', and IBM Cloud lists its holder as inactive.',
        '.'
      )
    when 'few services' then 'It names no service, and what it reaches belongs to only '
      || json_array_length(proposed.services)
      || iif(json_array_length(proposed.services) = 1, ' service: ', ' services: ')
      || (select group_concat(value, ', ') from json_each(proposed.services)) || '.'
    else
      coalesce(
        'Other policies of the same holder grant its roles '
          || (
            select group_concat(coalesce(roles.display_name, each.value), ', ')
            from json_each(proposed.roles) as each
            left join roles on roles.role_id = each.value
          )
          || ': '
          || (
            select group_concat(others.sentence, '; ')
            from json_each(proposed.stand_ins) as each
            join policy_sentences as others on others.policy_id = each.value
          )
          || '.'
          || iif(proposed.reason = 'roles covered', '', ' '),
        ''
      ) || iif(
        proposed.reason = 'roles covered', '', 'It lists what no longer exists: ' || gone.names || '.'
      )
  end as why,
  iif(proposed.reason in ('unused', 'no subject', 'nothing left'), 'medium', 'low') as severity,
  proposed.last_permit_at,
  case
    when proposed.reason in ('unused', 'no subject') and proposed.access_rows > 0 then
      'at most ' || proposed.access_rows || iif(proposed.access_rows = 1, ' row', ' rows')
        || ' of access, of ' || proposed.identities
        || iif(proposed.identities = 1, ' identity', ' identities') || ' to ' || proposed.targets
        || iif(proposed.targets = 1, ' target', ' targets')
    when proposed.recommendation = 'split' then
      'nothing that exists today; access to services to come'
    when proposed.access_rows > 0 then
      'nothing: other policies grant the same ' || proposed.access_rows
        || iif(proposed.access_rows = 1, ' row', ' rows') || ' of access'
    else 'nothing'
  end as lost,
  case proposed.reason
    when 'expired' then
      'Whether Kubernetes clusters still use it: IBM says that they ignore such conditions.'
    when 'no subject' then 'Whether the holder belongs to an account that this file does not know.'
    when 'empty group' then 'Whether the group is kept ready on purpose.'
    when 'nothing left' then 'Whether it exists, but the collecting token may not view it.'
    when 'covered' then
      'Which of the policies IBM Cloud records a use for; resources that do not exist yet.'
    when 'unused' then
      'Whether a yearly job or an emergency needs it, and what was used but not yet recorded.'
    when 'few services' then
      'Which services and roles were used: the last use is that of the whole policy. Resource groups '
        || 'themselves and resources that are in no list are not counted.'
    else
      'Which of its roles and targets were used: the last use is that of the whole policy.'
      || iif(
        proposed.reason = 'roles covered',
        '',
        ' What the collecting token may not view looks as if it did not exist.'
      )
  end || iif(
    proposed.access_group_id is not null
      and proposed.identities > 1
      and proposed.reason in ('few services', 'roles covered', 'roles covered and names gone'),
    ' Which of the ' || proposed.identities || ' members used it is not recorded.',
    ''
  ) as cannot_know,
  iif(
    proposed.recommendation = 'narrow',
    json_extract(replacements.replacements, '$[0]'),
    replacements.replacements
  ) as replacement,
  case proposed.recommendation
    when 'delete' then commands.command
    when 'narrow' then commands.update_command
    else (
      select
        coalesce('ibmcloud iam service-id-unlock ' || locked_service_id || ' && ', '') || (
          select group_concat(
            substr(delete_command, 1, verb) || 'create ' || substr(
              delete_command,
              verb + 8,
              length(delete_command) - verb - 7 - length(proposed.quoted)
            ) || '--file ' || substr(proposed.quoted, 1, length(proposed.quoted) - 1) || '-'
              || (each.key + 1) || '.json''',
            ' && '
          )
          from json_each(replacements.replacements) as each
        ) || ' && ' || delete_command
        || coalesce(' && ibmcloud iam service-id-lock ' || locked_service_id, '')
      from (select *, instr(delete_command, '-delete ') as verb from policy_remediations)
        as remediations
      where remediations.policy_id = proposed.policy_id
    )
  end as command,
  iif(
    proposed.recommendation = 'narrow',
    'Save before as POLICY_ID.json and use the same command again.',
    iif(proposed.recommendation = 'split', 'Delete the new policies. ', '')
      || 'Within 10 days, restore it: PATCH https://iam.cloud.ibm.com/v1/policies/'
      || proposed.policy_id || ' with the body {"state": "active"} and, in the header If-Match, the '
      || 'ETag of a GET. After that, create it again with its JSON, which policy_documents has until '
      || 'the next collection.'
  ) as undo,
  iif(
    proposed.recommendation <> 'delete',
    (
      select document
      from policy_documents as documents
      where documents.policy_id = proposed.policy_id
    ),
    null
  ) as before,
  proposed.identities,
  proposed.targets,
  proposed.access_rows,
  1 as policies,
  commands.console,
  coalesce(
    commands.remark,
    iif(
      proposed.reason = 'no subject',
      'The command line names policies by their holder, so delete it through the API: DELETE '
        || 'https://iam.cloud.ibm.com/v2/policies/' || proposed.policy_id,
      null
    )
  ) as remark,
  acknowledged.note as acknowledged,
  proposed.stand_ins,
  proposed.iam_id,
  proposed.access_group_id,
  proposed.policy_id,
  proposed.account_id,
  count(*) over () as report_rows
from proposed
join accounts on accounts.account_id = proposed.account_id
join policy_descriptions as descriptions on descriptions.policy_id = proposed.policy_id
join policy_sentences as sentences on sentences.policy_id = proposed.policy_id
join policy_commands as commands on commands.policy_id = proposed.policy_id
left join policy_replacements as replacements on replacements.policy_id = proposed.policy_id
left join inactive
  on inactive.iam_id = proposed.iam_id and inactive.account_id = proposed.account_id
left join orphans on orphans.policy_id = proposed.policy_id
left join gone on gone.policy_id = proposed.policy_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'policy_right_size'
  and acknowledged.account_id = proposed.account_id
  and acknowledged.finding = proposed.policy_id
order by
  account,
  proposed.account_id,
  severity desc,
  proposed.recommendation,
  proposed.reason,
  holder,
  proposed.policy_id
