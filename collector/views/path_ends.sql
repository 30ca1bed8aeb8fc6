-- title: Names of what paths can lead to, to choose from.
-- notes: |
--   What forms offer to choose from; a name may stand for several.
select 'full control' as name
union
select name
from holder_names
union
select name
from resource_service_instances
union
select display_name
from roles
