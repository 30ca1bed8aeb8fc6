-- title: "Each policy as a sentence: subject, roles, target, and condition."
-- notes: |
--   The words are those of policy_descriptions; this view only combines them. target is the end of
--   the sentence: the target and the condition.
select
  policy_id,
  coalesce(subject, 'nobody') || ': ' || coalesce(roles, 'no role') || ' on '
    || target || coalesce(', ' || condition, '') as sentence,
  coalesce(roles, 'no role') as roles,
  target || coalesce(', ' || condition, '') as target
from policy_descriptions
