-- title: Names of service instances, services, and resource groups, to choose from.
-- notes: |
--   What forms offer to choose from; a name may stand for several.
select name
from resource_service_instances
union
select name
from resource_groups
union
select service_name
from account_services
union
select service_name
from role_actions
union
select 'account'
