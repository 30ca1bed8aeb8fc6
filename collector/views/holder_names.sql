-- title: Names of those who can be asked about, people, service IDs, trusted profiles and access groups.
-- notes: |
--   What forms offer to choose from; a name may stand for several.
select name
from identities
where kind in ('user', 'service_id', 'trusted_profile')
union
select name
from access_groups
where listed = 1
