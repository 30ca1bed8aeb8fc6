-- title: >
--   The account management services that policies can apply to.
-- notes: |
--   The account management services, and whether service_group_id IAM includes them. title is the
--   name, followed by what it covers.
--
--   IBM Cloud has no API that lists them; "everything in the account" and serviceType
--   platform_service also include services that are not named here.
with
  services(service_name, name, about, is_iam) as (
    values
    ('iam-access-management', 'IAM Access Management', 'policies and custom roles', 1),
    ('iam-groups', 'IAM Access Groups', null, 1),
    (
      'iam-identity',
      'IAM Identity',
      'service IDs, trusted profiles, API keys, settings',
      1
    ),
    ('user-management', 'User Management', null, 1),
    ('billing', 'Billing', null, 0),
    ('cloudshell', 'Cloud Shell', null, 0),
    ('context-based-restrictions', 'Context-based restrictions', null, 0),
    ('enterprise', 'Enterprise', null, 0),
    ('entitlement', 'License and Entitlement', null, 0),
    ('globalcatalog', 'Global Catalog', null, 0),
    ('globalcatalog-collection', 'Catalog Management', null, 0),
    ('project', 'Projects', null, 0),
    ('security-compliance', 'Security and Compliance Center', null, 0),
    ('support', 'Support Center', null, 0)
  )
select service_name, name || coalesce(' (' || about || ')', '') as title, is_iam, name, about
from services
