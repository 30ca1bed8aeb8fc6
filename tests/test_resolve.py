"""What a name or ID stands for: one thing, several that are listed, or none with suggestions."""

from __future__ import annotations

from contextlib import closing

import pytest

from iaminsights import resolve
from iaminsights.errors import NameUnresolved
from iaminsights.facts.derived import empty_database

A, B = "a" * 32, "b" * 32
ARCHIVE = f"crn:v1:bluemix:public:cloud-object-storage:global:a/{A}:1111::"
BILLING = f"crn:v1:bluemix:public:kms:eu-de:a/{A}:2222::"
GREETER = f"crn:v1:bluemix:public:iam-access-management::a/{A}::customRole:Greeter"
OTHER_GREETER = f"crn:v1:bluemix:public:iam-access-management::a/{B}::customRole:Greeter"
VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
ROWS = {
    "accounts(account_id, name)": [(A, "Acme"), (B, "Bolt")],
    "users(id, iam_id, user_id, email, firstname, lastname, account_id)": [
        ("m1", "IBMid-1", "ada@acme.example.com", "ada@acme.example.com", "Ada", "Lovelace", A),
        ("m2", "IBMid-1", "ada@acme.example.com", "ada@acme.example.com", "Ada", "Lovelace", B),
        ("m3", "IBMid-2", "a.l@acme.example.com", "al@acme.example.com", "ada", "LOVELACE", A),
        ("m4", "IBMid-3", "zoe", None, "Zoë", "Ünal*[x]", A),
        ("m5", "IBMid-4", "new@acme.example.com", None, None, None, A),
        ("m6", "IBMid-5", "sos", None, "Οδυσσεύς", None, A),
    ],
    "serviceids(id, iam_id, name, account_id)": [
        ("ServiceId-1", "iam-ServiceId-1", "backup", A),
        ("ServiceId-2", "iam-ServiceId-2", "IBMid-1", A),
        ("ServiceId-3", "iam-ServiceId-3", "Drop 'em; --", A),
    ],
    "trustedprofiles(id, iam_id, name, account_id)": [
        ("Profile-1", "iam-Profile-1", " Backup ", A),
        ("Profile-2", "iam-Profile-2", None, A),
    ],
    "access_groups(id, name, account_id, is_public, listed)": [
        ("AccessGroupId-1", "Admins", A, 0, 1),
        ("AccessGroupId-2", "Admins", B, 0, 1),
    ],
    "identities(iam_id, kind, name)": [
        ("IBMid-1", "user", "Ada Lovelace"),
        ("IBMid-GONE", "unknown", "IBMid-GONE"),
    ],
    "resource_groups(resource_group_id, name, account_id, listed)": [("c" * 32, "archive", A, 1)],
    "resource_service_instances(id, name, guid, service_name, region_id, state, account_id)": [
        (ARCHIVE, "Archive", "1111", "cloud-object-storage", "global", "active", A),
        (BILLING, "billing", "2222", "kms", "eu-de", "removed", A),
    ],
    "resources(crn, name, service_name, resource_group_id, account_id)": [
        ("crn:cluster", "Quayside", "kms", "c" * 32, A),
    ],
    "instance_facts(number, service_name, account_id)": [(1, "kms", A), (2, None, A)],
    "roles(role_id, display_name, kind, service_name, account_id, listed)": [
        (VIEWER, "Viewer", "platform", None, None, 1),
        (GREETER, "Greeter", "custom", "kms", A, 1),
        (GREETER + "2", "Greeter", "custom", "logs", A, 1),
        (OTHER_GREETER, "Greeter", "custom", "kms", B, 1),
    ],
    "role_actions(role_id, service_name, action)": [
        (GREETER, "kms", "kms.secrets.list"),
        (VIEWER, "billing", "billing.view"),
    ],
}


@pytest.fixture(scope="module")
def file():
    with closing(empty_database()) as database:
        database.execute("pragma foreign_keys = off")
        for table, rows in ROWS.items():
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(f"insert into {table} values ({marks})", rows)
        yield database


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IBMid-1", (resolve.PERSON, "IBMid-1")),  # an ID comes before a name
        ("m2", (resolve.PERSON, "IBMid-1")),
        ("ADA@acme.example.com", (resolve.PERSON, "IBMid-1")),  # in two accounts, and one person
        ("al@acme.example.com", (resolve.PERSON, "IBMid-2")),
        ("zoË ünal*[x]", (resolve.PERSON, "IBMid-3")),
        ("ΟΔΥΣΣΕΎΣ", (resolve.PERSON, "IBMid-5")),
        ("New@acme.example.com", (resolve.PERSON, "IBMid-4")),
        ("service-id:backup", (resolve.SERVICE_ID, "iam-ServiceId-1")),
        ("profile:Backup", (resolve.PROFILE, "iam-Profile-1")),
        ("service-id:ibmid-1", (resolve.SERVICE_ID, "iam-ServiceId-2")),
        ("Drop 'em; --", (resolve.SERVICE_ID, "iam-ServiceId-3")),
        ("ServiceId-1", (resolve.SERVICE_ID, "iam-ServiceId-1")),
        ("Profile-2", (resolve.PROFILE, "iam-Profile-2")),
        ("IBMid-GONE", (resolve.IDENTITY, "IBMid-GONE")),
        ("AccessGroupId-2", (resolve.GROUP, "AccessGroupId-2")),
    ],
)
def test_an_identity_is_found_by_each_of_its_ids_and_names(file, text, found):
    thing = resolve.identity(file, text)
    assert (thing.kind, thing.id) == found


def test_a_group_is_looked_for_in_the_account_that_the_question_is_about(file):
    assert resolve.identity(file, "admins", B).id == "AccessGroupId-2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ARCHIVE, (resolve.INSTANCE, ARCHIVE)),
        ("1111", (resolve.INSTANCE, ARCHIVE)),
        ("instance:archive", (resolve.INSTANCE, ARCHIVE)),
        ("resource-group:archive", (resolve.RESOURCE_GROUP, "c" * 32)),
        ("c" * 32, (resolve.RESOURCE_GROUP, "c" * 32)),
        ("service:billing", (resolve.MANAGEMENT, "billing")),
        ("IAM identity", (resolve.MANAGEMENT, "iam-identity")),
        ("kms", (resolve.SERVICE, "kms")),
        ("acme", (resolve.ACCOUNT, A)),
        ("account", (resolve.ACCOUNT, A)),
        (A, (resolve.ACCOUNT, A)),
    ],
)
def test_a_target_is_found_by_each_of_its_ids_and_names(file, text, found):
    thing = resolve.target(file, text, A)
    assert (thing.kind, thing.id) == found


def test_one_of_several_roles_with_a_name_is_that_of_the_account_and_service(file):
    assert resolve.role_or_action(file, "viewer").id == VIEWER
    assert resolve.role_or_action(file, "greeter", A, "kms").id == GREETER
    assert resolve.role_or_action(file, OTHER_GREETER).id == OTHER_GREETER
    assert resolve.role_or_action(file, "KMS.secrets.list").id == "kms.secrets.list"


@pytest.mark.parametrize(
    ("ask", "ids"),
    [
        (lambda file: resolve.identity(file, "Ada Lovelace"), ["IBMid-1", "IBMid-2"]),
        (lambda file: resolve.identity(file, "backup"), ["iam-Profile-1", "iam-ServiceId-1"]),
        (lambda file: resolve.identity(file, "Admins"), ["AccessGroupId-1", "AccessGroupId-2"]),
        (lambda file: resolve.target(file, "archive"), [ARCHIVE, "c" * 32]),
        (lambda file: resolve.target(file, "billing", A), [BILLING, "service:billing"]),
        (lambda file: resolve.role_or_action(file, "Greeter", A), [GREETER, GREETER + "2"]),
    ],
)
def test_an_ambiguous_name_is_listed_with_what_is_not(file, ask, ids):
    with pytest.raises(NameUnresolved) as refused:
        ask(file)
    assert sorted(thing.typed for thing in refused.value.things) == sorted(ids)
    assert refused.value.is_ambiguous and refused.value.exit_code == 2
    assert all(f": {one}" in str(refused.value) for one in ids)


def test_a_service_of_several_accounts_is_ambiguous_by_its_account(file):
    with pytest.raises(NameUnresolved, match="it is in 2 accounts. Specify one of them") as refused:
        resolve.target(file, "iam-groups")
    assert [thing.detail for thing in refused.value.things] == ["Acme", "Bolt"]
    with pytest.raises(NameUnresolved, match="account is ambiguous: it stands for 2 things"):
        resolve.target(file, "account")


@pytest.mark.parametrize(
    ("text", "said", "instead"),
    [
        (f"{ARCHIVE[:-1]}bucket:reports", "is a part of a service instance", [ARCHIVE]),
        ("quayside", "Quayside is not in the list of service instances", ["kms", "c" * 32]),
        ("crn:cluster", "Quayside is not in the list of service instances", ["kms", "c" * 32]),
    ],
)
def test_what_is_no_target_is_answered_with_what_is_one(file, text, said, instead):
    with pytest.raises(NameUnresolved, match=said) as refused:
        resolve.target(file, text, A)
    assert list(dict.fromkeys(thing.id for thing in refused.value.things)) == instead


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("lovelace", ["IBMid-1", "IBMid-2"]),
        ("bakcup", ["iam-Profile-1", "iam-ServiceId-1"]),
        ("xyzzy", []),
        ("*", ["IBMid-3"]),  # no pattern, only part of a name
        ("  ", []),
    ],
)
def test_an_unknown_name_is_answered_with_what_is_close_to_it(file, text, suggested):
    with pytest.raises(NameUnresolved, match="There is no identity") as refused:
        resolve.identity(file, text)
    assert sorted(thing.id for thing in refused.value.things) == suggested
    assert not refused.value.is_ambiguous
