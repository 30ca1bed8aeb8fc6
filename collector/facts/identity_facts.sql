-- title: Each identity with a number that is shorter than its IAM ID.
-- grain: one row for each identity
-- key: [number]
-- columns:
--   number: {is: "Its number, in the order of the names of all.", kind: integer, required: true}
--   iam_id: {is: The identity., references: identities, required: true}
--   name: {is: Its name., required: true}
--   kind: {is: "user, service_id, trusted_profile, service, or unknown.", required: true}
-- rests_on: [identities]
select row_number() over (order by name, iam_id), iam_id, name, kind
from identities
