-- title: >
--   The account management services that policies can be about.
-- notes: |
--   The account management services, and whether service_group_id IAM stands for them too.
--
--   IBM Cloud has no list of them by API; "everything in the account" and serviceType
--   platform_service also stand for services that are not named here.
select column1 as service_name, column2 as title, column3 as is_iam
from (
  values
    ('iam-access-management', 'IAM Access Management (policies and custom roles)', 1),
    ('iam-groups', 'IAM Access Groups', 1),
    ('iam-identity', 'IAM Identity (service IDs, trusted profiles, API keys, settings)', 1),
    ('user-management', 'User Management', 1),
    ('billing', 'Billing', 0),
    ('cloudshell', 'Cloud Shell', 0),
    ('context-based-restrictions', 'Context-based restrictions', 0),
    ('enterprise', 'Enterprise', 0),
    ('entitlement', 'License and Entitlement', 0),
    ('globalcatalog', 'Global Catalog', 0),
    ('globalcatalog-collection', 'Catalog Management', 0),
    ('project', 'Projects', 0),
    ('security-compliance', 'Security and Compliance Center', 0),
    ('support', 'Support Center', 0)
)
