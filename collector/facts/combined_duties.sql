-- title: Who holds duties that should not be in one hand, and from what.
-- grain: one row for each identity or access group and combination of duties that it holds
-- key: [account_id, holder_id, combination]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
--   holder_id: {is: IAM ID or ID of the access group., required: true}
--   access_group_id: {is: "The access group, if the holder is one.", references: access_groups}
--   combination: reads data and changes keys, or grants access and changes audit routing.
--   first_half: Which roles on what give the first duty, and through what.
--   second_half: The same of the second duty.
-- rests_on:
--   [access_group_members, access_groups, accounts, identities, policies, policy_duties,
--   serviceids, trustedprofile_identities, trustedprofiles, users]
-- errs: As policy_duties; people whom a trusted profile lets in by a claim rule are in no list.
-- notes: |
--   A group, or a trusted profile, that has both stands for everybody in it: an identity is here if it
--   needs policies of its own, several groups, or a profile beside them. The account owner is left
--   out.
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
      and max(
        sides.source <> sides.iam_id
        and (sides.source, sides.combination) in (select source, combination from whole)
      ) = 0
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
    where (people.account_id, people.iam_id, people.combination) not in (
      select sides.account_id, sides.iam_id, sides.combination
      from profiles_whole
      join sides
        on sides.acting_as = profiles_whole.acting_as
        and sides.account_id = profiles_whole.account_id
        and sides.combination = profiles_whole.combination
      where sides.acting_as <> sides.iam_id
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
