"""Administrators where more than one thing comes together: groups, accounts, names, reviews."""

from __future__ import annotations

import pytest

from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account

from ..report_rows import EVERY_POLICY_LIST, day_in, rows

NAMES = ("account_full_admins", "service_id_admins", "profile_admins", "public_policies")
EVERY_ACCESS = (
    ("service", ["Administrator", "Manager"]),
    ("platform_service", ["Administrator"]),
)


def make_full(account: Account, subject) -> None:
    """Make it a full administrator."""
    for service_type, roles in EVERY_ACCESS:
        account.policy(subject, roles, service_type=service_type)


def wide_open(name: str) -> Account:
    """An account with a row in each of these reports."""
    account = Account(name)
    make_full(account, account.service_id(f"robot of {name}"))
    make_full(account, account.profile(f"profile of {name}"))
    account.policy(account.public_group(), ["Viewer"], service="kms")
    return account


def test_administrators_only_by_several_groups_together(collected):
    acme = Account("Acme", owner="Olga Owner")
    ada = acme.user("Ada", email="o'ada@x.org")
    three, two = acme.user("Three", email="three@x.org"), acme.user("Two", email="two@x.org")
    robot, helper = acme.service_id("it's a bot"), acme.profile("helper", id="Profile-1")
    everyone = [ada, robot, helper]
    administers = acme.group("Administer services", [*everyone, three, two])
    acme.policy(administers, ["Administrator"], service_type="service")
    manages = acme.group("Manager's", [*everyone, two])
    acme.policy(manages, ["Manager"], service_type="service")
    account = acme.group("The account", everyone, dynamic_members=[three])
    acme.policy(account, ["Administrator"], service_type="platform_service")
    acme.policy(three, ["Manager"], service_type="service")
    # Near misses: Two lacks the account, and others have all but one part.
    acme.policy(acme.user("Only services"), ["Administrator", "Manager"], service_type="service")
    acme.policy(acme.group("Idle", [two]), ["Editor"], service_type="platform_service")

    groups = "access group Administer services and access group Manager's and "
    groups += "access group The account"
    remove = "ibmcloud iam access-group-{}-remove '{}' {}"
    names = ("Administer services", "Manager'\\''s", "The account")

    def out_of_all(kind, word):
        return " && ".join(remove.format(kind, name, word) for name in names)

    columns = ("identity", "path", "kind_of_path", "policies", "command")
    assert rows(collected(acme), "account_full_admins", *columns) == [
        ("Ada", groups, "several together", 3, out_of_all("user", "'o'\\''ada@x.org'")),
        (
            "Three",
            "access group Administer services and access group The account and its own policies",
            *("several together", 3),
            None,  # A dynamic rule gives one part.
        ),
        ("helper", groups, "several together", 3, out_of_all("trusted-profile", "'Profile-1'")),
        (
            *("it's a bot", groups, "several together", 3),
            out_of_all("service-id", "'it'\\''s a bot'"),
        ),
    ]


def test_a_way_that_is_enough_needs_no_other(collected):
    acme = Account("Acme", owner="Olga Owner")
    ada = acme.user("Ada", email="ada@x.org")
    for name in ("First", "Second"):
        make_full(acme, acme.group(name, [ada], dynamic_members=[ada]))
    part = acme.group("A part", [ada])
    acme.policy(part, ["Administrator"], service_type="platform_service")
    remove = "ibmcloud iam access-group-user-remove"
    columns = ("identity", "path", "membership", "command")
    assert rows(collected(acme), "account_full_admins", *columns) == [
        ("Ada", "access group First", "static", f"{remove} 'First' 'ada@x.org'"),
        ("Ada", "access group Second", "static", f"{remove} 'Second' 'ada@x.org'"),
    ]


def test_the_owner_of_one_account_in_the_group_of_another(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    olga = bolt.user("Olga Owner", email="olga@x.org", iam_id=acme.owner["iam_id"])
    make_full(bolt, bolt.group("Admins", [olga]))
    columns = ("account", "identity", "path", "command")
    assert rows(collected(acme, bolt), "account_full_admins", *columns) == [
        (
            *("Bolt", "Olga Owner", "access group Admins"),
            "ibmcloud iam access-group-user-remove 'Admins' 'olga@x.org'",
        ),
    ]


def test_without_policies_nobody_is_known(collected):
    account = wide_open("Acme")
    path = collected(account, deny=EVERY_POLICY_LIST)
    for name in NAMES:
        assert rows(path, name) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_acknowledgement_is_of_one_account(collected, name):
    accounts = [wide_open("Acme"), wide_open("Bolt")]
    until = day_in(9)
    entry = Acknowledgement(name, {"account": "Bolt"}, "Known.", until)
    path = collected(*accounts, reports=all_reports(), acknowledgements=[entry])
    found = rows(path, name, "account", "acknowledged")
    assert {account for account, _ in found} == {"Acme", "Bolt"}
    assert {note for account, note in found if account == "Acme"} == {None}
    assert {note for account, note in found if account == "Bolt"} == {f"Known. (until {until})"}
