"""The reports on API keys: the rows they must have, and beside them those they must not."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from iaminsights.facts.derived import derive
from iaminsights.sandbox import ABSENT, Account

from ..report_rows import RULE, days_ago, rows


def test_keys_that_never_expire(collected):
    accounts = []
    for name in ("Acme", "Bolt"):
        account = Account(name)
        ada, robot = account.user("Ada Lovelace"), account.service_id("robot")
        account.add_api_key(ada, "for ever", id=f"ApiKey-{name}-1")
        account.add_api_key(robot, "robot's", id=f"ApiKey-{name}'s 2", locked=True)
        account.add_api_key(robot, "expires", expires_at=days_ago(-30))
        account.add_api_key(robot, "expired", expires_at=days_ago(30))
        account.add_api_key(robot, "disabled", disabled=True)
        accounts.append(account)
    robots = [account.service_ids[0]["id"] for account in accounts]
    found = rows(collected(*accounts), "api_key_no_expiry", "account", "apikey", "kind", "command")
    assert found == [
        ("Acme", "for ever", "user", "ibmcloud iam api-key-disable 'ApiKey-Acme-1'"),
        (
            *("Acme", "robot's", "service_id"),
            f"ibmcloud iam service-api-key-unlock 'ApiKey-Acme'\\''s 2' '{robots[0]}' && "
            f"ibmcloud iam service-api-key-disable 'ApiKey-Acme'\\''s 2' '{robots[0]}'",
        ),
        ("Bolt", "for ever", "user", "ibmcloud iam api-key-disable 'ApiKey-Bolt-1'"),
        (
            *("Bolt", "robot's", "service_id"),
            f"ibmcloud iam service-api-key-unlock 'ApiKey-Bolt'\\''s 2' '{robots[1]}' && "
            f"ibmcloud iam service-api-key-disable 'ApiKey-Bolt'\\''s 2' '{robots[1]}'",
        ),
    ]


def test_keys_of_the_owner(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    acme.add_api_key(acme.owner, "everyday", id="ApiKey-1", description="laptop")
    acme.add_api_key(acme.owner, "it's locked", id="ApiKey-it's 2", locked=True)
    acme.add_api_key(acme.owner, "off", id="ApiKey-3", disabled=True)
    acme.add_api_key(acme.owner, "over", id="ApiKey-4", expires_at=days_ago(1))
    # Near misses.
    full = acme.user("Ada Administrator")
    acme.policy(full, ["Administrator", "Manager"], service_type="service")
    acme.policy(full, ["Administrator"], service_type="platform_service")
    acme.add_api_key(full, "of an administrator")
    robot = acme.service_id("owner's robot", created_by=acme.owner["iam_id"])
    acme.add_api_key(robot, "made by the owner", created_by=acme.owner["iam_id"])
    # The owner of one account is a user of the other.
    guest = bolt.user("Olga Owner", iam_id=acme.owner["iam_id"])
    bolt.add_api_key(guest, "owns another account")
    bolt.add_api_key(bolt.owner, "everyday", id="ApiKey-5")

    columns = ("account", "user", "apikey", "description", "state", "is_locked", "command")
    disable = "ibmcloud iam api-key-disable"
    assert rows(collected(acme, bolt), "owner_api_key", *columns) == [
        ("Acme", "Olga Owner", "everyday", "laptop", "active", "no", f"{disable} 'ApiKey-1'"),
        (
            *("Acme", "Olga Owner", "it's locked", None, "active", "yes"),
            f"ibmcloud iam api-key-unlock 'ApiKey-it'\\''s 2' && {disable} 'ApiKey-it'\\''s 2'",
        ),
        (
            "Acme",
            "Olga Owner",
            "off",
            None,
            "disabled",
            "no",
            "ibmcloud iam api-key-delete 'ApiKey-3'",
        ),
        ("Acme", "Olga Owner", "over", None, "expired", "no", f"{disable} 'ApiKey-4'"),
        ("Bolt", "Otto Other", "everyday", None, "active", "no", f"{disable} 'ApiKey-5'"),
    ]


def test_keys_of_administrators(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")

    def person(name, account=acme, **fields):
        made = account.user(name, **fields)
        account.add_api_key(made, f"key of {name}", id=f"ApiKey {account.name} {name}")
        return made

    full = person("All of it")
    acme.policy(full, ["Administrator", "Manager"], service_type="service")
    acme.policy(full, ["Administrator"], service_type="platform_service")
    acme.policy(person("Account"), ["Administrator"], service_type="platform_service")
    acme.policy(person("At times"), ["Administrator"], service_type="platform_service", rule=RULE)
    acme.policy(person("Bare"), ["Administrator"])
    team = acme.group("Team", members=[person("In a group", state="SUSPENDED")])
    acme.policy(team, ["Administrator"], service_type="platform_service")
    acme.add_api_key(full, "off", id="ApiKey-off", disabled=True, locked=True)
    acme.policy(person("All services"), ["Administrator", "Manager"], service_type="service")
    acme.policy(person("One service"), ["Administrator"], service="iam-groups")
    acme.policy(person("IAM services"), ["Administrator"], service_group="IAM")
    # Near misses.
    acme.policy(acme.owner, ["Administrator"], service_type="platform_service")
    acme.add_api_key(acme.owner, "has a report of its own")
    acme.policy(person("Viewer"), ["Viewer"], service_type="platform_service")
    acme.policy(person("Other service"), ["Administrator"], service="billing")
    was = person("Was one")
    acme.policy(was, ["Administrator"], service_type="platform_service", state="deleted")
    acme.policy(acme.user("Has no key"), ["Administrator"], service_type="platform_service")
    robot = acme.service_id("robot is no user")
    acme.policy(robot, ["Administrator"], service_type="platform_service")
    acme.add_api_key(robot, "robot's")
    person("Nobody special")
    # An administrator of one account is a simple user of the other.
    person("All of it", account=bolt, iam_id=full["iam_id"])
    bolt.policy(person("Bo", account=bolt), ["Administrator"], service_type="platform_service")

    account_wide = "Administrator on all account management services"
    everything = f"{account_wide}; Administrator,Manager on all services"
    full, some = "full administrator", "privileged"
    columns = ("account", "user", "apikey", "rank", "reason", "user_state", "state")
    path = collected(acme, bolt)
    assert rows(path, "admin_user_api_keys", *columns) == [
        ("Acme", "Account", "key of Account", some, account_wide, "ACTIVE", "active"),
        ("Acme", "All of it", "key of All of it", full, everything, "ACTIVE", "active"),
        ("Acme", "All of it", "off", full, everything, "ACTIVE", "disabled"),
        (
            *("Acme", "All services", "key of All services", some),
            *("Administrator,Manager on all services", "ACTIVE", "active"),
        ),
        (
            *("Acme", "At times", "key of At times", some),
            *(f"{account_wide}, under a condition", "ACTIVE", "active"),
        ),
        (
            *("Acme", "Bare", "key of Bare", some),
            *("Administrator on whole account", "ACTIVE", "active"),
        ),
        (
            *("Acme", "IAM services", "key of IAM services", some),
            *("Administrator on all IAM services", "ACTIVE", "active"),
        ),
        (
            *("Acme", "In a group", "key of In a group", some),
            *(f"{account_wide} (access group Team)", "SUSPENDED", "active"),
        ),
        (
            *("Acme", "One service", "key of One service", some),
            *("Administrator on iam-groups", "ACTIVE", "active"),
        ),
        ("Bolt", "Bo", "key of Bo", some, account_wide, "ACTIVE", "active"),
    ]
    commands = dict(rows(path, "admin_user_api_keys", "apikey", "command"))
    assert commands["key of Bo"] == "ibmcloud iam api-key-disable 'ApiKey Bolt Bo'"
    assert commands["off"] == (
        "ibmcloud iam api-key-unlock 'ApiKey-off' && ibmcloud iam api-key-delete 'ApiKey-off'"
    )


def test_keys_of_people_one_step_from_administrators(collected):
    acme = Account("Acme", owner="Olga Owner")
    helper = acme.profile("helper")
    for subject in (helper, acme.service_id("robot")):
        acme.policy(subject, ["Administrator", "Manager"], service_type="service")
        acme.policy(subject, ["Administrator"], service_type="platform_service")

    def person(name):
        made = acme.user(name)
        acme.add_api_key(made, f"key of {name}")
        return made

    acme.profile_identity(helper, person("By profile"))
    acme.policy(person("By the robot's key"), ["Operator"], service="iam-identity")
    editors = acme.group("Editors", [person("By a group")])
    acme.policy(acme.group("Joinable"), ["Administrator"], service_type="platform_service")
    acme.policy(editors, ["Editor"], service="iam-groups")
    # Near misses: two steps, Viewer, a profile that is no administrator's.
    acme.policy(person("Two steps"), ["Editor"], service="iam-groups")
    plain = acme.profile("plain")
    acme.policy(plain, ["Viewer"], service_type="platform_service")
    acme.profile_identity(plain, person("By a plain profile"))

    path = collected(acme)
    hops = dict(rows(path, "escalation_paths", "identity", "hops"))
    assert hops == {"By the robot's key": 1, "By a group": 2, "Two steps": 2}
    found = dict(rows(path, "admin_user_api_keys", "user", "rank"))
    assert found == {"By profile": "full administrator", "By the robot's key": "one step away"}


def test_everybody_with_a_key_is_an_administrator_through_public_access(collected):
    acme = Account("Acme", owner="Olga Owner")
    acme.policy(acme.public_group(), ["Administrator"], service_type="platform_service")
    acme.add_api_key(acme.user("Ada Lovelace"), "hers")
    acme.add_api_key(acme.owner, "owner's")
    assert rows(collected(acme), "admin_user_api_keys", "apikey", "reason") == [
        (
            "hers",
            "Administrator on all account management services (access group Public Access)",
        )
    ]


def test_keys_older_than_90_days(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-it's")
    acme.add_api_key(robot, "91 days", created_at=days_ago(91), id="ApiKey-1")
    acme.add_api_key(robot, "locked", created_at=days_ago(181), id="ApiKey-2", locked=True)
    acme.add_api_key(ada, "changed lately", created_at=days_ago(400), modified_at=days_ago(1))
    acme.add_api_key(ada, "expires soon", created_at=days_ago(1200), expires_at=days_ago(-1))
    # Near misses.
    acme.add_api_key(ada, "89 days", created_at=days_ago(89))
    acme.add_api_key(ada, "old and disabled", created_at=days_ago(400), disabled=True)
    acme.add_api_key(ada, "old and expired", created_at=days_ago(400), expires_at=days_ago(1))
    acme.add_api_key(ada, "nobody knows", created_at=ABSENT, modified_at=days_ago(400))
    bolt.add_api_key(bolt.user("Bo"), "old", created_at=days_ago(100), id="ApiKey-3")

    columns = ("account", "apikey", "kind", "days_old", "age")
    path = collected(acme, bolt)
    assert rows(path, "api_key_older_90_days", *columns) == [
        ("Acme", "changed lately", "user", 400, "1 to 3 years"),
        ("Acme", "expires soon", "user", 1200, "3 years or more"),
        ("Acme", "91 days", "service_id", 91, "90 to 179 days"),
        ("Acme", "locked", "service_id", 181, "180 to 364 days"),
        ("Bolt", "old", "user", 100, "90 to 179 days"),
    ]
    commands = dict(rows(path, "api_key_older_90_days", "apikey", "command"))
    disable = "ibmcloud iam service-api-key-disable"
    assert commands["91 days"] == f"{disable} 'ApiKey-1' 'ServiceId-it'\\''s'"
    assert commands["locked"] == (
        "ibmcloud iam service-api-key-unlock 'ApiKey-2' 'ServiceId-it'\\''s' && "
        f"{disable} 'ApiKey-2' 'ServiceId-it'\\''s'"
    )
    assert commands["old"] == "ibmcloud iam api-key-disable 'ApiKey-3'"


def test_the_age_is_that_of_the_day_of_reading(collected):
    """A refused second reading makes no key older: what is known of it is from the first."""
    acme = Account("Acme")
    acme.add_api_key(acme.user("Ada Lovelace"), "hers", created_at=days_ago(100))
    path = collected(acme)
    with closing(sqlite3.connect(path)) as database:
        database.execute("update collection_steps set finished_at = ?", (days_ago(20),))
        derive(database)
        database.commit()
    assert rows(path, "api_key_older_90_days") == []
    assert rows(collected(acme, path=path, deny=("api_keys",)), "api_key_older_90_days") == []
    found = rows(collected(acme, path=path), "api_key_older_90_days", "days_old")
    assert found == [(100,)]


def test_keys_not_used_for_180_days(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-it's")

    def key(owner, name, seen, account=acme, **fields):
        made = account.add_api_key(owner, name, **fields)
        account.last_login(made, None if seen is None else days_ago(seen))

    key(ada, "182 days", 182, id="ApiKey-1")
    key(robot, "two years", 730, id="ApiKey-2", created_at="2019-05-02", locked=True)
    # Near misses.
    key(ada, "178 days", 178)
    key(ada, "very old and used today", 0, created_at="2019-05-02")
    key(ada, "very old and never used", None, created_at="2019-05-02")
    key(ada, "unused and disabled", 400, disabled=True)
    key(ada, "unused and expired", 400, expires_at=days_ago(1))
    acme.last_login(acme.user("unused is the person, who has no key"), days_ago(400))
    acme.last_login(robot, days_ago(400))
    acme.add_api_key(robot, "unused is the service ID")
    key(bolt.user("Bo"), "elsewhere", 1500, account=bolt, id="ApiKey-3")

    columns = ("account", "identity", "apikey", "kind", "unused_for", "look_back_days", "command")
    path = collected(acme, bolt)
    disable = "ibmcloud iam api-key-disable"
    assert rows(path, "api_key_unused_180_days", *columns) == [
        (
            *("Acme", "Ada Lovelace", "182 days", "user", "180 to 364 days", 30),
            f"{disable} 'ApiKey-1'",
        ),
        (
            *("Acme", "robot", "two years", "service_id", "1 to 3 years", 30),
            "ibmcloud iam service-api-key-unlock 'ApiKey-2' 'ServiceId-it'\\''s' && "
            "ibmcloud iam service-api-key-disable 'ApiKey-2' 'ServiceId-it'\\''s'",
        ),
        ("Bolt", "Bo", "elsewhere", "user", "3 years or more", 30, f"{disable} 'ApiKey-3'"),
    ]
    assert rows(path, "api_key_unused_180_days", "days_unused")[0] == (182,)
    # Bo's key may have been used since the report that could be read.
    collected(bolt, path=path, deny=("start_activity_report",))
    assert {row for (row,) in rows(path, "api_key_unused_180_days", "account")} == {"Acme"}


def test_keys_that_were_never_used(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-it's")

    def key(owner, name, days, account=acme, **fields):
        created = ABSENT if days is None else days_ago(days)
        account.last_login(account.add_api_key(owner, name, created_at=created, **fields), None)

    key(ada, "8 days", 8.5, id="ApiKey-1")
    key(ada, "a year", 365.5, id="ApiKey-2")
    key(robot, "robot's", 31.5, id="ApiKey-3", locked=True)
    # Near misses.
    key(ada, "6 days", 6)
    key(ada, "never used and disabled", 100, disabled=True)
    key(ada, "never used and expired", 100, expires_at=days_ago(1))
    key(ada, "nobody knows since when", None)
    acme.last_login(acme.add_api_key(ada, "used long ago"), "2019-05-02")
    acme.add_api_key(ada, "used today")
    acme.last_login(robot, None)
    acme.add_api_key(robot, "never used is the service ID")
    key(bolt.user("Bo"), "elsewhere", 1500.5, account=bolt, id="ApiKey-4")

    columns = ("account", "identity", "apikey", "kind", "days_old", "age", "command")
    path = collected(acme, bolt)
    disable = "ibmcloud iam api-key-disable"
    assert rows(path, "api_key_never_used", *columns) == [
        ("Acme", "Ada Lovelace", "8 days", "user", 8, "7 to 29 days", f"{disable} 'ApiKey-1'"),
        ("Acme", "Ada Lovelace", "a year", "user", 365, "1 to 3 years", f"{disable} 'ApiKey-2'"),
        (
            *("Acme", "robot", "robot's", "service_id", 31, "30 to 179 days"),
            "ibmcloud iam service-api-key-unlock 'ApiKey-3' 'ServiceId-it'\\''s' && "
            "ibmcloud iam service-api-key-disable 'ApiKey-3' 'ServiceId-it'\\''s'",
        ),
        ("Bolt", "Bo", "elsewhere", "user", 1500, "3 years or more", f"{disable} 'ApiKey-4'"),
    ]
    # Bo's key may have been used since the report that could be read.
    collected(bolt, path=path, deny=("start_activity_report",))
    assert {row for (row,) in rows(path, "api_key_never_used", "account")} == {"Acme"}
    unread = collected(acme, path=path.with_name("unread"), deny=("start_activity_report",))
    assert rows(unread, "api_key_never_used") == []


def test_keys_that_stay_valid_when_they_leak(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-it's")
    acme.add_api_key(ada, "hers", id="ApiKey-1", action_when_leaked="none")
    acme.add_api_key(robot, "robot's", id="ApiKey-2", action_when_leaked="NONE", locked=True)
    # Near misses.
    acme.add_api_key(ada, "disabled when leaked")
    acme.add_api_key(ada, "deleted when leaked", action_when_leaked="delete")
    acme.add_api_key(ada, "says nothing", action_when_leaked=ABSENT)
    acme.add_api_key(ada, "off already", action_when_leaked="none", disabled=True)
    acme.add_api_key(ada, "over already", action_when_leaked="none", expires_at=days_ago(1))
    bolt.add_api_key(bolt.user("Bo"), "elsewhere", id="ApiKey-3", action_when_leaked="none")

    columns = ("account", "identity", "apikey", "kind", "command")
    leaked = "--action-if-leaked DISABLE"
    words = "'ApiKey-2' 'ServiceId-it'\\''s'"
    assert rows(collected(acme, bolt), "api_key_leak_action_none", *columns) == [
        (
            *("Acme", "Ada Lovelace", "hers", "user"),
            f"ibmcloud iam api-key-update 'ApiKey-1' {leaked}",
        ),
        (
            *("Acme", "robot", "robot's", "service_id"),
            f"ibmcloud iam service-api-key-unlock {words} && "
            f"ibmcloud iam service-api-key-update {words} {leaked} && "
            f"ibmcloud iam service-api-key-lock {words}",
        ),
        (
            *("Bolt", "Bo", "elsewhere", "user"),
            f"ibmcloud iam api-key-update 'ApiKey-3' {leaked}",
        ),
    ]


def test_identities_with_many_keys(collected):
    acme, bolt = Account("Acme"), Account("Bolt")

    def keys(owner, count, account=acme, **fields):
        for number in range(count):
            day = f"202{number % 6}-03-04"
            account.add_api_key(owner, f"{number}", created_at=day, **fields)

    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-1")
    keys(ada, 3)
    keys(ada, 1, disabled=True)
    keys(ada, 1, expires_at=days_ago(1))
    keys(robot, 20)
    # Near misses.
    keys(acme.user("has four"), 4)
    both = acme.user("has four here and three there")
    keys(both, 4)
    keys(bolt.user(both["user_id"], iam_id=both["iam_id"]), 3, account=bolt)
    keys(bolt.user("Bo"), 5, account=bolt)

    columns = ("account", "identity", "kind", "disabled_keys", "expired_keys", "key_limit", "keys")
    path = collected(acme, bolt)
    assert rows(path, "api_keys_many", *columns) == [
        ("Acme", "robot", "service_id", 0, 0, 20, 20),
        ("Acme", "Ada Lovelace", "user", 1, 1, 20, 5),
        ("Bolt", "Bo", "user", 0, 0, 20, 5),
    ]
    assert rows(path, "api_keys_many", "command", "console")[:2] == [
        (None, "https://cloud.ibm.com/iam/serviceids/ServiceId-1?tab=apikeys"),
        (None, "https://cloud.ibm.com/iam/apikeys"),
    ]


def test_disabled_keys_that_were_kept(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot", id="ServiceId-it's")

    def off(owner, name, days, account=acme, **fields):
        fields = {"disabled": True, "modified_at": days_ago(days), **fields}
        account.add_api_key(owner, name, **fields)

    off(ada, "31 days", 31, id="ApiKey-1")
    off(robot, "years", 800, id="ApiKey-2", locked=True, expires_at=days_ago(-10))
    # Near misses.
    off(ada, "29 days", 29)
    off(ada, "nobody knows since when", 0, modified_at=ABSENT)
    off(ada, "not disabled", 800, disabled=False)
    off(ada, "expired, not disabled", 40, disabled=False, expires_at=days_ago(40))
    off(bolt.user("Bo"), "elsewhere", 40, account=bolt, id="ApiKey-3")

    columns = ("account", "identity", "apikey", "kind", "days_since_change", "command")
    delete = "ibmcloud iam api-key-delete"
    words = "'ApiKey-2' 'ServiceId-it'\\''s'"
    assert rows(collected(acme, bolt), "api_key_disabled_kept", *columns) == [
        ("Acme", "Ada Lovelace", "31 days", "user", 31, f"{delete} 'ApiKey-1'"),
        (
            *("Acme", "robot", "years", "service_id", 800),
            f"ibmcloud iam service-api-key-unlock {words} && "
            f"ibmcloud iam service-api-key-delete {words}",
        ),
        ("Bolt", "Bo", "elsewhere", "user", 40, f"{delete} 'ApiKey-3'"),
    ]
