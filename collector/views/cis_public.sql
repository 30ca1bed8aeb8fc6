-- title: >
--   What the CIS benchmark's recommendations on public access are judged by.
-- notes: |
--   Columns as in cis_measures. The setting alone opens nothing: it takes an active policy of the
--   Public Access group, and settings that let it take effect for people without a login. If these are
--   not known, fails is null.
with
  grants as materialized (
    select
      policies.account_id,
      case
        when public_access.effect glob 'no effect now*' then 0
        when public_access.effect glob 'open to the account only*' then 0
        when public_access.effect = 'open to everybody' then 1
      end as is_open,
      exists (
        select 1
        from policy_services as reached
        where reached.policy_id = policies.id
          and reached.service_type = 'service'
          and reached.service_name = 'cloud-object-storage'
      ) as is_storage
    from public_access
    join granting_policies as policies
      on policies.access_group_id = public_access.access_group_id
    where policies.type = 'access'
  ),
  kinds(measure, storage_only) as (values ('public access', 0), ('public storage', 1))
select
  accounts.account_id,
  kinds.measure,
  case
    when max(grants.is_open) = 1 then 1
    when count(grants.account_id) > count(grants.is_open) then null
    else 0
  end as fails,
  count(grants.account_id) || iif(count(grants.account_id) = 1, ' policy', ' policies')
    || ' of the Public Access group, '
    || count(*) filter (where grants.is_open) || ' of them open to everyone' as figure
from accounts
cross join kinds
left join grants
  on grants.account_id = accounts.account_id and (grants.is_storage or not kinds.storage_only)
group by accounts.account_id, kinds.measure
