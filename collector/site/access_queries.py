"""What the picture of access asks of the file: all of it of facts, and of views over them."""

from __future__ import annotations

GROUPS_OF_IDENTITY = """
    select members.access_group_id, members.membership_type
    from access_group_identities as members
    join access_groups on access_groups.id = members.access_group_id
    where members.iam_id = :key
      and (:account is null or access_groups.account_id = :account)
"""

# Policies that make their holders privileged come first, should there be too many to draw; then
# those with Administrator on anything.
_POLICIES = """
    select policies.id, policies.iam_id, policies.access_group_id
    from granting_policies as policies
    where policies.type = 'access'
      and {condition}
    order by
      policies.id not in (select policy_id from privileged_policies),
      not exists (
        select 1
        from policy_roles
        where policy_roles.policy_id = policies.id
          and policy_roles.role_id glob '*:role:Administrator'
      ),
      policies.id
"""
POLICIES_OF_HOLDERS = _POLICIES.format(
    condition="""(
        (policies.iam_id = :key and policies.access_group_id is null)
        or policies.access_group_id in (select value from json_each(:groups))
      )
      and (:account is null or policies.account_id = :account)"""
)
POLICIES_OF_INSTANCE = _POLICIES.format(
    condition="""policies.id in (
        select policy_id from policy_instances where instance_id = :key
      )"""
)
SCOPES_OF_INSTANCE = "select policy_id, scope from policy_instances where instance_id = :key"

SENTENCES = """
    select policy_id, roles, target
    from policy_sentences
    where policy_id in (select value from json_each(:policies))
"""

GROUP_NAMES = """
    select access_group_id, name
    from access_group_summaries
    where access_group_id in (select value from json_each(:groups))
"""
IDENTITY_NAMES = """
    select iam_id, name, kind
    from identities
    where iam_id in (select value from json_each(:identities))
"""

# The members of several groups: how many each has, how many there are in all (with those who have
# policies of their own), the first of each group, and who is in which.
MEMBERS = """
    select access_group_id, count(*) as members
    from access_group_identities
    where access_group_id in (select value from json_each(:groups))
    group by access_group_id
"""
EVERYBODY = """
    select count(*) as number
    from (
      select iam_id
      from access_group_identities
      where access_group_id in (select value from json_each(:groups))
      union
      select value from json_each(:identities)
    )
"""
FIRST_MEMBERS = """
    select iam_id
    from (
      select
        members.access_group_id,
        members.iam_id,
        row_number() over (
          partition by members.access_group_id order by identities.name, members.iam_id
        ) as place
      from access_group_identities as members
      join identities on identities.iam_id = members.iam_id
      where members.access_group_id in (select value from json_each(:groups))
    )
    where place <= :most
    group by iam_id
    order by min(place), iam_id
    limit :most
"""
MEMBERSHIPS = """
    select access_group_id, iam_id, membership_type
    from access_group_identities
    where access_group_id in (select value from json_each(:groups))
      and iam_id in (select value from json_each(:identities))
"""

# Which instances some policies reach: of each policy how many, and which of those that are shown.
# Policies with the same target reach the same instances, so one policy of each target is asked
# about. What few policies' targets are about is shown first: the instances that are named.
REACHED = """
    with
      drawn as materialized (
        select policy_id, scope, target_id as target
        from policy_targets
        where policy_id in (select value from json_each(:policies))
      ),
      widths as materialized (
        select target_id as target, count(*) as instances
        from target_instances
        where target_id in (select target from drawn)
        group by target_id
      ),
      -- Of those shown each is among the first of some target: what comes before it there, by ID,
      -- is in as few instances' target as it is and comes first here, too.
      first as (
        select each.value as instance_id, widths.instances
        from widths
        join json_each((
          select json_group_array(instance_id)
          from (
            select instance_id
            from target_instances
            where target_id = widths.target
            order by instance_id
            limit :shown
          )
        )) as each
      ),
      chosen as materialized (
        select instance_id
        from first
        group by instance_id
        order by min(instances), instance_id
        limit :shown
      ),
      total as materialized (
        select count(*) as instances
        from (
          select distinct instance_id
          from target_instances
          where target_id in (select target from drawn)
        )
      )
    select
      drawn.policy_id,
      drawn.scope,
      widths.instances,
      (
        select json_group_array(chosen.instance_id)
        from chosen
        join target_instances as reached
          on reached.target_id = drawn.target and reached.instance_id = chosen.instance_id
      ) as shown,
      total.instances as of_all
    from drawn
    join widths on widths.target = drawn.target
    join total
"""
INSTANCES = """
    select id, coalesce(nullif(name, ''), guid, id) as name, service_name, region_id, state
    from resource_service_instances
    where id in (select value from json_each(:instances))
"""
ACCOUNT_RESOURCES = """
    select policy_id, resource, name, about, scope
    from policy_account_resources
    where policy_id in (select value from json_each(:policies))
"""

OWNED = """
    select account_id, coalesce(name, account_id) as account
    from accounts
    where owner = :key and (:account is null or account_id = :account)
    order by 2
"""
OWNER = """
    select coalesce(name, account_id) as account, owner
    from accounts
    where account_id = :account and owner is not null
"""
PROFILES = """
    select
      trustedprofiles.id,
      coalesce(nullif(trustedprofiles.name, ''), trustedprofiles.id) as name
    from trustedprofile_identities as identities
    join trustedprofiles on trustedprofiles.id = identities.tp_id
    where identities.iam_id = :key
      and (:account is null or trustedprofiles.account_id = :account)
    order by 2, 1
    limit :most
"""

# Who and what of these is privileged, and how an identity could become so.
PRIVILEGED_IDENTITIES = """
    select distinct iam_id as key
    from administrators
    where iam_id in (select value from json_each(:keys))
      and (:account is null or account_id = :account)
"""
PRIVILEGED_GROUPS = """
    select distinct access_group_id as key
    from privileged_policies
    where access_group_id in (select value from json_each(:keys))
"""
PRIVILEGED_POLICIES = """
    select policy_id as key
    from privileged_policies
    where policy_id in (select value from json_each(:keys))
"""
ESCALATIONS = """
    select
      coalesce(accounts.name, paths.account_id) as account,
      'full control' as target,
      paths.path,
      paths.confidence,
      paths.first_policy_id as policy_id,
      paths.steps
    from shortest_escalation_paths as paths
    join accounts on accounts.account_id = paths.account_id
    where paths.iam_id = :key and (:account is null or paths.account_id = :account)
    order by account, paths.account_id
"""
