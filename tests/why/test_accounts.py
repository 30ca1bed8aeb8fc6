"""Questions about a file with two accounts: each answer is about one of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.errors import NameUnresolved
from iaminsights.sandbox import Account, Sandbox
from iaminsights.why.answer import ask

from ..conftest import collect_from


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("two") / "two.sqlite3"
    acme = Account("Acme", owner="Olga Owner", mail_domain="example.org")
    bolt = Account("Bolt", owner="Boris Owner", mail_domain="example.org")
    for account, roles in ((acme, ["Viewer"]), (bolt, ["Editor"])):
        ada = account.user("Ada Lovelace")
        account.user(f"{account.name} Only")
        account.instance("keys", "kms", guid=f"keys-of-{account.name}")
        account.policy(ada, roles, service="billing", id=f"ada-{account.name}")
        account.policy(
            account.group("Team", [ada]), ["Reader"], service="kms", id=f"team-{account.name}"
        )
        account.policy(account.public_group(), ["Viewer"], service="logs", id=f"all-{account.name}")
        account.instance("logs", "logs", guid=f"logs-of-{account.name}")
    with Sandbox([acme, bolt]) as sandbox:
        for account in (acme, bolt):
            collect_from(sandbox, account, path)
    with closing(sqlite3.connect(path)) as database:
        yield database


def granting(found):
    return [way.policy.id for way in found.ways]


def test_a_target_of_several_accounts_is_ambiguous_until_one_is_named(file):
    with pytest.raises(NameUnresolved, match="billing is ambiguous: it is in 2 accounts"):
        ask(file, "Ada Lovelace", "Viewer", "billing")
    with pytest.raises(NameUnresolved, match="keys is ambiguous: it stands for 2 things"):
        ask(file, "Ada Lovelace", "Reader", "keys")
    assert granting(ask(file, "Ada Lovelace", "Viewer", "billing", "Acme")) == ["ada-Acme"]
    assert granting(ask(file, "Ada Lovelace", "Reader", "keys", "bolt")) == ["team-Bolt"]
    assert granting(ask(file, "Ada Lovelace", "Reader", "keys-of-Acme")) == ["team-Acme"]


def test_only_policies_of_the_account_count_and_are_near(file):
    found = ask(file, "Ada Lovelace", "Viewer", "billing", "Bolt")
    assert not found.allowed
    assert [miss.policy.id for miss in found.misses] == ["ada-Bolt", "all-Bolt"]


def test_an_owner_owns_one_account(file):
    assert ask(file, "Olga Owner", "Viewer", "account", "Acme").is_owner
    found = ask(file, "Olga Owner", "Viewer", "account", "Bolt")
    assert not found.allowed
    assert [one.text for one in found.remarks] == ["Olga Owner is not listed in Bolt."]


def test_a_group_is_the_one_of_the_account(file):
    assert granting(ask(file, "Team", "Reader", "keys-of-Bolt")) == ["team-Bolt"]


def test_everybody_is_everybody_of_the_account(file):
    assert granting(ask(file, "Acme Only", "Viewer", "logs-of-Acme")) == ["all-Acme"]
    assert granting(ask(file, "Bolt Only", "Viewer", "logs-of-Bolt")) == ["all-Bolt"]
    assert not ask(file, "Acme Only", "Viewer", "logs-of-Bolt").allowed
