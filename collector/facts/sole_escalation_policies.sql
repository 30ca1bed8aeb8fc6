-- title: The identities that can escalate through one policy only.
-- grain: one row for each identity of an account whose paths to full control all begin with one policy
-- key: [account_id, iam_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   policy_id: {is: "The policy: without it, no path is left.", references: policies, required: true}
-- rests_on:
--   [access_group_members, access_groups, escalation_distances, escalation_steps,
--   shortest_escalation_paths]
-- errs: >
--   An identity with two first policies is not here, even if one of them leads nowhere without the
--   other. Otherwise as the steps do.
-- notes: |
--   A path begins with what costs nothing, which is being in an access group or assuming a trusted
--   profile, and then takes a step that a policy allows. Where there is but one policy for such a first
--   step, no path is left without it; where there are several, one of them may be left.
with
  -- What a first step can begin at: an identity or group, and the first and the last of the policies
  -- that allow such a step. Where they are the same, there is one.
  begun as materialized (
    select
      steps.account_id,
      steps.source,
      min(steps.policy_id) as first_policy_id,
      max(steps.policy_id) as last_policy_id
    from escalation_steps as steps
    left join escalation_distances as distances
      on distances.account_id = steps.account_id and distances.id = steps.target
    where steps.policy_id is not null
      and steps.source_kind in ('identity', 'access_group')
      and (steps.target_kind in ('full_control', 'every') or distances.id is not null)
    group by steps.account_id, steps.source
  ),
  -- Profiles assume no profiles: one step is all.
  persons as materialized (
    select paths.account_id, paths.iam_id, paths.iam_id as acting_as
    from shortest_escalation_paths as paths
    union
    select paths.account_id, paths.iam_id, steps.target
    from shortest_escalation_paths as paths
    join (
      select account_id, source, target
      from escalation_steps
      where policy_id is null and source_kind = 'identity' and target_kind = 'identity'
    ) as steps
      on steps.account_id = paths.account_id and steps.source = paths.iam_id
  ),
  first as (
    select persons.account_id, persons.iam_id, begun.first_policy_id, begun.last_policy_id
    from persons
    join begun on begun.account_id = persons.account_id and begun.source = persons.acting_as
    union all
    select persons.account_id, persons.iam_id, begun.first_policy_id, begun.last_policy_id
    from persons
    cross join access_group_members as members on members.iam_id = persons.acting_as
    cross join begun
      on begun.account_id = persons.account_id and begun.source = members.group_id
    union all
    -- The Public Access group stands for everybody.
    select persons.account_id, persons.iam_id, begun.first_policy_id, begun.last_policy_id
    from persons
    join access_groups on access_groups.account_id = persons.account_id
      and access_groups.is_public = 1
    join begun on begun.account_id = persons.account_id and begun.source = access_groups.id
  )
select account_id, iam_id, min(first_policy_id) as policy_id
from first
group by account_id, iam_id
having min(first_policy_id) = max(last_policy_id)
