-- title: Policies that grant nothing that another policy of the same subject does not grant.
-- grain: one row for each policy that another one covers
-- key: [policy_id]
-- by_key: true
-- columns:
--   policy_id: {is: The policy., references: policies, required: true}
--   covered_by: {is: "The policy that covers it, the broadest if several do.", references: policies, required: true}
--   dropped: {is: How many of its requirements the other policy does not make., kind: integer, required: true}
--   without_rule: {is: "1 if it has a condition, and the other policy has none.", kind: integer, required: true}
-- rests_on: [policies, policy_roles, wider_policies]
-- errs: >
--   Policies are compared as they are worded: some that are covered are missing, such as those covered
--   by a role that includes theirs or by a pattern that matches what they name.
-- notes: |
--   What is compared, and what is left out, is in the notes of the report policy_redundant.
with pairs as materialized (
  select
    wider.policy_id,
    wider.wider_id,
    wider.dropped,
    wider.without_rule,
    row_number() over (
      partition by wider.policy_id
      order by
        wider.dropped desc,
        wider.without_rule desc,
        coalesce(wide.last_permit_at, '') desc,
        coalesce(wide.created_at, ''),
        wide.id
    ) as place
  from wider_policies as wider
  join policies as narrow on narrow.id = wider.policy_id
  join policies as wide on wide.id = wider.wider_id
  where not exists (
      select 1
      from policy_roles as asked
      where asked.policy_id = wider.policy_id
        and not exists (
          select 1
          from policy_roles as given
          where given.policy_id = wider.wider_id and given.role_id = asked.role_id
        )
    )
    -- Of policies that cover each other the one that was used last stays, or else the oldest one.
    and (
      wider.dropped > 0
      or wider.without_rule
      or exists (
        select 1
        from policy_roles as given
        where given.policy_id = wider.wider_id
          and not exists (
            select 1
            from policy_roles as asked
            where asked.policy_id = wider.policy_id and asked.role_id = given.role_id
          )
      )
      or (coalesce(narrow.last_permit_at, ''), coalesce(wide.created_at, ''), wide.id)
        < (coalesce(wide.last_permit_at, ''), coalesce(narrow.created_at, ''), narrow.id)
    )
)
select policy_id, wider_id, dropped, without_rule
from pairs
where place = 1
