-- title: The names of roles, and the actions that they allow.
-- notes: |
--   What forms offer to choose from.
select display_name as name
from roles
union
select action
from role_actions
