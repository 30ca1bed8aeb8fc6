-- title: The targets of policies, each once, with a number.
-- grain: one row for each target of policies of an account
-- key: [number]
-- columns:
--   number: {is: Its number., kind: integer, required: true}
--   target_id: {is: The first of the policies that share it., references: policies, required: true}
--   account_id: {is: Its account., references: accounts, required: true}
-- rests_on: [policy_targets]
select row_number() over (order by target_id), target_id, account_id
from policy_targets
group by target_id, account_id
