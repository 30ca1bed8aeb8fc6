-- title: The account management services that each policy reaches, and how much of them.
-- notes: |
--   One row for each active access policy and account management service that it reaches, as
--   policy_services has it. A policy for a resource group, a region, or access tags reaches none,
--   because account management has none of these.
-- columns:
--   policy_id: The policy.
--   service_name: The service, one of account_services.
--   reach: >
--     The extent of the policy: everything (limited only to the account), all_account_management,
--     all_iam (it includes all services that control access), or one_service (some services).
--   scope: conditional (it has a condition), otherwise part (of the service), otherwise full.
--   is_whole: >
--     1 if it reaches the whole service: any part that it names is unlimited. Conditions are ignored.
-- facets: [service_name, reach]
select policy_id, service_name, reach, scope, is_whole
from policy_services
where service_type = 'platform_service'
