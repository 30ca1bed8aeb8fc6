-- title: The resource attributes of policies, each as the JSON that IBM Cloud's API (v2) takes.
-- notes: |
--   A list is a JSON array again, and whether something exists is true or false.
select
  policy_id,
  position,
  name,
  json_object(
    'key', name,
    'operator', coalesce(operator, 'stringEquals'),
    'value',
    json(
      case
        when operator like '%AnyOf' and json_valid(value) then value
        when operator = 'stringExists' and value in ('true', 'false') then value
        else json_quote(value)
      end
    )
  ) as attribute
from policy_resource_attributes
