-- title: Who holds conflicting duties (separation of duties), and through which access paths.
-- grain: one row for each identity or access group and combination of duties that it holds
-- key: [account_id, holder_id, combination]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   holder_id: {is: IAM ID or ID of the access group., required: true}
--   access_group_id: {is: "The access group, if the holder is one.", references: access_groups}
--   combination: reads data and changes keys, or grants access and changes audit routing.
--   first_half: The roles, targets, and access paths that give the first duty.
--   second_half: The same for the second duty.
-- rests_on:
--   [access_group_members, access_groups, accounts, identities, policies, policy_duties,
--   serviceids, trustedprofile_identities, trustedprofiles, users]
-- errs: Same as policy_duties; users who can assume a trusted profile through a claim rule are missing.
-- notes: |
--   A group or trusted profile that gives both duties represents everyone in it. An identity is here
--   if no single group or profile gives it both, but its direct policies, its groups, and the profiles
--   that trust it by name do so together. The account owner is left out.
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
  -- Which halves of each combination that is.
  holdings as materialized (
    select
      row_number() over () as number,
      pairs.combination,
      held.account_id,
      held.source,
      held.access_group_id,
      max(held.duty = pairs.one) as has_one,
      max(held.duty = pairs.other) as has_other
    from held
    join pairs on held.duty in (pairs.one, pairs.other)
    group by pairs.combination, held.account_id, held.source
  ),
  public_holdings as materialized (
    select number, account_id
    from holdings
    where access_group_id in (select id from access_groups where is_public = 1)
  ),
  -- What whoever may assume a profile has as that profile.
  assumable as materialized (
    select allowed.iam_id, profiles.iam_id as acting_as, holdings.number
    from trustedprofiles as profiles
    join trustedprofile_identities as allowed on allowed.tp_id = profiles.id
    join (
      select holdings.number, holdings.source as iam_id from holdings where access_group_id is null
      union
      select holdings.number, members.iam_id
      from access_group_members as members
      cross join holdings on holdings.access_group_id = members.group_id
      where members.iam_id in (select iam_id from trustedprofiles)
    ) as own
      on own.iam_id = profiles.iam_id
    join holdings on holdings.number = own.number and holdings.account_id = profiles.account_id
    where allowed.iam_id not glob 'iam-Profile-*'
  ),
  -- Of identities those who need more than one group or profile that has it all by itself. Somebody
  -- who is in a group both ways is here twice, which changes nothing.
  people as materialized (
    select reached.account_id, reached.iam_id, reached.combination
    from (
      select source as iam_id, account_id, combination, has_one, has_other, 0 as through
      from holdings
      where access_group_id is null
      union all
      select
        members.iam_id, holdings.account_id, holdings.combination, holdings.has_one,
        holdings.has_other, 1
      from holdings
      cross join access_group_members as members on members.group_id = holdings.access_group_id
      union all
      select
        everybody.iam_id, holdings.account_id, holdings.combination, holdings.has_one,
        holdings.has_other, 1
      from public_holdings
      join holdings on holdings.number = public_holdings.number
      join (
        select account_id, iam_id from users union all select account_id, iam_id from serviceids
      ) as everybody
        on everybody.account_id = public_holdings.account_id
      union all
      select
        assumable.iam_id, holdings.account_id, holdings.combination, holdings.has_one,
        holdings.has_other, holdings.source <> assumable.iam_id
      from assumable
      join holdings on holdings.number = assumable.number
    ) as reached
    group by reached.iam_id, reached.account_id, reached.combination
    having max(has_one)
      and max(has_other)
      and max(has_one and has_other and through) = 0
      and not exists (
        select 1
        from accounts
        where accounts.account_id = reached.account_id and accounts.owner = reached.iam_id
      )
  ),
  -- The same once more, only of these.
  sides as materialized (
    select source as iam_id, source as acting_as, number
    from holdings
    where access_group_id is null and source in (select iam_id from people)
    union
    select members.iam_id, members.iam_id, holdings.number
    from access_group_members as members
    cross join holdings on holdings.access_group_id = members.group_id
    where members.iam_id in (select iam_id from people)
    union
    select everybody.iam_id, everybody.iam_id, public_holdings.number
    from public_holdings
    join (
      select account_id, iam_id from users union all select account_id, iam_id from serviceids
    ) as everybody
      on everybody.account_id = public_holdings.account_id
    where everybody.iam_id in (select iam_id from people)
    union
    select iam_id, acting_as, number from assumable where iam_id in (select iam_id from people)
  ),
  -- Whoever has it all as one profile: that profile is listed itself.
  by_profile as materialized (
    select assumable.iam_id, holdings.account_id, holdings.combination
    from assumable
    join holdings on holdings.number = assumable.number
    group by assumable.iam_id, assumable.acting_as, holdings.account_id, holdings.combination
    having max(has_one) and max(has_other)
  ),
  holders as materialized (
    select account_id, source as holder_id, access_group_id, combination
    from holdings
    where access_group_id is not null and has_one and has_other
    union all
    select people.account_id, people.iam_id, null, people.combination
    from people
    where (people.iam_id, people.account_id, people.combination) not in (
      select iam_id, account_id, combination from by_profile
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
    select sides.iam_id, holdings.account_id, holdings.combination, held.duty = pairs.one,
      held.why || case
        when holdings.source = sides.iam_id then ''
        when held.access_group_id is null then
          ' (trusted profile ' || coalesce(identities.name, sides.acting_as) || ')'
        else ' (access group ' || coalesce(nullif(access_groups.name, ''), access_groups.id)
          || iif(
            sides.acting_as = sides.iam_id,
            '',
            ' of trusted profile ' || coalesce(identities.name, sides.acting_as)
          ) || ')'
      end
    from sides
    cross join holdings on holdings.number = sides.number
    join holders
      on holders.holder_id = sides.iam_id
      and holders.account_id = holdings.account_id
      and holders.combination = holdings.combination
    join pairs on pairs.combination = holdings.combination
    join held
      on held.source = holdings.source
      and held.account_id = holdings.account_id
      and held.duty in (pairs.one, pairs.other)
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
  holders.account_id,
  holders.holder_id,
  holders.access_group_id,
  holders.combination,
  texts.first_half,
  texts.second_half
from holders
join texts
  on texts.holder_id = holders.holder_id
  and texts.account_id = holders.account_id
  and texts.combination = holders.combination
