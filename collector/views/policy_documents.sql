-- title: Each policy as the JSON with which IBM Cloud's API (v2) creates it.
-- notes: |
--   document has what a request to create the policy has: type, description, subject, resource,
--   control, and the condition. A policy that only the v1 API shows means the same in this form.
select
  policies.id as policy_id,
  -- A merge leaves out what is null.
  json_patch(
    '{}',
    json_object(
      'type', policies.type,
      'description', nullif(policies.description, ''),
      'subject', json_object(
        'attributes', (
          select json_group_array(
            json_object('key', name, 'operator', operator, 'value', value)
          )
          from (
            select name, coalesce(operator, 'stringEquals') as operator, value
            from policy_subjects
            where policy_subjects.policy_id = policies.id
            order by position
          )
        )
      ),
      'resource', json_object(
        'attributes', (
          select json_group_array(json(attribute))
          from (
            select attribute
            from policy_attributes
            where policy_attributes.policy_id = policies.id
            order by position
          )
        ),
        'tags', (
          select iif(
            count(*),
            json_group_array(json_object('key', name, 'operator', operator, 'value', value)),
            null
          )
          from (
            select name, coalesce(operator, 'stringEquals') as operator, value
            from policy_resource_tags
            where policy_resource_tags.policy_id = policies.id
            order by position
          )
        )
      ),
      'control', json_object(
        'grant', json_object(
          'roles', (
            select json_group_array(json_object('role_id', role_id))
            from (
              select role_id
              from policy_roles
              where policy_roles.policy_id = policies.id
              order by role_id
            )
          )
        )
      ),
      'rule', iif(json_valid(policies.rule), json(policies.rule), null),
      'pattern', policies.pattern
    )
  ) as document
from policies
