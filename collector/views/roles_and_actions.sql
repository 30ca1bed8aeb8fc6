-- title: Roles by name, and the actions that roles allow.
-- notes: |
--   What forms offer to choose from.
select display_name as name
from roles
union
select action
from role_actions
