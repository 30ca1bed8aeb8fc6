"""Who is an administrator is decided once: by what policies mean, and by every way to them."""

from __future__ import annotations

from iaminsights.sandbox import Account

from .report_rows import RULE


def administrators(database, *columns):
    """The rows of the fact, by name of account and identity, the owner left out."""
    return database.execute(
        f"""
        select accounts.name, identities.name, {", ".join(columns)}
        from administrators
        join accounts on accounts.account_id = administrators.account_id
        join identities on identities.iam_id = administrators.iam_id
        where rank <> 'owner'
        order by accounts.name, identities.name
        """
    ).fetchall()


def make_full(account: Account, subject) -> None:
    account.policy(subject, ["Administrator", "Manager"], service_type="service")
    account.policy(subject, ["Administrator"], service_type="platform_service")


def test_administrators_by_every_way(collected, opened):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    ada, bea, cora = acme.user("Ada"), acme.user("Bea"), acme.user("Cora")
    robot, idle = acme.service_id("robot"), acme.service_id("idle")
    make_full(acme, ada)
    acme.policy(
        acme.group("Team", [ada, cora], dynamic_members=[bea]), ["Manager"], service_type="service"
    )
    profile = acme.profile("helper")
    make_full(acme, acme.group("Helpers", [profile]))
    for who in (robot, cora):
        acme.profile_identity(profile, who)
    # Half of it itself, the rest by a profile.
    half, rest = acme.user("Half"), acme.profile("rest")
    acme.policy(half, ["Administrator", "Manager"], service_type="service")
    acme.policy(rest, ["Administrator"], service_type="platform_service")
    acme.profile_identity(rest, half)
    acme.policy(acme.user("At times"), ["Administrator"], service_group="IAM", rule=RULE)
    # Near misses: a profile without privileges, an Editor, another account.
    plain = acme.profile("plain")
    acme.policy(plain, ["Editor"], service_type="platform_service")
    acme.profile_identity(plain, idle)
    acme.policy(acme.group("Empty"), ["Administrator"])
    bolt.user("Ada", iam_id=ada["iam_id"])
    bolt.policy(bolt.public_group(), ["Administrator"], service="iam-groups")

    columns = ("rank", "direct_rank", "through", "is_conditional", "is_public_only", "ways")
    full, some = "full administrator", "privileged"
    own, groups, profiles = "its own policies", "access groups", "trusted profiles"
    assert [tuple(row) for row in administrators(opened(collected(acme, bolt)), *columns)] == [
        ("Acme", "Ada", full, full, "both", 0, 0, 3),
        ("Acme", "At times", some, some, own, 1, 0, 1),
        ("Acme", "Bea", some, some, groups, 0, 0, 1),
        ("Acme", "Cora", full, some, f"{groups} and {profiles}", 0, 0, 3),
        ("Acme", "Half", full, some, f"{own} and {profiles}", 0, 0, 2),
        ("Acme", "helper", full, full, groups, 0, 0, 2),
        ("Acme", "rest", some, some, own, 0, 0, 1),
        ("Acme", "robot", full, None, profiles, 0, 0, 2),
        ("Bolt", "Ada", some, some, groups, 0, 1, 1),
    ]


def test_administrators_are_told_by_what(collected, opened):
    acme = Account("Acme", owner="Olga Owner")
    ada, profile = acme.user("Ada"), acme.profile("helper")
    acme.policy(ada, ["Administrator"], service="iam-groups")
    acme.policy(profile, ["Administrator"], service_type="platform_service")
    acme.policy(acme.group("Team", [ada, profile]), ["Manager"], service_type="service")
    acme.profile_identity(profile, ada)
    database = opened(collected(acme))
    directly = "Administrator on iam-groups; Manager on all services (access group Team)"
    rows = administrators(database, "direct_privileges", "privileges")
    assert [tuple(row) for row in rows if row[1] == "Ada"] == [
        (
            *("Acme", "Ada", directly),
            f"{directly}; Administrator on all account management services (trusted profile "
            "helper); Manager on all services (access group Team of trusted profile helper)",
        )
    ]
    owner = database.execute(
        "select rank, direct_rank, through, ways from administrators where rank = 'owner'"
    )
    assert [tuple(row) for row in owner] == [("owner", "owner", None, 0)]
