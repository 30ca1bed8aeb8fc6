-- title: Choke points of escalation paths
-- question: Which few policies or memberships close most paths to full control when they are removed?
-- category: Privilege escalation
-- severity: info
-- why: >
--   Many paths lead through the same few policies. To remove one of these closes the paths of many
--   people at once, which is less work than to break each path by itself.
-- remediation: >
--   Start at the top: give those who need it a narrower policy, then delete the policy, or remove
--   the member, with its command. The number of each row holds after those above it.
-- notes: >
--   closes counts the identities that lose all of their paths, of any length, when what the row names
--   is removed after what is above it; a row that closes none prepares the next one. Only identities
--   that are no full administrators count. The order is greedy: each row closes the most, or two rows
--   together where they close far more. On small accounts the first three rows close 94 to 98 percent of what the best one, two, or
--   three removals close, all accounts taken together; for a single account, two other removals can
--   close more than the first two rows. What closes the paths of less than one in a hundred
--   identities is left out, and so are three removals that close something only together: an account
--   in which everybody has many paths has no rows.
--   Memberships by a dynamic rule, the Public Access group, and who can assume a trusted profile are
--   not considered for removal. What escalation_paths does not evaluate is not evaluated here either.
-- references:
--   - "IBM Cloud Docs: IAM roles and actions"
-- shown: [place, what, closes, closed_share, command]
-- breakdown: {by: what, of: closes}
-- chart:
--   mark: bar
--   x_column: place
--   x_type: ordinal
--   y_column: closed
--   y_type: quantitative
select
  coalesce(accounts.name, points.account_id) as account,
  points.place,
  coalesce(
    descriptions.subject || ': ' || descriptions.roles || ' on ' || descriptions.target,
    coalesce(identities.name, points.iam_id) || ' in access group ' || groups.name
  ) as what,
  iif(points.policy_id is null, 'membership', 'policy') as kind,
  points.closes,
  points.closed,
  points.identities,
  round(100.0 * points.closed / points.identities, 1) as closed_share,
  iif(
    points.policy_id is not null,
    policy_commands.command,
    case arguments.kind
      when 'user' then 'ibmcloud iam access-group-user-remove ' || named.word || ' ' || arguments.word
      when 'trusted_profile' then
        'ibmcloud iam access-group-trusted-profile-remove ' || named.word || ' ' || arguments.word
      when 'service_id' then
        'ibmcloud iam access-group-service-id-remove ' || named.word || ' ' || arguments.member
    end
  ) as command,
  iif(
    points.policy_id is not null,
    policy_commands.remark,
    coalesce(named.remark, arguments.member_remark)
  ) as remark,
  points.policy_id,
  points.iam_id,
  coalesce(points.access_group_id, policies.access_group_id) as access_group_id,
  points.account_id,
  count(*) over () as report_rows
from choke_points as points
join accounts on accounts.account_id = points.account_id
left join policies on policies.id = points.policy_id
left join policy_descriptions as descriptions on descriptions.policy_id = points.policy_id
left join policy_commands on policy_commands.policy_id = points.policy_id
left join identities on identities.iam_id = points.iam_id
left join access_group_summaries as groups on groups.access_group_id = points.access_group_id
left join access_group_arguments as named on named.access_group_id = points.access_group_id
left join identity_arguments as arguments
  on arguments.iam_id = points.iam_id and arguments.account_id = points.account_id
order by account, points.account_id, points.place
