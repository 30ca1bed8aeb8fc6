-- title: Duties that should not be in one hand
-- question: Who can read data and change its keys, or grant access and change what is audited?
-- category: Administrators
-- severity: medium
-- why: >
--   Whoever holds both can do harm and hide it, or lock everybody else out. Two combinations are
--   looked for: reading the content of Secrets Manager or Object Storage, and deleting or disabling
--   keys in Key Protect or Hyper Protect Crypto Services; and granting access (Administrator on IAM
--   Access Management, Administrator or Editor on IAM Access Groups), and changing where audit events
--   go (Administrator, Editor or Manager on atracker or logs-router). One row for each identity or
--   access group and combination, with what gives each half. A group stands for all its members: an
--   identity is listed if it needs policies of its own, several groups, or a trusted profile that it
--   may assume by name. Which key protects which data is not looked at. Roles count by their actions
--   where the file has them, else by name, policies under a condition too. The account owner can do
--   everything, is no finding, and is not listed.
-- remediation: >
--   Take one of the two halves away: the policies are in the row. Give it to others, whom the holder
--   of the first half does not direct. The rows have no command, for which half to take is yours to
--   know. Acknowledge those that are meant to be, such as administrators for emergencies.
-- references:
--   - "IBM Cloud Docs: Best practices for organizing resources and assigning access"
--   - "IBM Cloud Docs: IAM roles and actions"
-- identifiers: [holder_id, combination]
-- chart:
--   mark: bar
--   x_column: combination
--   x_type: nominal
--   y_column: holders
--   y_type: quantitative
--   color_column: kind
with
  pairs(combination, one, other) as (
    values
    ('reads data and changes keys', 'reads data', 'changes keys'),
    ('grants access and changes audit routing', 'grants access', 'changes audit routing')
  ),
  -- What each holder of policies has of each duty.
  held as materialized (
    select
      duties.account_id,
      coalesce(policies.access_group_id, policies.iam_id) as source,
      policies.access_group_id,
      duties.duty,
      group_concat(distinct duties.why) as why
    from (select * from policy_duties order by policy_id) as duties
    join policies on policies.id = duties.policy_id
    where coalesce(policies.access_group_id, policies.iam_id) is not null
    group by duties.account_id, source, duties.duty
  ),
  whole as materialized (
    select pairs.combination, one.account_id, one.source, one.access_group_id
    from pairs
    join held as one on one.duty = pairs.one
    join held as other
      on other.duty = pairs.other
      and other.source = one.source
      and other.account_id = one.account_id
  ),
  direct as materialized (
    select held.account_id, held.source as iam_id, held.source, held.duty
    from held
    where access_group_id is null
    union
    select held.account_id, members.iam_id, held.source, held.duty
    from held
    join access_group_members as members on members.group_id = held.access_group_id
    union
    select held.account_id, everybody.iam_id, held.source, held.duty
    from held
    join access_groups on access_groups.id = held.access_group_id and access_groups.is_public = 1
    join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = held.account_id
  ),
  reached as materialized (
    select account_id, iam_id, iam_id as acting_as, source, duty from direct
    union
    select direct.account_id, allowed.iam_id, direct.iam_id, direct.source, direct.duty
    from direct
    join trustedprofiles as profiles
      on profiles.iam_id = direct.iam_id and profiles.account_id = direct.account_id
    join trustedprofile_identities as allowed on allowed.tp_id = profiles.id
    where allowed.iam_id not glob 'iam-Profile-*'
  ),
  sides as materialized (
    select reached.*, pairs.combination, reached.duty = pairs.one as is_one
    from reached
    join pairs on reached.duty in (pairs.one, pairs.other)
  ),
  -- Of identities those who need more than one group or profile that has it all by itself.
  people as (
    select sides.account_id, sides.iam_id, sides.combination
    from sides
    join accounts on accounts.account_id = sides.account_id
    where accounts.owner is not sides.iam_id
    group by sides.account_id, sides.iam_id, sides.combination
    having max(sides.is_one) and min(sides.is_one) = 0
      and max((sides.source, sides.combination) in (
        select source, combination from whole where whole.source <> sides.iam_id
      )) = 0
  ),
  -- A profile that has it all is listed itself, not whoever may assume it.
  profiles_whole as materialized (
    select account_id, acting_as, combination
    from sides
    where acting_as = iam_id
    group by account_id, acting_as, combination
    having max(is_one) and min(is_one) = 0
  ),
  holders as materialized (
    select account_id, source as holder_id, access_group_id, combination
    from whole
    where access_group_id is not null
    union all
    select people.account_id, people.iam_id, null, people.combination
    from people
    where not exists (
      select 1
      from sides
      join profiles_whole
        on profiles_whole.acting_as = sides.acting_as
        and profiles_whole.account_id = sides.account_id
        and profiles_whole.combination = sides.combination
      where sides.iam_id = people.iam_id
        and sides.account_id = people.account_id
        and sides.combination = people.combination
        and sides.acting_as <> sides.iam_id
    )
  ),
  halves as (
    select holders.holder_id, holders.account_id, holders.combination, held.duty = pairs.one as is_one,
      held.why
    from holders
    join pairs on pairs.combination = holders.combination
    join held
      on held.source = holders.holder_id
      and held.account_id = holders.account_id
      and held.duty in (pairs.one, pairs.other)
    where holders.access_group_id is not null
    union
    select sides.iam_id, sides.account_id, sides.combination, sides.is_one,
      held.why || case
        when sides.source = sides.iam_id then ''
        when held.access_group_id is null then
          ' (trusted profile ' || coalesce(identities.name, sides.acting_as) || ')'
        else ' (access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
          || iif(
            sides.acting_as = sides.iam_id,
            '',
            ' of trusted profile ' || coalesce(identities.name, sides.acting_as)
          ) || ')'
      end
    from holders
    join sides
      on sides.iam_id = holders.holder_id
      and sides.account_id = holders.account_id
      and sides.combination = holders.combination
    join held
      on held.source = sides.source
      and held.account_id = sides.account_id
      and held.duty = sides.duty
    left join identities on identities.iam_id = sides.acting_as
    left join access_groups on access_groups.id = held.access_group_id
  ),
  texts as materialized (
    select
      holder_id,
      account_id,
      combination,
      group_concat(iif(is_one, why, null), '; ') as first_half,
      group_concat(iif(is_one, null, why), '; ') as second_half
    from (select * from halves order by holder_id, account_id, combination, why)
    group by holder_id, account_id, combination
  )
select
  coalesce(accounts.name, holders.account_id) as account,
  case
    when holders.access_group_id is not null then summaries.name
    else coalesce(identities.name, holders.holder_id)
  end as holder,
  case
    when holders.access_group_id is not null then 'access group'
    else replace(coalesce(identities.kind, 'unknown'), '_', ' ')
  end as kind,
  holders.combination,
  texts.first_half,
  texts.second_half,
  summaries.members,
  (
    select public_access.effect
    from public_access
    where public_access.access_group_id = holders.access_group_id
  ) as public_access,
  1 as holders,
  null as command,
  coalesce(groups.console, arguments.console) as console,
  acknowledged.note as acknowledged,
  holders.holder_id,
  iif(holders.access_group_id is null, holders.holder_id, null) as iam_id,
  holders.access_group_id,
  holders.account_id,
  count(*) over () as report_rows
from holders
join accounts on accounts.account_id = holders.account_id
join texts
  on texts.holder_id = holders.holder_id
  and texts.account_id = holders.account_id
  and texts.combination = holders.combination
left join access_group_summaries as summaries
  on summaries.access_group_id = holders.access_group_id
left join access_group_arguments as groups on groups.access_group_id = holders.access_group_id
left join identities on identities.iam_id = holders.holder_id
left join identity_arguments as arguments
  on arguments.iam_id = holders.holder_id and arguments.account_id = holders.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'duties_combined'
  and acknowledged.account_id = holders.account_id
  and acknowledged.finding = holders.holder_id || ' ' || holders.combination
where coalesce(summaries.is_missing, 0) = 0
order by account, holders.account_id, holder, holders.holder_id, holders.combination
