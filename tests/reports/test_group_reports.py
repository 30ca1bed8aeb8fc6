"""The reports on access groups and administrators: their rows, and what must not be there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from iaminsights.sandbox import ABSENT, Account, Sandbox

from ..conftest import collect_from
from ..report_rows import BUCKET, EVERY_POLICY_LIST, GONE_GROUP, REPORTS, RULE, rows

SSO = "https://sso.example.com/saml"
DELETE = "ibmcloud iam access-group-delete"
ALL_MANAGEMENT = "Administrator on all account management services"


def make_full(account: Account, subject) -> list[str]:
    """The IDs of the two policies that make it a full administrator."""
    services = account.policy(subject, ["Administrator", "Manager"], service_type="service")
    management = account.policy(subject, ["Administrator"], service_type="platform_service")
    return sorted([services["id"], management["id"]])


# --- Access groups ------------------------------------------------------------------------------


def test_groups_that_nobody_is_in(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.policy(acme.group("It's empty", created_at="2024-01-01"), ["Viewer"], service="kms")
    deleted = acme.group("Nothing at all", description="spare", created_at="2024-01-01")
    acme.policy(deleted, ["Viewer"], service="kms", state="deleted")
    # Near misses.
    acme.group("By hand", [acme.user("Ada Lovelace")])
    acme.group("By a rule", dynamic_members=[acme.user("Bob Builder")])
    acme.group_rule(acme.group("Nobody has logged in yet"), "IT", SSO, [("d", "EQUALS", "IT")])
    acme.group("Only who is gone", ["IBMid-GONE1"])
    acme.policy(GONE_GROUP, ["Viewer"], service="kms")
    acme.policy(acme.public_group(), ["Viewer"], service="kms")
    bolt.group("Also empty")

    columns = ("account", "access_group", "description", "policies", "grants", "command")
    path = collected(acme, bolt)
    assert rows(path, "group_empty", *columns) == [
        ("Acme", "It's empty", None, 1, "has policies", f"{DELETE} 'It'\\''s empty'"),
        ("Acme", "Nothing at all", "spare", 0, "has no policies", f"{DELETE} 'Nothing at all'"),
        ("Bolt", "Also empty", None, 0, "has no policies", f"{DELETE} 'Also empty'"),
    ]
    assert rows(path, "group_empty", "console", "access_group_id")[1] == (
        f"https://cloud.ibm.com/iam/groups/{deleted['id']}?tab=iam",
        deleted["id"],
    )
    path.unlink()
    found = rows(collected(acme, deny=EVERY_POLICY_LIST), "group_empty", *columns[1:5])
    assert found[0] == ("It's empty", None, None, "not known")


@pytest.mark.parametrize("denied", ["groups", "members", "group_rules"])
def test_groups_of_which_something_was_not_read_are_not_called_empty(collected, denied):
    acme = Account("Acme")
    acme.group("Empty")
    acme.group_rule(acme.group("Ruled"), "IT", SSO, [("d", "EQUALS", "IT")])
    path = collected(acme, deny=(denied,))
    assert rows(path, "group_empty") == []
    assert len(rows(collected(acme, path=path), "group_empty")) == 1
    assert rows(collected(acme, path=path, deny=(denied,)), "group_empty") == []


def test_groups_that_grant_nothing(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada = acme.user("Ada Lovelace")
    acme.group("Ada's own", [ada])
    acme.group("Idle")
    acme.group_rule(acme.group("Ruled"), "IT", SSO, [("d", "EQUALS", "IT")])
    was = acme.group("Was used", [ada, "IBMid-GONE1"], dynamic_members=[ada])
    acme.policy(was, ["Viewer"], service="kms", state="deleted")
    # Near misses.
    acme.policy(acme.group("At times", [ada]), ["Viewer"], service="kms", rule=RULE)
    acme.policy(acme.group("Empty, but grants"), ["Viewer"], service="kms", version="v1")
    acme.public_group()
    target = acme.group("Is only a target")
    acme.policy(target, ["Viewer"], service="kms")
    bolt.group("Elsewhere", [bolt.user("Bo")])

    columns = ("account", "access_group", "members", "dynamic_rules", "membership", "command")
    path = collected(acme, bolt)
    assert rows(path, "group_no_policies", *columns) == [
        (*("Acme", "Ada's own", 1, 0, "has members"), f"{DELETE} 'Ada'\\''s own' --recursive"),
        (*("Acme", "Idle", 0, 0, "nobody"), f"{DELETE} 'Idle'"),
        (*("Acme", "Ruled", 0, 1, "only dynamic rules"), f"{DELETE} 'Ruled' --recursive"),
        (*("Acme", "Was used", 2, 0, "has members"), f"{DELETE} 'Was used' --recursive"),
        (*("Bolt", "Elsewhere", 1, 0, "has members"), f"{DELETE} 'Elsewhere' --recursive"),
    ]
    collected(acme, path=path, deny=EVERY_POLICY_LIST)
    assert rows(path, "group_no_policies", "account") == [("Bolt",)]
    collected(bolt, path=path, deny=("groups",))
    assert rows(path, "group_no_policies", "account") == []


def test_groups_that_grant_the_same(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    prod = acme.resource_group("prod")
    ada, bob = acme.user("Ada Lovelace", email="ada@x.org"), acme.user("Bob Builder")
    robot, helper = acme.service_id("it's a robot"), acme.profile("helper", id="Profile-1")

    def reads(account, name, members=(), rule=None, *, split=False, **fields):
        group = account.group(name, members, created_at=fields.pop("created_at", "2024-02-01"))
        target = {"service": "kms", "region": "eu-de", **fields}
        for roles in (["Viewer"], ["Reader"]) if split else (["Reader", "Viewer"],):
            account.policy(group, roles, rule=rule, **target)
        return group

    reads(acme, "First", [bob], created_at="2024-01-01")
    reads(acme, "All in it's other", [bob])
    reads(acme, "Nobody in it")
    reads(acme, "Others in it", [ada, bob, helper, robot, "IBMid-GONE1"], split=True)
    twice = reads(acme, "Ruled", [bob])
    acme.policy(twice, ["Viewer"], service="kms", region="eu-de", description="once more")
    acme.group_rule(twice, "IT", SSO, [("d", "EQUALS", "IT")])
    # Near misses.
    acme.policy(reads(acme, "Grants more"), ["Viewer"], service="logs")
    acme.policy(acme.group("Grants less"), ["Reader"], service="kms", region="eu-de")
    acme.policy(acme.group("Other role"), ["Reader", "Editor"], service="kms", region="eu-de")
    reads(acme, "Elsewhere", region="eu-gb")
    reads(acme, "In part", attributes=BUCKET)
    reads(acme, "In a resource group", resource_group=prod)
    reads(acme, "At times", rule=RULE)
    was = acme.group("Was the same")
    acme.policy(was, ["Reader", "Viewer"], service="kms", region="eu-de", state="deleted")
    tagged = {"service_type": "service", "tags": [("env", "stringEquals", "dev")]}
    acme.policy(acme.group("Tagged"), ["Viewer"], **tagged)
    tagged["tags"] = [("env", "stringEquals", "test")]
    acme.policy(acme.group("Tagged otherwise"), ["Viewer"], **tagged)
    acme.policy(acme.group("Not tagged"), ["Viewer"], service_type="service")
    acme.group("Grants nothing")
    acme.group("Grants nothing either")
    acme.policy(bob, ["Reader", "Viewer"], service="kms", region="eu-de")
    everybody = acme.public_group()
    acme.policy(everybody, ["Reader", "Viewer"], service="kms", region="eu-de")
    acme.policy(GONE_GROUP, ["Reader", "Viewer"], service="kms", region="eu-de")
    # The same in another account: the one group is no twin of the groups in Acme.
    reads(bolt, "First")
    reads(bolt, "Second", created_at="2024-03-01")

    columns = ("account", "access_group", "same_as", "policies", "members", "members_of_other")
    path = collected(acme, bolt)
    assert rows(path, "group_duplicate", *columns) == [
        ("Acme", "All in it's other", "First", 1, 1, 1),
        ("Acme", "Nobody in it", "First", 1, 0, 1),
        ("Acme", "Others in it", "First", 2, 5, 1),
        ("Acme", "Ruled", "First", 2, 1, 1),
        ("Bolt", "Second", "First", 1, 0, 0),
    ]
    commands = dict(rows(path, "group_duplicate", "access_group", "command"))
    moves = commands["Others in it"].split(" && ")
    assert sorted(moves[:-1]) == [
        "ibmcloud iam access-group-service-id-add 'First' 'it'\\''s a robot'",
        "ibmcloud iam access-group-trusted-profile-add 'First' 'Profile-1'",
        "ibmcloud iam access-group-user-add 'First' 'ada@x.org'",
    ]
    assert moves[-1] == f"{DELETE} 'Others in it' --recursive"
    assert commands["All in it's other"] == f"{DELETE} 'All in it'\\''s other' --recursive"
    assert commands["Nobody in it"] == f"{DELETE} 'Nobody in it'"
    assert commands["Ruled"] is None
    collected(acme, path=path, deny=("members",))
    found = rows(path, "group_duplicate", "access_group", "members", "command")
    assert found[:2] == [("All in it's other", None, None), ("Nobody in it", None, None)]
    collected(acme, path=path, deny=EVERY_POLICY_LIST)
    assert rows(path, "group_duplicate", "account") == [("Bolt",)]


def test_a_group_with_members_who_cannot_be_moved_by_command(collected):
    account = Account("Acme")
    for name, members in {
        "First": (),
        "Many": [account.user(f"User {number}") for number in range(21)],
        "Namesakes": [account.service_id("test"), account.service_id("test")],
    }.items():
        day = "2024-01-01" if name == "First" else "2024-02-01"
        group = account.group(name, members, created_at=day)
        account.policy(group, ["Viewer"], service="kms")
    assert rows(collected(account), "group_duplicate", "access_group", "command") == [
        ("Many", None),
        ("Namesakes", None),
    ]


def test_large_groups_of_administrators(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    people = [acme.user(f"User {number}") for number in range(4)]
    robot, helper = acme.service_id("robot"), acme.profile("helper")

    full = acme.group("Full", people, dynamic_members=[people[0], robot, helper])
    make_full(acme, full)
    acme.policy(full, ["Viewer"], service="kms")
    iam = acme.group("IAM", [*people[:2], "IBMid-GONE1"])
    acme.policy(iam, ["Administrator"], service_group="IAM", rule=RULE)
    acme.group_rule(iam, "IT", SSO, [("d", "EQUALS", "IT")])
    # Near misses.
    two = acme.group("Two, one of them twice", people[:2], dynamic_members=people[:1])
    acme.policy(two, ["Administrator"], service_type="platform_service")
    acme.policy(acme.group("Editors", people), ["Editor"], service_type="platform_service")
    acme.policy(acme.group("Of one service", people), ["Administrator"], service="kms")
    prod = acme.resource_group("prod")
    in_group = acme.group("In a resource group", people)
    acme.policy(in_group, ["Administrator", "Manager"], service_type="service", resource_group=prod)
    were = acme.group("Were administrators", people)
    acme.policy(were, ["Administrator"], service_type="platform_service", state="deleted")
    acme.policy(acme.user("Alone"), ["Administrator"], service_type="platform_service")
    team = bolt.group("Team", [bolt.user("B"), bolt.user("C"), bolt.user("D")])
    bolt.policy(team, ["Administrator"], service="iam-groups")

    counts = ("members", "users", "service_ids", "profiles", "dynamic_rules")
    columns = ("account", "access_group", *counts, "gives", "privileges", "command")
    assert rows(collected(acme, bolt), "group_large_admin", *columns) == [
        (
            *("Acme", "Full", 6, 4, 1, 1, 0, "full control"),
            f"{ALL_MANAGEMENT}; Administrator,Manager on all services",
            None,
        ),
        (
            *("Acme", "IAM", 3, 3, 0, 0, 1, "privileges"),
            *("Administrator on all IAM services, under a condition", None),
        ),
        (
            *("Bolt", "Team", 3, 3, 0, 0, 0, "privileges"),
            *("Administrator on iam-groups", None),
        ),
    ]


def test_everybody_as_a_large_group_of_administrators(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ids = {}
    for account in (acme, bolt):
        account.user("Ada Lovelace")
        account.user("Bob Builder")
        account.service_id("robot")
        account.profile("does not count")
        policy = account.policy(account.public_group(), ["Administrator"], service="iam-identity")
        ids[account.name] = policy["id"]
    columns = ("account", "access_group", "members", "users", "service_ids", "command", "console")
    delete = "ibmcloud iam access-group-policy-delete 'Public Access'"
    console = "https://cloud.ibm.com/iam/groups/AccessGroupId-PublicAccess?tab=iam"
    assert rows(collected(acme, bolt), "group_large_admin", *columns) == [
        (name, "Public Access", 3, 2, 1, f"{delete} '{ids[name]}'", console)
        for name in ("Acme", "Bolt")
    ]


def test_people_and_programs_in_one_group(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("it's a robot")
    helper = acme.profile("helper", id="Profile-1")

    def administrators(name, members, dynamic_members=(), account=acme):
        group = account.group(name, members, dynamic_members)
        account.policy(group, ["Administrator"], service="user-management")
        return group

    administrators("All three", [ada, robot], [helper])
    administrators("Ada's group", [helper], [ada])
    administrators("Namesakes", [ada, acme.service_id("test"), acme.service_id("test")])
    administrators("Who is gone", ["IBMid-GONE1", "iam-ServiceId-GONE2"])
    # Near misses.
    administrators("Only people", [ada, acme.user("Bob Builder")])
    administrators("Only programs", [robot, helper])
    acme.policy(acme.group("Not privileged", [ada, robot]), ["Editor"], service="user-management")
    were = acme.group("Were privileged", [ada, robot])
    acme.policy(were, ["Administrator"], service="user-management", state="deleted")
    acme.policy(acme.public_group(), ["Administrator"], service="user-management")
    administrators("Elsewhere", [bolt.user("Bo"), bolt.service_id("bot")], account=bolt)

    columns = ("account", "access_group", "mixture", "members", "programs")
    path = collected(acme, bolt)
    assert rows(path, "group_mixed_identities", *columns) == [
        ("Acme", "Ada's group", "people and trusted profiles", 2, "helper"),
        (
            *("Acme", "All three", "people, service IDs and trusted profiles", 3),
            "helper, it's a robot",
        ),
        ("Acme", "Namesakes", "people and service IDs", 3, "test, test"),
        ("Acme", "Who is gone", "people and service IDs", 2, "iam-ServiceId-GONE2"),
        ("Bolt", "Elsewhere", "people and service IDs", 2, "bot"),
    ]
    commands = dict(rows(path, "group_mixed_identities", "access_group", "command"))
    remove = "ibmcloud iam access-group-{}-remove"
    assert commands == {
        "Ada's group": f"{remove.format('trusted-profile')} 'Ada'\\''s group' 'Profile-1'",
        "All three": f"{remove.format('trusted-profile')} 'All three' 'Profile-1' && "
        f"{remove.format('service-id')} 'All three' 'it'\\''s a robot'",
        "Namesakes": None,
        "Who is gone": None,
        "Elsewhere": f"{remove.format('service-id')} 'Elsewhere' 'bot'",
    }


def test_broad_dynamic_rules(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    team, admins = acme.group("Team"), acme.group("Admins")
    acme.policy(admins, ["Administrator"], service="iam-identity")

    def rule(name, *conditions, group=team, **fields):
        acme.group_rule(group, name, SSO, conditions, created_at="2024-01-01", **fields)

    rule("anybody", ("email", "CONTAINS", "@"), group=admins, expiration=24)
    rule("but guests", ("type", "NOT_EQUALS", "guest"), ("type", "NOT_EQUALS_IGNORE_CASE", "ext"))
    rule("country", ("http://schemas.example.org/claims/Country", "IN", ["DE", "FR"]))
    rule("no condition")
    rule("several", ("country", "EQUALS", "DE"), ("groups", "CONTAINS", "it"))
    # Near misses.
    rule("one department", ("department", "EQUALS", "IT"))
    rule("limited by another", ("email", "CONTAINS", "@"), ("blueGroups", "IN", ["on-call"]))
    rule("one person", ("email", "EQUALS_IGNORE_CASE", "ada@example.org"), ("l", "EQUALS", "Ulm"))
    rule("an operator to come", ("department", "LIKE", "I*"))
    acme.claim_rule(acme.profile("p"), [("email", "CONTAINS", "@")], realm=SSO, name="of a profile")
    bolt.group_rule(bolt.group("Crew"), "elsewhere", SSO, [("o", "EQUALS", "Bolt")], 1)

    rule("one of a list", ("https://example.org/claims/Member_Of", "CONTAINS", "it"))
    rule("not a list", ("groupname", "CONTAINS", "it"))
    rule("listed with others", ("email", "CONTAINS", "@"), ("blueGroups", "CONTAINS", "on-call"))
    columns = ("account", "access_group", "rule", "conditions", "weakness", "is_privileged")
    path = collected(acme, bolt)
    severities = dict(rows(path, "dynamic_rule_broad", "rule", "severity"))
    assert {name for name, severity in severities.items() if severity == "info"} == {
        *("several", "one of a list", "listed with others")
    }
    assert {*severities.values()} == {"info", "high"}
    excludes = "type NOT_EQUALS guest and type NOT_EQUALS_IGNORE_CASE ext"
    country = 'http://schemas.example.org/claims/Country IN ["DE", "FR"]'
    listed = "matches one list entry, unless the claim is a text"
    assert rows(path, "dynamic_rule_broad", *columns) == [
        (
            *("Acme", "Admins", "anybody", "email CONTAINS @"),
            *("matches part of a text, unless the claim is a list", "yes"),
        ),
        ("Acme", "Team", "but guests", excludes, "only excludes values", None),
        ("Acme", "Team", "country", country, "shared by many people", None),
        (
            *(
                "Acme",
                "Team",
                "listed with others",
                "email CONTAINS @ and blueGroups CONTAINS on-call",
            ),
            *(listed, None),
        ),
        ("Acme", "Team", "no condition", "none", "no condition", None),
        (
            *("Acme", "Team", "not a list", "groupname CONTAINS it"),
            *("matches part of a text, unless the claim is a list", None),
        ),
        (
            *("Acme", "Team", "one of a list"),
            *("https://example.org/claims/Member_Of CONTAINS it", listed, None),
        ),
        (
            *("Acme", "Team", "several", "country EQUALS DE and groups CONTAINS it"),
            *(listed, None),
        ),
        ("Bolt", "Crew", "elsewhere", "o EQUALS Bolt", "shared by many people", None),
    ]
    further = ("identity_provider", "session_hours", "command")
    assert rows(path, "dynamic_rule_broad", *further)[0] == (SSO, 24, None)


# --- Administrators -----------------------------------------------------------------------------


def test_full_administrators_and_their_paths(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")

    def person(name, **fields):
        return acme.user(name, email=f"{name.lower()}@x.org", **fields)

    direct, member, dynamic, both = (person(name) for name in ("Dora", "Max", "Dyn", "Both"))
    parts, bare, robot = person("Parts", state="SUSPENDED"), person("Bare"), acme.service_id("bot")
    own = make_full(acme, direct)
    admins = acme.group("Admin's", [member, both, robot, "IBMid-GONE1"], dynamic_members=[dynamic])
    make_full(acme, admins)
    own_of_both = make_full(acme, both)
    account_part = acme.policy(parts, ["Administrator"], service_type="platform_service")["id"]
    services = acme.group("Services", [parts, acme.user("Only services")])
    acme.policy(services, ["Administrator", "Manager"], service_type="service")
    whole = acme.policy(bare, ["Administrator", "Manager"])["id"]
    locked = acme.service_id("locked", id="ServiceId-1", locked=True)
    of_locked = make_full(acme, locked)
    templated = acme.profile("by template")
    acme.policy(templated, ["Administrator"], service_type="platform_service")
    acme.policy(
        templated,
        ["Administrator", "Manager"],
        service_type="service",
        template={"id": "policyTemplate-1", "version": "1"},
    )
    # Near misses.
    make_full(acme, acme.owner)  # needs none of it
    make_full(acme, acme.group("Nobody in it"))
    for name, fields in {
        "At times": {"rule": RULE},
        "Tagged": {"tags": [("env", "stringEquals", "dev")]},
        "In a region": {"region": "eu-de"},
        "Deleted": {"state": "deleted"},
    }.items():
        other = acme.user(name)
        acme.policy(other, ["Administrator", "Manager"], service_type="service", **fields)
        acme.policy(other, ["Administrator"], service_type="platform_service")
    no_manager = acme.user("No manager")
    acme.policy(no_manager, ["Administrator"], service_type="service")
    acme.policy(no_manager, ["Administrator"], service_type="platform_service")
    # A full administrator of one account is a simple user of the other.
    bolt.user("Dora", iam_id=direct["iam_id"])

    columns = ("account", "identity", "kind", "path", "membership", "user_state", "policies")
    path = collected(acme, bolt)
    group, itself = "access group Admin's", "its own policies"
    assert rows(path, "account_full_admins", *columns) == [
        ("Acme", "Bare", "user", itself, None, "ACTIVE", 1),
        ("Acme", "Both", "user", group, "static", "ACTIVE", 2),
        ("Acme", "Both", "user", itself, None, "ACTIVE", 2),
        ("Acme", "Dora", "user", itself, None, "ACTIVE", 2),
        ("Acme", "Dyn", "user", group, "dynamic", "ACTIVE", 2),
        ("Acme", "IBMid-GONE1", "unknown", group, "static", None, 2),
        ("Acme", "Max", "user", group, "static", "ACTIVE", 2),
        (
            *("Acme", "Parts", "user", "access group Services and its own policies"),
            *(None, "SUSPENDED", 2),
        ),
        ("Acme", "bot", "service_id", group, "static", None, 2),
        ("Acme", "by template", "trusted_profile", itself, None, None, 2),
        ("Acme", "locked", "service_id", itself, None, None, 2),
    ]
    commands = {
        (who, way): command
        for who, way, command in rows(path, "account_full_admins", "identity", "path", "command")
    }
    delete, remove = "ibmcloud iam user-policy-delete", "ibmcloud iam access-group-user-remove"
    assert commands["Bare", itself] == f"{delete} 'bare@x.org' '{whole}'"
    for who, policies in (("Dora", own), ("Both", own_of_both)):
        assert commands[who, itself] == " && ".join(
            f"{delete} '{who.lower()}@x.org' '{policy}'" for policy in policies
        )
    assert commands["Max", group] == f"{remove} 'Admin'\\''s' 'max@x.org'"
    assert commands["bot", group] == (
        "ibmcloud iam access-group-service-id-remove 'Admin'\\''s' 'bot'"
    )
    assert commands["Parts", "access group Services and its own policies"] == (
        f"{remove} 'Services' 'parts@x.org' && {delete} 'parts@x.org' '{account_part}'"
    )
    change = "ibmcloud iam service-policy-delete 'ServiceId-1'"
    assert commands["locked", itself] == (
        "ibmcloud iam service-id-unlock 'ServiceId-1' && "
        f"{change} '{of_locked[0]}' && {change} '{of_locked[1]}' && "
        "ibmcloud iam service-id-lock 'ServiceId-1'"
    )
    without = {who for (who, _), command in commands.items() if command is None}
    assert without == {"Dyn", "IBMid-GONE1", "by template"}
    remarks = dict(rows(path, "account_full_admins", "identity", "remark"))
    assert remarks["by template"] == (
        "It comes from an enterprise template: change it in the template."
    )


def test_everybody_a_full_administrator(collected):
    account = Account("Acme", owner="Olga Owner")
    account.user("Ada Lovelace")
    account.profile("is not meant")
    policies = make_full(account, account.public_group())
    delete = "ibmcloud iam access-group-policy-delete 'Public Access'"
    everything = " && ".join(f"{delete} '{policy}'" for policy in policies)
    columns = ("identity", "path", "membership", "command")
    assert rows(collected(account), "account_full_admins", *columns) == [
        ("Ada Lovelace", "access group Public Access", "public", everything),
    ]


def test_service_ids_that_are_administrators(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    full, half = (
        acme.service_id("full", id="ServiceId-f"),
        acme.service_id("half", id="ServiceId-h"),
    )
    own = make_full(acme, full)
    locked = acme.service_id("it's locked", id="ServiceId-l", locked=True, description="deploys")
    admins = acme.group("Admins", [half, locked])
    acme.policy(admins, ["Administrator"], service="iam-groups")
    direct = acme.policy(locked, ["Administrator"], service_group="IAM", rule=RULE)["id"]
    namesake = acme.service_id("test", id="ServiceId-t")
    acme.add_member(admins, namesake)
    acme.add_api_key(half, "used")
    acme.add_api_key(half, "off", disabled=True)
    made = acme.service_id("templated")
    template = {"id": "policyTemplate-1", "version": "1"}
    acme.policy(made, ["Administrator"], service="iam-identity", template=template)
    # Near misses.
    acme.service_id("test", id="ServiceId-other")
    acme.policy(acme.service_id("editor"), ["Editor"], service_type="platform_service")
    acme.policy(acme.service_id("one service"), ["Administrator", "Manager"], service="kms")
    was = acme.service_id("was one")
    acme.policy(was, ["Administrator"], service_type="platform_service", state="deleted")
    acme.policy(acme.user("Ada Lovelace"), ["Administrator"], service_type="platform_service")
    acme.policy("iam-ServiceId-GONE1", ["Administrator"], service_type="platform_service")
    abroad = bolt.service_id("abroad", id="ServiceId-b")
    elsewhere = bolt.policy(abroad, ["Manager"], service_type="service")["id"]

    columns = ("account", "serviceid", "rank", "privileges", "through", "is_locked", "enabled_keys")
    path = collected(acme, bolt)
    by_group = "Administrator on iam-groups (access group Admins)"
    assert rows(path, "service_id_admins", *columns) == [
        (
            *("Acme", "full", "full administrator"),
            f"{ALL_MANAGEMENT}; Administrator,Manager on all services",
            *("its own policies", "no", 0),
        ),
        ("Acme", "half", "privileged", by_group, "access groups", "no", 1),
        (
            *("Acme", "it's locked", "privileged"),
            f"Administrator on all IAM services, under a condition; {by_group}",
            *("both", "yes", 0),
        ),
        (
            *("Acme", "templated", "privileged", "Administrator on iam-identity"),
            *("its own policies", "no", 0),
        ),
        ("Acme", "test", "privileged", by_group, "access groups", "no", 0),
        (
            *("Bolt", "abroad", "privileged", "Manager on all services"),
            *("its own policies", "no", 0),
        ),
    ]
    delete = "ibmcloud iam service-policy-delete"
    remove = "ibmcloud iam access-group-service-id-remove 'Admins'"
    assert dict(rows(path, "service_id_admins", "serviceid", "command")) == {
        "full": f"{delete} 'ServiceId-f' '{own[0]}' && {delete} 'ServiceId-f' '{own[1]}'",
        "half": f"{remove} 'half'",
        "it's locked": "ibmcloud iam service-id-unlock 'ServiceId-l' && "
        f"{delete} 'ServiceId-l' '{direct}' && {remove} 'it'\\''s locked' && "
        "ibmcloud iam service-id-lock 'ServiceId-l'",
        "templated": None,
        "test": None,
        "abroad": f"{delete} 'ServiceId-b' '{elsewhere}'",
    }
    collected(bolt, path=path, deny=("api_keys",))
    assert rows(path, "service_id_admins", "enabled_keys")[-1] == (None,)


def test_every_service_id_an_administrator_through_public_access(collected):
    account = Account("Acme")
    account.service_id("locked robot", locked=True)
    policy = account.policy(account.public_group(), ["Administrator"], service="iam-groups")["id"]
    columns = ("serviceid", "rank", "privileges", "command")
    assert rows(collected(account), "service_id_admins", *columns) == [
        (
            *("locked robot", "privileged"),
            "Administrator on iam-groups (access group Public Access)",
            f"ibmcloud iam access-group-policy-delete 'Public Access' '{policy}'",
        )
    ]


def test_profiles_that_are_administrators(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, robot = acme.user("Ada Lovelace"), acme.service_id("robot")
    cluster = acme.instance("prod-cluster", "containers-kubernetes")
    full = acme.profile("full", id="Profile-f", description="for emergencies")
    own = make_full(acme, full)
    acme.profile_identity(full, ada)
    acme.profile_identity(full, robot)
    acme.profile_identity(full, "iam-ServiceId-GONE1")
    acme.profile_identity(full, cluster["crn"])
    acme.claim_rule(full, [("groups", "EQUALS", "ops"), ("l", "IN", ["Ulm"])], realm=SSO, name="r")
    acme.claim_rule(full, [("namespace", "EQUALS", "ops")], cr_type="IKS_SA", name="c")
    acme.claim_rule(full, realm=SSO, name="anybody")
    acme.link(full, "IKS_SA", cluster, namespace="ops", name="agent")
    acme.link(full, "CE", component_type="job", component_name="nightly")
    acme.link(full, "VSI", "crn:v1:bluemix:public:is:eu-de:a/1::instance:i-1")
    nobody = acme.profile("nobody's", id="Profile-n")
    admins = acme.group("Admins", [nobody])
    acme.policy(admins, ["Administrator"], service="user-management")
    made = acme.profile("templated")
    template = {"id": "policyTemplate-1", "version": "1"}
    acme.policy(made, ["Administrator"], service="iam-identity", template=template)
    # Near misses.
    acme.policy(acme.profile("reader"), ["Viewer"], service_type="platform_service")
    acme.policy(acme.profile("one service"), ["Administrator", "Manager"], service="kms")
    was = acme.profile("was one")
    acme.policy(was, ["Administrator"], service_type="platform_service", state="deleted")
    acme.policy(robot, ["Administrator"], service_type="platform_service")
    acme.policy(acme.public_group(), ["Administrator"], service="iam-groups")
    acme.policy("iam-Profile-GONE1", ["Administrator"], service_type="platform_service")
    abroad = bolt.profile("abroad", id="Profile-b")
    elsewhere = bolt.policy(abroad, ["Administrator"], service_group="IAM")["id"]
    bolt.profile_identity(abroad, bolt.user("Bo"))

    columns = ("account", "profile", "rank", "privileges", "through", "trusts")
    path = collected(acme, bolt)
    assert rows(path, "profile_admins", *columns) == [
        (
            *("Acme", "full", "full administrator"),
            f"{ALL_MANAGEMENT}; Administrator,Manager on all services",
            *("its own policies", 10),
        ),
        (
            *("Acme", "nobody's", "privileged"),
            *("Administrator on user-management (access group Admins)", "access groups", None),
        ),
        (
            *("Acme", "templated", "privileged", "Administrator on iam-identity"),
            *("its own policies", None),
        ),
        (
            *("Bolt", "abroad", "privileged", "Administrator on all IAM services"),
            *("its own policies", 1),
        ),
    ]
    trusted = dict(rows(path, "profile_admins", "profile", "who_may_assume"))
    assert trusted["full"].split("; ") == [
        "resource prod-cluster",
        "service ID ServiceId-GONE1",
        "service ID robot",
        "user Ada Lovelace",
        "Code Engine job nightly",
        "Kubernetes cluster prod-cluster, namespace ops, service account agent",
        "virtual server crn:v1:bluemix:public:is:eu-de:a/1::instance:i-1",
        "any compute of type IKS_SA with namespace EQUALS ops",
        f'people of {SSO} with groups EQUALS ops and l IN ["Ulm"]',
        f"people of {SSO} without a condition",
    ]
    assert (trusted["nobody's"], trusted["abroad"]) == ("nobody", "user Bo")
    delete = "ibmcloud iam trusted-profile-policy-delete"
    assert dict(rows(path, "profile_admins", "profile", "command")) == {
        "full": f"{delete} 'Profile-f' '{own[0]}' && {delete} 'Profile-f' '{own[1]}'",
        "nobody's": "ibmcloud iam access-group-trusted-profile-remove 'Admins' 'Profile-n'",
        "templated": None,
        "abroad": f"{delete} 'Profile-b' '{elsewhere}'",
    }


@pytest.mark.parametrize("denied", ["profile_links", "profile_rules", "profile_identities"])
def test_trust_that_was_not_read_is_not_called_none(collected, denied):
    account = Account("Acme")
    profile = account.profile("admin")
    account.policy(profile, ["Administrator"], service="iam-groups")
    path = collected(account, deny=(denied,))
    assert rows(path, "profile_admins", "who_may_assume") == [("not all could be read",)]
    account.link(profile, "CE", component_name="nightly")
    account.profile_identity(profile, account.user("Ada Lovelace"))
    account.claim_rule(profile, [("d", "EQUALS", "IT")], realm=SSO)
    ((told,),) = rows(collected(account, path=path), "profile_admins", "who_may_assume")
    assert told == f"user Ada Lovelace; Code Engine nightly; people of {SSO} with d EQUALS IT"


def test_where_public_access_is_on(collected):
    acme, bolt, cork = Account("Acme", owner="Olga Owner"), Account("Bolt"), Account("Cork")
    bolt.public_access_enabled = False
    for account in (acme, bolt):
        pictures = account.instance("pictures", "cloud-object-storage")
        account.policy(account.public_group(), ["Object Reader"], instance=pictures)
    acme.policy(acme.public_group(), ["Object Reader"], service="kms", state="deleted")
    acme.policy(acme.group("Team"), ["Viewer"], service="kms")
    columns = ("account", "setting", "public_policies", "last_modified_by", "command", "console")
    on, console = "public access is on", "https://cloud.ibm.com/iam/settings"
    path = collected(acme, bolt, cork)
    assert rows(path, "public_access_enabled", *columns) == [
        ("Acme", on, 1, "Olga Owner", None, console),
        ("Cork", on, 0, "Olga Owner", None, console),
    ]
    collected(acme, path=path, deny=EVERY_POLICY_LIST)
    assert rows(path, "public_access_enabled", "public_policies") == [(None,), (0,)]
    dark = Account("Dark")
    assert ("Dark",) not in rows(
        collected(dark, path=path, deny=("group_settings",)), "public_access_enabled", "account"
    )


def test_what_is_open_to_everybody(collected):
    accounts = [Account(name) for name in ("Acme", "Bolt", "Cork")]
    acme, bolt, cork = accounts
    bolt.public_access_enabled = False
    ids = {}
    for account in accounts:
        pictures = account.instance("pictures", "cloud-object-storage", id=ABSENT)
        policy = account.policy(
            account.public_group(), ["Object Reader"], instance=pictures, attributes=BUCKET
        )
        ids[account.name] = policy["id"]
        # Near misses.
        team = account.group("Public relations", [account.user(f"User of {account.name}")])
        account.policy(team, ["Object Reader"], instance=pictures, attributes=BUCKET)
        everybody = account.public_group()
        account.policy(everybody, ["Object Reader"], instance=pictures, state="deleted")
    path = collected(acme, bolt)
    collected(cork, path=path, deny=("group_settings",))

    target = "bucket reports of cloud-object-storage instance pictures"
    columns = ("account", "target", "roles", "effect", "command", "console", "policy_id")
    delete = "ibmcloud iam access-group-policy-delete 'Public Access'"
    console = "https://cloud.ibm.com/iam/groups/AccessGroupId-PublicAccess?tab=iam"
    assert rows(path, "public_policies", *columns) == [
        (name, target, "Object Reader", effect, f"{delete} '{ids[name]}'", console, ids[name])
        for name, effect in (
            ("Acme", "open to everybody"),
            ("Bolt", "no effect now: public access is off"),
            ("Cork", "not known: the setting was not read"),
        )
    ]


# --- What the settings make of Public Access ----------------------------------------------------

COUNTS_EVERYBODY = {
    "access_by_service": {},
    "access_groups_without_reader_viewer_roles": {},
    "access_groups_without_region_resource_group_policy": {},
    "access_groups_without_service_policy": {},
    "account_full_admins": {},
    "account_management_wide_policy": {},
    "account_only_policy": {},
    "admin_user_api_keys": {},
    "all_iam_services_policy": {},
    "all_services_write": {},
    "duties_combined": {},
    "escalation_paths": {},
    "group_large_admin": {},
    "paths_between": {"source": "Ada Lovelace", "target": "full control"},
    "people_administrators": {},
    "roles_in_use": {},
    "sensitive_data_reach": {},
    "service_access_by_iam_id": {},
    "service_id_admins": {},
    "user_admins": {},
    "what_can_identity_do": {"identity": "Ada Lovelace"},
    "who_administers_account": {},
    "who_can_access_instance": {"instance": "pictures"},
    "who_can_do_action": {"role_or_action": "Manager"},
    "who_reaches": {"target": "pictures", "role": ""},
}


def account_with_a_holder(holder_of, name="Acme") -> Account:
    """Full control, and more, for one holder; three people and a robot, one of them with a key."""
    account = Account(name)
    account.add_api_key(account.user("Ada Lovelace"), "laptop")
    account.user("Bob Builder")
    account.service_id("robot")
    account.instance("pictures", "cloud-object-storage")
    holder = holder_of(account)
    make_full(account, holder)
    account.policy(holder, ["Manager"])
    account.policy(holder, ["Administrator"], service_group="IAM")
    return account


def in_public_access(account: Account):
    return account.public_group()


def in_a_team(account: Account):
    return account.group("Team", [*account.users, account.service_ids[0]])


def account_for(name: str) -> Account:
    """One in which the report finds somebody by Public Access."""
    if name == "escalation_paths":  # a full administrator has no way left to go
        account = Account("Acme")
        account.service_id("robot")
        make_full(account, account.service_ids[0])
        account.user("Ada Lovelace")
        account.policy(account.public_group(), ["Operator"], service="iam-identity")
        return account
    if name == "user_admins":  # full administrators have a report of their own
        account = Account("Acme")
        account.user("Ada Lovelace")
        account.policy(account.public_group(), ["Administrator"], service_group="IAM")
        return account
    return account_with_a_holder(in_public_access)


@pytest.fixture(scope="module")
def files_for(tmp_path_factory):
    """A function that gives the files of the account for a report, by what Public Access does.

    Most reports have the same account: its files are made once.
    """

    @cache
    def files(name: str) -> dict[str, Path]:
        folder = tmp_path_factory.mktemp("everybody")

        def collected(said: str, account: Account, **options) -> None:
            made[said] = folder / f"{said}.sqlite3"
            with Sandbox(account, **options) as sandbox:
                collect_from(sandbox, account, made[said])

        made: dict[str, Path] = {}
        account = account_for(name)
        collected("open", account)
        account.access_settings(user=("limited", ["0" * 32]))
        collected("limited", account)
        account.public_access_enabled = False
        collected("off", account)
        collected("unread", account, deny=("group_settings",))
        collected("another group", account_with_a_holder(in_a_team))
        return made

    return lambda name: files(name if name in ("escalation_paths", "user_admins") else "")


@pytest.mark.parametrize("name", COUNTS_EVERYBODY)
def test_who_counts_everybody_says_what_the_settings_make_of_it(files_for, name):
    found = {
        said: {effect for (effect,) in rows(path, name, "public_access", **COUNTS_EVERYBODY[name])}
        for said, path in files_for(name).items()
    }
    assert "open to everybody" in found["open"]
    limited = "open to the account only: external identities are limited"
    assert limited in found["limited"]
    assert "no effect now: public access is off" in found["off"]
    assert "not known: the setting was not read" in found["unread"]
    # What comes through another group has nothing to do with it.
    assert found["another group"] <= {None}


def test_a_limit_on_external_identities_that_was_not_read_is_not_denied(collected):
    account = Account("Acme")
    account.policy(account.public_group(), ["Object Reader"], service="cloud-object-storage")
    path = collected(account, deny=("access_settings",))
    ((effect,),) = rows(path, "public_policies", "effect")
    assert effect == (
        "open to the account; to others unless external identities are limited, which was not read"
    )


def test_every_report_that_counts_everybody_is_known():
    """A new report on members of groups says so, too."""
    told = re.compile(r"public_access\.effect|\w\.public_access\b")
    naming = {name for name, report in REPORTS.items() if told.search(report.sql)}
    assert naming - {"public_policies"} == set(COUNTS_EVERYBODY)
    counting = {
        name
        for name, report in REPORTS.items()
        if re.search(r"access_group_identities|is_public = 1|summaries\.members", report.sql)
    }
    # Those find identities of other accounts, whom Public Access does not stand for here; count
    # policies; or leave it out.
    counting |= {"access_by_service", "policy_redundant", "roles_in_use"}  # by facts
    assert counting - set(COUNTS_EVERYBODY) == {
        "group_duplicate",
        "group_no_policies",
        "policy_redundant",
        "public_access_enabled",
        "public_policies",
    }
