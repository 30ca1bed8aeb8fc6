-- title: Which policy reaches which account management service, and how much of it.
-- notes: |
--   One row for each active access policy and account management service that it reaches, as
--   policy_services has it. A policy about a resource group, a region or access tags reaches none:
--   account management has no such thing.
-- columns:
--   policy_id: The policy.
--   service_name: The service, one of account_services.
--   reach: >
--     How wide the policy is: everything (it limits nothing but the account), all_account_management,
--     all_iam (the services that decide about access are in it, all of them), or one_service (some).
--   scope: conditional (under a rule), else part (of the service), else full.
--   is_whole: >
--     1 if it reaches the whole service: a part that it names is any part. A condition does not count.
-- facets: [service_name, reach]
select policy_id, service_name, reach, scope, is_whole
from policy_services
where service_type = 'platform_service'
