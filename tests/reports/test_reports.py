"""Each report on a small account: the rows it must have, and beside them those it must not."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from iaminsights.sandbox import Account, Sandbox

from ..conftest import collect_from
from ..report_rows import (
    ASKED,
    ASKED_OF_SAMPLE,
    BUCKET,
    EVERY_POLICY_LIST,
    GONE,
    GONE_GROUP,
    REPORTS,
    RULE,
    columns_of,
    rows,
)
from ..told import told_account

# What they show came about between collects: tests/store/test_history.py.
HISTORY = {"changes_since_last_collect", "new_administrators", "findings_over_time"}
# Whoever has it all reaches every instance: then none of the sample account would be forgotten.
NOT_IN_SAMPLE = {"account_full_admins"}
IDENTIFYING = {"account", "iam_id", "access_group_id", "policy_id", "instance_id", "role_id"}


# --- All reports --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(REPORTS) - HISTORY - NOT_IN_SAMPLE))
def test_a_report_finds_something_in_the_sample_account(sample_file, name):
    assert rows(sample_file, name, "account", **ASKED_OF_SAMPLE.get(name, {}))


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, Path]:
    """The told account as Acme, as Bolt, and as both in one file; and a file without accounts."""
    folder = tmp_path_factory.mktemp("told")
    accounts = {name: told_account(name) for name in ("Acme", "Bolt")}
    files = {name: folder / f"{name}.sqlite3" for name in ("Acme", "Bolt", "both", "empty")}
    with Sandbox(list(accounts.values())) as sandbox:
        for name, account in accounts.items():
            collect_from(sandbox, account, files[name])
            collect_from(sandbox, account, files["both"])
    shutil.copy(files["Acme"], files["empty"])
    with closing(sqlite3.connect(files["empty"])) as database:
        tables = "select name from sqlite_master where type = 'table' and name not glob '*_fts*'"
        for (table,) in database.execute(tables).fetchall():
            database.execute(f"delete from [{table}]")
        database.commit()
    return files


@pytest.mark.parametrize("name", REPORTS)
def test_a_file_without_accounts_gives_no_rows(told, name):
    assert rows(told["empty"], name, **ASKED.get(name, {})) == []


# Reports that show one thing, the first that fits, or what earlier collects found.
ONE_FOR_ALL = {"who_can_access_instance", "who_reaches", "paths_between", *HISTORY}


@pytest.mark.parametrize("name", sorted(set(REPORTS) - ONE_FOR_ALL - NOT_IN_SAMPLE))
def test_each_account_of_a_file_has_the_rows_it_has_alone(told, name):
    columns = [column for column in columns_of(told["Acme"], name) if column in IDENTIFYING]
    asked = ASKED.get(name, {})
    alone = [row for who in ("Acme", "Bolt") for row in rows(told[who], name, *columns, **asked)]
    account = columns.index("account")
    assert {row[account] for row in alone} == {"Acme", "Bolt"}
    # The Public Access group of a second account has the account in its ID.
    both = [
        tuple(str(cell).partition("/")[0] if "PublicAccess/" in str(cell) else cell for cell in row)
        for row in rows(told["both"], name, *columns, **asked)
    ]
    assert sorted(both, key=str) == sorted(alone, key=str)


@pytest.mark.parametrize(
    ("name", "denied"),
    [
        ("unreferenced_service_instances", EVERY_POLICY_LIST),
        ("users_not_in_access_group", ("groups",)),
        ("users_not_in_access_group", ("members",)),
        ("access_groups_without_reader_viewer_roles", EVERY_POLICY_LIST),
        ("services_referenced_not_existing", ("instances",)),
    ],
)
def test_what_was_not_read_is_not_reported_as_absent(collected, name, denied):
    """Neither on a first collect nor when rows of an earlier one are kept."""
    acme = told_account("Acme")
    path = collected(acme, deny=denied)
    assert rows(path, name) == []
    assert rows(collected(acme, path=path), name) != []
    assert rows(collected(acme, path=path, deny=denied), name) == []
    both = collected(told_account("Bolt"), path=path)
    assert {account for (account,) in rows(both, name, "account")} == {"Bolt"}


# --- unreferenced_service_instances -------------------------------------------------------------


def test_instances_that_no_policy_reaches(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    prod, dev = account.resource_group("prod"), account.resource_group("dev")

    def instance(name, service="kms", region="eu-de", group=dev, **fields):
        return account.instance(name, service, region, group, **fields)

    account.policy(ada, ["Viewer"], instance=instance("by its ID"))
    instance("by its resource group", group=prod)
    account.policy(ada, ["Viewer"], resource_group=prod)
    instance("by its service", "logs")
    account.policy(ada, ["Viewer"], service="logs")
    instance("by its region", region="jp-tok")
    account.policy(ada, ["Viewer"], region="jp-tok")
    instance("by a pattern", guid="abcd1234-0000-4000-8000-000000000001")
    account.policy(ada, ["Viewer"], attributes=[("serviceInstance", "stringMatch", "abcd*-?000-*")])
    listed = instance("by a list")
    account.policy(
        ada,
        ["Viewer"],
        attributes=[("serviceInstance", "stringEqualsAnyOf", [GONE, listed["guid"]])],
    )
    in_part = instance("by a part of it", "cloud-object-storage")
    account.policy(ada, ["Reader"], instance=in_part, attributes=BUCKET)
    account.policy(ada, ["Reader"], instance=instance("at times", "messagehub"), rule=RULE)
    account.policy(GONE_GROUP, ["Reader"], instance=instance("by a group that is gone"))

    instance("forgotten")
    instance("waiting", state="pending_reclamation")
    instance("removed", state="removed")
    deleted = instance("only by a deleted policy")
    account.policy(ada, ["Viewer"], instance=deleted, state="deleted")
    authorized = instance("only by an authorization")
    account.authorization(
        ["Reader"], {"serviceName": "logs"}, {"serviceName": "kms", "serviceInstance": authorized}
    )
    other_case = instance("only in another case", guid="ABCD9999-0000-4000-8000-000000000002")
    account.policy(
        ada,
        ["Viewer"],
        attributes=[("serviceInstance", "stringEquals", other_case["guid"].lower())],
    )
    # Near misses: each is about something else than the instances in dev.
    account.policy(ada, ["Viewer"], service="kms", region="us-south")
    account.policy(ada, ["Administrator"], service_type="platform_service")
    account.policy(ada, ["Administrator"], service_group="IAM")
    itself = [("resourceType", "stringEquals", "resource-group")]
    account.policy(ada, ["Viewer"], resource_group=dev, attributes=itself)
    account.policy(ada, ["Viewer"], attributes=[*itself, ("resource", "stringEquals", dev["id"])])
    account.policy(ada, ["Viewer"], attributes=[("serviceInstance", "stringMatch", "{{*}}")])
    account.policy(ada, ["Viewer"], service_type="service", tags=[("env", "stringEquals", "dev")])

    account.tag(instance("by its tag"), "env:dev", kind="access")
    account.tag(instance("with a user's tag"), "env:dev", kind="user")

    bolt = Account("Bolt")
    bolt.instance("reached", "kms", "eu-de")
    bolt.policy(bolt.user("Bo"), ["Viewer"], service_type="service")

    columns = ("account", "instance", "tag_policies")
    forgotten = (
        *("forgotten", "only by a deleted policy", "only by an authorization"),
        *("only in another case", "waiting", "with a user's tag"),
    )
    path = collected(account, bolt)
    found = rows(path, "unreferenced_service_instances", *columns)
    assert found == [("Acme", name, 0) for name in forgotten]
    remediations = rows(path, "unreferenced_service_instances", "command", "console", "account_id")
    crn = account.instances[-1]["crn"].replace(":", "%3A").replace("/", "%2F")
    assert remediations[-1] == (
        None,
        f"https://cloud.ibm.com/services/kms/{crn}",
        account.account_id,
    )
    path.unlink()
    unread = rows(collected(account, deny=["search"]), "unreferenced_service_instances", *columns)
    assert unread == [("Acme", name, 1) for name in sorted([*forgotten, "by its tag"])]


# --- service_access_by_iam_id -------------------------------------------------------------------

ACCESS = ("instance", "identity", "kind", "access_group", "membership", "role", "scope")


def access_account() -> Account:
    account = Account("Acme", owner="Olga Owner")
    ada, bob = account.user("Ada Lovelace"), account.user("Bob Builder")
    robot = account.service_id("robot")
    archive = account.instance("archive", "cloud-object-storage", region="global")
    account.instance("vault", "secrets-manager", region="eu-de")
    team = account.group("Team", [ada, robot, "IBMid-GONE1"], dynamic_members=[ada, bob])
    account.policy(team, ["Reader", "Viewer"], service="secrets-manager", rule=RULE)
    account.policy(team, ["Content Reader"], instance=archive, attributes=BUCKET)
    account.group("Empty")
    account.policy(account.groups[-1], ["Manager"], service_type="service")
    account.policy(bob, ["Administrator"], service_type="service")
    account.policy(team, ["Manager"], service_type="service", tags=[("env", "stringEquals", "x")])
    account.policy(team, ["Manager"], service_type="service", state="deleted")
    account.policy(GONE_GROUP, ["Manager"], service_type="service")
    return account


def test_who_reaches_which_instance_through_groups(collected):
    path = collected(access_account())
    in_part = ("Team", "static", "Content Reader", "part")
    reading = ("Team", "static", "Reader", "conditional")
    viewing = ("Team", "static", "Viewer", "conditional")
    dynamic = {
        ("archive", "Bob Builder", "user", "Team", "dynamic", "Content Reader", "part"),
        ("vault", "Bob Builder", "user", "Team", "dynamic", "Reader", "conditional"),
        ("vault", "Bob Builder", "user", "Team", "dynamic", "Viewer", "conditional"),
    }
    members = [
        ("Ada Lovelace", "user"),  # in the group both ways, and yet here once
        ("robot", "service_id"),
        ("IBMid-GONE1", "unknown"),
    ]
    found = rows(path, "service_access_by_iam_id", *ACCESS)
    assert sorted(found) == sorted(
        [
            *(("archive", *member, *in_part) for member in members),
            *(("vault", *member, *way) for member in members for way in (reading, viewing)),
            *dynamic,
        ]
    )
    assert [row[0] for row in found] == sorted(row[0] for row in found)


def test_the_public_access_group_stands_for_users_and_service_ids_of_its_account(collected):
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Otto Other")
    for account in (acme, bolt):
        account.service_id(f"robot of {account.name}")
        account.profile("profile")
        pictures = account.instance(f"pictures of {account.name}", "cloud-object-storage")
        account.policy(account.public_group(), ["Object Reader"], instance=pictures)
    found = rows(collected(acme, bolt), "service_access_by_iam_id", *ACCESS[:2], "access_group")
    assert sorted(found) == [
        ("pictures of Acme", "Olga Owner", "Public Access"),
        ("pictures of Acme", "robot of Acme", "Public Access"),
        ("pictures of Bolt", "Otto Other", "Public Access"),
        ("pictures of Bolt", "robot of Bolt", "Public Access"),
    ]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"instance": "ARCH"}, 4),
        ({"identity": "ada"}, 3),
        ({"identity": "IBMid-GONE1"}, 3),
        ({"instance": "vault", "identity": "robot"}, 2),
        ({"instance": "no such"}, 0),
        ({"identity": "%"}, 0),
    ],
)
def test_access_of_one_identity_or_to_one_instance(collected, parameters, expected):
    assert len(rows(collected(access_account()), "service_access_by_iam_id", **parameters)) == (
        expected
    )


def test_a_long_answer_says_how_long_it_is_and_goes_on(collected):
    account = Account("Acme")
    for name in ("Team", "Crew"):
        members = [account.user(f"{name} {number:03}") for number in range(101)]
        account.policy(account.group(name, members), ["Reader", "Viewer"], service="kms")
    for number in range(60):
        account.instance(f"keys-{number:02}", "kms")
    path = collected(account)
    every, pages = 101 * 2 * 2 * 60, []
    columns = ("number", "instance_id", "iam_id", "policy_id", "role_id", "report_rows")
    for first in ("1", "10001", "20001", str(every + 1)):
        pages.append(rows(path, "service_access_by_iam_id", *columns, first_row=first))
    assert [len(page) for page in pages] == [10_000, 10_000, every - 20_000, 0]
    answer = [row for page in pages for row in page]
    assert [number for number, *_ in answer] == list(range(1, every + 1))
    assert len({row[1:5] for row in answer}) == every
    assert {row[5] for row in answer} == {every}
    assert rows(path, "service_access_by_iam_id", *columns, first_row="150")[0] == answer[149]


def test_instances_stand_in_the_order_of_their_names_across_accounts(collected):
    """Whatever the order in which they were made, and the account that each is in."""
    acme, bolt = Account("Acme"), Account("Bolt")
    for account, names in ((acme, ("zeta", "alpha", "Mike")), (bolt, ("beta", "alpha"))):
        account.policy(account.group("Team", [account.user("Ada")]), ["Reader"], service="kms")
        for name in names:
            account.instance(name, "kms")
    found = rows(collected(acme, bolt), "service_access_by_iam_id", "instance", "instance_id")
    assert [name for name, _ in found] == ["Mike", "alpha", "alpha", "beta", "zeta"]
    assert found == sorted(found)


# --- users_not_in_access_group ------------------------------------------------------------------


def test_users_in_no_group(collected):
    acme = Account("Acme", owner="Olga Owner")
    acme.group("Team", [acme.user("Ada Lovelace")], dynamic_members=[acme.user("Bob Builder")])
    direct, guest = acme.user("Direct Dora"), acme.user("Guest Gus")
    acme.policy(direct, ["Viewer"], service="kms")
    acme.policy(direct, ["Editor"], service="logs")
    acme.policy(direct, ["Editor"], service="kms", state="deleted")
    acme.add_member(acme.public_group(), guest)
    bolt = Account("Bolt", owner="Otto Other")
    abroad = bolt.user("Guest Gus", iam_id=guest["iam_id"])
    bolt.group("Team", [abroad])
    bolt.policy(abroad, ["Viewer"], service="kms")
    columns = ("account", "user", "direct_policies", "is_owner")
    assert rows(collected(acme, bolt), "users_not_in_access_group", *columns) == [
        ("Acme", "Direct Dora", 2, "no"),
        ("Acme", "Guest Gus", 0, "no"),
        ("Acme", "Olga Owner", 0, "yes"),
        ("Bolt", "Otto Other", 0, "yes"),
    ]


def test_only_who_has_no_access_is_to_be_removed(collected):
    account = Account("Acme", owner="Olga Owner")
    guest = account.user("Guest Gus", email="gus.o'guest@example.com")
    account.user("Invited Ida", state="PENDING")
    account.policy(account.user("Direct Dora"), ["Viewer"], service="kms")
    account.profile_identity(account.profile("deployer"), account.user("Trusted Tom"))
    columns = ("user", "command")
    path = collected(account)
    commands = dict(rows(path, "users_not_in_access_group", *columns))
    assert commands == {
        "Direct Dora": None,
        "Guest Gus": "ibmcloud account user-remove 'gus.o'\\''guest@example.com'",
        "invited.ida@acme.example.org": None,
        "Olga Owner": None,
        "Trusted Tom": None,
    }
    assert rows(path, "users_not_in_access_group", "console", "iam_id", "account_id")[1] == (
        f"https://cloud.ibm.com/iam/users/{guest['iam_id']}?tab=userdetails",
        guest["iam_id"],
        account.account_id,
    )
    for unread in ("profiles", "profile_identities"):
        path = collected(account, deny=[unread], path=path)
        commands = dict(rows(path, "users_not_in_access_group", *columns))
        assert len(commands) == 5 and set(commands.values()) == {None}


def test_direct_policies_that_were_not_read_are_not_known(collected):
    account = Account("Acme", owner="Olga Owner")
    account.user("Guest Gus")
    path = collected(account, deny=EVERY_POLICY_LIST)
    assert rows(path, "users_not_in_access_group", "user", "direct_policies", "command") == [
        ("Guest Gus", None, None),
        ("Olga Owner", None, None),
    ]
