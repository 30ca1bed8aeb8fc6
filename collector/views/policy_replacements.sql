-- title: What takes the place of each policy that is to be narrowed or split, as JSON.
-- notes: |
--   replacements is a JSON list of policies as policy_documents has them: one for a policy to be
--   narrowed, and one for each service of a policy to be split, after one for account management if
--   it includes that. What they lack is decided in policy_sizes.
with
  narrowed as (
    select
      sizes.policy_id,
      json_set(
        documents.document,
        '$.control.grant.roles',
        (
          select json_group_array(json_object('role_id', role_id))
          from (
            select role_id
            from policy_roles
            where policy_roles.policy_id = sizes.policy_id
              and role_id not in (select value from json_each(coalesce(sizes.roles, '[]')))
            order by role_id
          )
        ),
        '$.resource.attributes',
        (
          select json_group_array(json(attribute))
          from (
            select
              coalesce(
                (
                  select json_set(
                    attributes.attribute,
                    '$.value',
                    json(
                      (
                        select json_group_array(value)
                        from (
                          select named.value
                          from policy_values as named
                          where named.policy_id = attributes.policy_id
                            and named.side = 'target'
                            and named.position = attributes.position
                            and named.number not in (
                              select number
                              from missing_values as missing
                              where missing.policy_id = attributes.policy_id
                                and missing.side = 'target'
                                and missing.position = attributes.position
                            )
                          order by named.number
                        )
                      )
                    )
                  )
                  where exists (
                    select 1
                    from missing_values as missing
                    where missing.policy_id = attributes.policy_id
                      and missing.side = 'target'
                      and missing.position = attributes.position
                      and json_extract(attributes.attribute, '$.operator') = 'stringEqualsAnyOf'
                  )
                ),
                attributes.attribute
              ) as attribute
            from policy_attributes as attributes
            where attributes.policy_id = sizes.policy_id
            order by attributes.position
          )
        )
      ) as document
    from policy_sizes as sizes
    join policy_documents as documents on documents.policy_id = sizes.policy_id
    where sizes.recommendation = 'narrow'
  ),
  parts as (
    select sizes.policy_id, 1 as place, each.key as number, 'serviceName' as name, each.value
    from policy_sizes as sizes
    join json_each(sizes.services) as each
    where sizes.recommendation = 'split'
    union all
    select sizes.policy_id, 0, 0, 'serviceType', 'platform_service'
    from policy_sizes as sizes
    where sizes.recommendation = 'split'
      and exists (
        select 1
        from policy_services as reached
        where reached.policy_id = sizes.policy_id and reached.service_type = 'platform_service'
      )
  ),
  divided as (
    select
      parts.policy_id,
      parts.place,
      parts.number,
      json_set(
        documents.document,
        '$.resource.attributes',
        (
          select json_group_array(json(attribute))
          from (
            select 0 as place, attributes.position, attributes.attribute
            from policy_attributes as attributes
            where attributes.policy_id = parts.policy_id
              and attributes.name not in ('serviceName', 'serviceType')
            union all
            select
              1,
              0,
              json_object('key', parts.name, 'operator', 'stringEquals', 'value', parts.value)
            order by 1, 2
          )
        )
      ) as document
    from parts
    join policy_documents as documents on documents.policy_id = parts.policy_id
  )
select policy_id, json_array(json(document)) as replacements
from narrowed
union all
select policy_id, json_group_array(json(document))
from (select * from divided order by policy_id, place, number)
group by policy_id
