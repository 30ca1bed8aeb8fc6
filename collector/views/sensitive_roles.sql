-- title: Roles that read the content of data services, and roles that change their keys.
-- notes: |
--   duty: reads content or changes keys. service: Secrets Manager, Key Protect, Hyper Protect Crypto
--   Services or Object Storage. Roles count by their actions where the file has them, else by how
--   their IDs end in IBM's tables.
with
  actions(duty, service, action) as (
    values
    ('reads content', 'secrets-manager', 'secrets-manager.secret.read'),
    ('reads content', 'kms', 'kms.secrets.read'),
    ('reads content', 'kms', 'kms.secrets.unwrap'),
    ('reads content', 'hs-crypto', 'hs-crypto.secrets.read'),
    ('reads content', 'hs-crypto', 'hs-crypto.secrets.unwrap'),
    ('reads content', 'cloud-object-storage', 'cloud-object-storage.object.get'),
    ('changes keys', 'kms', 'kms.secrets.delete'),
    ('changes keys', 'kms', 'kms.secrets.disable'),
    ('changes keys', 'hs-crypto', 'hs-crypto.secrets.delete'),
    ('changes keys', 'hs-crypto', 'hs-crypto.secrets.disable')
  ),
  by_name(duty, service, role) as (
    values
    ('reads content', 'secrets-manager', 'secrets-manager::::serviceRole:SecretsReader'),
    ('reads content', 'secrets-manager', 'iam::::serviceRole:Writer'),
    ('reads content', 'secrets-manager', 'iam::::serviceRole:Manager'),
    ('reads content', 'kms', 'kms::::serviceRole:ReaderPlus'),
    ('reads content', 'kms', 'iam::::serviceRole:Reader'),
    ('reads content', 'kms', 'iam::::serviceRole:Writer'),
    ('reads content', 'kms', 'iam::::serviceRole:Manager'),
    ('reads content', 'hs-crypto', 'iam::::serviceRole:Reader'),
    ('reads content', 'hs-crypto', 'iam::::serviceRole:Writer'),
    ('reads content', 'hs-crypto', 'iam::::serviceRole:Manager'),
    ('reads content', 'cloud-object-storage', 'cloud-object-storage::::serviceRole:ContentReader'),
    ('reads content', 'cloud-object-storage', 'cloud-object-storage::::serviceRole:ObjectReader'),
    ('reads content', 'cloud-object-storage', 'iam::::serviceRole:Reader'),
    ('reads content', 'cloud-object-storage', 'iam::::serviceRole:Writer'),
    ('reads content', 'cloud-object-storage', 'iam::::serviceRole:Manager'),
    ('changes keys', 'kms', 'iam::::serviceRole:Manager'),
    ('changes keys', 'hs-crypto', 'iam::::serviceRole:Manager')
  )
select actions.duty, actions.service, role_actions.role_id
from actions
join role_actions
  on role_actions.action = actions.action and role_actions.service_name = actions.service
union
select by_name.duty, by_name.service, roles.role_id
from by_name
join roles on roles.role_id glob '*:' || by_name.role
where not exists (
  select 1
  from role_actions
  where role_actions.role_id = roles.role_id and role_actions.service_name = by_name.service
)
