-- title: Names of people, service IDs, trusted profiles, and access groups, to choose from.
-- notes: |
--   What forms offer to choose from; a name may stand for several.
select name
from identities
where kind in ('user', 'service_id', 'trusted_profile')
union
select name
from access_groups
where listed = 1
