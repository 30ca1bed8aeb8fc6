"""The commands that fix findings, typed into a real shell with a stub in ibmcloud's place."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from iaminsights.facts.derived import derive
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account

from ..told import told_account

FINDING = [report for report in all_reports() if report.identifiers]
# Everything that a shell could take for its own.
NASTY = "'; touch broken; \"$(touch broken)\" `touch broken` $HOME \\ * ? ~ # ! é\n\t|&<>(){}[]'"
NAMES = {
    "access_groups": "name",
    "users": "user_id",
    "serviceids": "name",
    "trustedprofiles": "name",
    "apikeys": "name",
    "resource_groups": "name",
    "resource_service_instances": "name",
    "trustedprofile_links": "name",
    "trustedprofile_rules": "name",
    "access_group_rules": "name",
    "roles": "display_name",
}
STUB = """#!/bin/sh
printf '%s\\0' "$@" >> "$CALLS"
printf '\\n\\0' >> "$CALLS"
"""


@pytest.fixture(scope="module")
def nasty_file(tmp_path_factory) -> Path:
    """The told account and another one, with names that are dangerous in a shell."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("nasty") / "iaminsights.sqlite3"
    accounts = [told_account("Acme"), told_account("Bolt")]
    with Sandbox(accounts) as sandbox:
        for account in accounts:
            collect_from(sandbox, account, path)
    with closing(sqlite3.connect(path)) as database:
        for table, column in NAMES.items():
            database.execute(f"update {table} set {column} = {column} || ?", (NASTY,))
        derive(database)
        database.commit()
    return path


def commands_of(path: Path, report) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        found = database.execute(report.sql, dict.fromkeys(report.parameters, ""))
        return [row["command"] for row in found if row["command"] is not None]


def calls(folder: Path, commands: list[str]) -> list[list[str]]:
    """What a shell makes of the commands: the arguments of each call of ibmcloud."""
    stub, log = folder / "ibmcloud", folder / "calls"
    stub.write_text(STUB)
    stub.chmod(0o755)
    log.touch()
    done = subprocess.run(
        ["sh"],
        input="\n".join(commands),
        text=True,
        cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(log)},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert {path.name for path in folder.iterdir()} == {"ibmcloud", "calls"}
    return [call.split("\0")[:-1] for call in log.read_bytes().decode().split("\n\0")[:-1]]


def values_in(path: Path) -> set[str]:
    """Every text that is in the file."""
    with closing(sqlite3.connect(path)) as database:
        tables = [
            row[0] for row in database.execute("select name from sqlite_master where type='table'")
        ]
        return {
            cell
            for table in tables
            for row in database.execute(f"select * from [{table}]")
            for cell in row
            if isinstance(cell, str)
        }


@pytest.mark.parametrize("report", FINDING, ids=lambda report: report.name)
def test_commands_reach_ibmcloud_as_they_are_meant(nasty_file, tmp_path, report):
    """One call for each command, whose arguments are words of the command line or values."""
    commands = commands_of(nasty_file, report)
    known = values_in(nasty_file)
    found = calls(tmp_path, commands)
    assert len(found) == sum(1 + _joined(command) for command in commands)
    for call in found:
        assert call[0] in ("iam", "account", "resource", "cbr", "target")
        assert re.fullmatch(r"[a-z-]+", call[1]) and "delete-all" not in call[1]
        for argument in call[2:]:
            assert argument in known or re.fullmatch(r"--?[a-z-]+|[A-Z0-9_,]+|\w+", argument), call
            assert argument not in ("-f", "--force"), "a command asks before it deletes"


def _joined(command: str) -> int:
    """How many further calls of ibmcloud a command has, outside of quotes."""
    return re.sub(r"'[^']*'", "", command.replace("'\\''", "")).count("&&")


def test_the_arguments_of_some_commands(nasty_file, tmp_path):
    reports = {report.name: report for report in FINDING}
    (group,) = (value for value in values_in(nasty_file) if value == f"Team{NASTY}")
    found = calls(
        tmp_path, commands_of(nasty_file, reports["access_groups_without_service_policy"])
    )
    assert all(call[:2] == ["iam", "access-group-policy-delete"] for call in found)
    assert group in {call[2] for call in found} and all(len(call) == 4 for call in found)


# --- A command names exactly one thing -----------------------------------------------------------


def answers(path: Path, name: str, *columns: str) -> list[tuple]:
    report = next(report for report in FINDING if report.name == name)
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        found = database.execute(report.sql, dict.fromkeys(report.parameters, "")).fetchall()
    return [tuple(row[column] for column in columns) for row in found]


def no_command(kind: str, name: str = "name") -> str:
    return (
        f"No command: the command line accepts only the {name} of this {kind}, and another has the "
        "same, or the same in another case."
    )


def empty(kind: str, name: str = "name") -> str:
    return f"No command: the command line accepts only the {name} of this {kind}, which is empty."


def test_a_group_whose_name_is_not_its_own_has_no_command(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    for name in ("Twins", "Twins", "Ops", "oPS ", "ÄRZTE", "Ärzte", "Straße", "Lone", "Lone too"):
        acme.group(name)
    blank = acme.group(" ")
    bolt.group("Lone")
    path = collected(acme, bolt)
    columns = ("account", "access_group", "command", "remark")
    found = answers(path, "group_empty", *columns)
    delete = "ibmcloud iam access-group-delete"
    named = [row[1:] for row in found if row[3] is None]
    assert named == [
        ("Lone", f"{delete} 'Lone'", None),
        ("Lone too", f"{delete} 'Lone too'", None),
        ("Straße", f"{delete} 'Straße'", None),
        ("Lone", f"{delete} 'Lone'", None),
    ]
    others = {row[1].strip(): row[2:] for row in found if row[3] is not None}
    assert others.pop(blank["id"]) == (None, empty("access group"))
    assert set(others) == {"Twins", "Ops", "oPS", "ÄRZTE", "Ärzte"}
    assert set(others.values()) == {(None, no_command("access group"))}
    consoles = [console for (console,) in answers(path, "group_empty", "console")]
    assert all(console.startswith("https://cloud.ibm.com/iam/groups/") for console in consoles)


def test_policies_of_such_a_group_have_no_command(collected):
    acme = Account("Acme")
    for number, name in enumerate(("Twins", "twins", "Lone")):
        acme.policy(acme.group(name), ["Viewer"], id=f"policy-{number}")
    path = collected(acme)
    columns = ("policy_id", "command", "remark")
    assert sorted(answers(path, "access_groups_without_service_policy", *columns)) == [
        ("policy-0", None, no_command("access group")),
        ("policy-1", None, no_command("access group")),
        ("policy-2", "ibmcloud iam access-group-policy-delete 'Lone' 'policy-2'", None),
    ]


def test_a_person_whose_login_is_not_theirs_alone_has_no_command(collected):
    acme = Account("Acme")
    for number, (name, login) in enumerate(
        (
            ("In one realm", "ada@x.org"),
            ("In another", "ada@x.org"),
            ("In capitals", "BOB@x.org"),
            ("In small letters", "bob@x.org"),
            ("Nameless", ""),
            ("Single", "eve@x.org"),
        )
    ):
        realm = "IBMid" if number != 1 else "AppID-12"
        person = acme.user(name, user_id=login, iam_id=f"{realm}-{number}")
        acme.policy(person, ["Viewer"], service="kms", id=f"policy-{number}")
    path = collected(acme)
    shared, none = no_command("person", "login"), empty("person", "login")
    assert sorted(answers(path, "user_direct_policies", "policy_id", "command", "remark")) == [
        *((f"policy-{number}", None, shared) for number in range(4)),
        ("policy-4", None, none),
        ("policy-5", "ibmcloud iam user-policy-delete 'eve@x.org' 'policy-5'", None),
    ]


def test_a_service_id_is_named_by_its_id_where_the_command_line_takes_it(collected):
    acme = Account("Acme")
    team = acme.group("Team", members=[acme.user("Ada")])
    acme.policy(team, ["Administrator"], service_type="platform_service")
    for number, name in enumerate(("robot", "Robot")):
        robot = acme.service_id(name, id=f"ServiceId-{number}")
        acme.policy(robot, ["Viewer"], service="kms", id=f"policy-{number}")
    acme.add_member(team, robot)
    path = collected(acme)
    assert sorted(
        answers(path, "service_id_direct_policies", "policy_id", "command", "remark")
    ) == [
        ("policy-0", "ibmcloud iam service-policy-delete 'ServiceId-0' 'policy-0'", None),
        ("policy-1", "ibmcloud iam service-policy-delete 'ServiceId-1' 'policy-1'", None),
    ]
    # Out of a group it is taken by its name.
    for report in ("service_id_admins", "group_mixed_identities"):
        assert answers(path, report, "command", "remark") == [(None, no_command("service ID"))]


# --- Before something is deleted -----------------------------------------------------------------


def test_a_key_is_disabled_before_it_is_deleted(collected):
    acme = Account("Acme")
    robot = acme.service_id("robot", id="ServiceId-1")
    acme.add_api_key(robot, "on", id="ApiKey-1")
    acme.add_api_key(robot, "locked", id="ApiKey-2", locked=True)
    acme.add_api_key(acme.user("Ada"), "hers", id="ApiKey-3")
    path = collected(acme)
    later = "If nothing fails after you disable it, delete it: ibmcloud iam "
    assert sorted(answers(path, "api_key_no_expiry", "apikey_id", "command", "remark")) == [
        (
            "ApiKey-1",
            "ibmcloud iam service-api-key-disable 'ApiKey-1' 'ServiceId-1'",
            f"{later}service-api-key-delete 'ApiKey-1' 'ServiceId-1'",
        ),
        (
            "ApiKey-2",
            "ibmcloud iam service-api-key-unlock 'ApiKey-2' 'ServiceId-1' && "
            "ibmcloud iam service-api-key-disable 'ApiKey-2' 'ServiceId-1'",
            f"{later}service-api-key-delete 'ApiKey-2' 'ServiceId-1'",
        ),
        (
            "ApiKey-3",
            "ibmcloud iam api-key-disable 'ApiKey-3'",
            f"{later}api-key-delete 'ApiKey-3'",
        ),
    ]


def test_a_policy_of_a_locked_service_id_is_deleted_while_it_is_unlocked(collected):
    acme = Account("Acme", owner="Olga Owner")
    old = {"created_at": "2019-05-02T10:00:00.000Z", "last_permit_at": None}
    for name in ("free", "locked"):
        robot = acme.service_id(name, id=f"ServiceId-{name}", locked=name == "locked")
        broad = {"service_type": "platform_service", **old}
        acme.policy(robot, ["Administrator"], id=f"{name}-platform", **broad)
        acme.policy(robot, ["Editor", "Writer"], id=f"{name}-all", service_type="service", **old)
        acme.policy(robot, ["Viewer"], id=f"{name}-bare", **old)
        acme.policy(robot, ["Reader"], id=f"{name}-gone", service="kms", instance="gone", **old)
    team = acme.group("Team", members=[robot])  # what a group has is not the service ID's
    acme.policy(team, ["Viewer"], id="team", service="kms", **old)
    path, deleting = collected(acme), {}
    for report in FINDING:
        for command in commands_of(path, report):
            if re.search("service-policy-delete|group-policy-delete", command):
                deleting.setdefault(report.name, set()).add(command)
    delete = "ibmcloud iam service-policy-delete"
    for name, commands in deleting.items():
        for command in commands:
            steps = command.split(" && ")
            if "'ServiceId-locked'" in command and "service-policy-delete" in command:
                assert steps[0] == "ibmcloud iam service-id-unlock 'ServiceId-locked'", name
                assert steps[-1] == "ibmcloud iam service-id-lock 'ServiceId-locked'", name
                assert steps[1].startswith(f"{delete} 'ServiceId-locked' "), name
            else:
                assert "lock" not in command, name
    of_locked = {name for name, found in deleting.items() if "ServiceId-locked" in str(found)}
    assert of_locked == {
        *("account_management_wide_policy", "account_only_policy", "all_services_write"),
        *("escalation_paths", "policy_never_used", "policy_orphan_target"),
        "policy_right_size",
        *("service_id_admins", "service_id_direct_policies", "services_referenced_not_existing"),
    }


def test_the_keys_of_a_service_id_are_disabled_before_it_is_deleted(collected):
    acme = Account("Acme")
    for name in ("bare", "live", "off", "locked"):
        robot = acme.service_id(name, id=f"ServiceId-{name}", created_at="2019-05-02")
        acme.last_login(robot, None)
        if name == "bare":
            continue
        acme.add_api_key(robot, "one", id=f"ApiKey-{name}-1", disabled=name == "off")
        acme.add_api_key(
            robot, "two", id=f"ApiKey-{name}-2", disabled=name != "locked", locked=True
        )
    expected = {
        "bare": "ibmcloud iam service-id-delete 'ServiceId-bare'",
        "off": "ibmcloud iam service-id-delete 'ServiceId-off'",
        "live": "ibmcloud iam service-api-key-disable 'ApiKey-live-1' 'ServiceId-live'",
        "locked": "ibmcloud iam service-api-key-disable 'ApiKey-locked-1' 'ServiceId-locked' && "
        "ibmcloud iam service-api-key-unlock 'ApiKey-locked-2' 'ServiceId-locked' && "
        "ibmcloud iam service-api-key-disable 'ApiKey-locked-2' 'ServiceId-locked'",
    }
    path = collected(acme)
    for report in ("service_id_inactive", "service_id_no_access"):
        assert dict(answers(path, report, "serviceid", "command")) == expected


@pytest.mark.parametrize("denied", ["api_keys", "resource_keys"])
def test_no_service_id_is_deleted_where_keys_were_not_read(collected, denied):
    acme = Account("Acme")
    acme.service_id("robot", id="ServiceId-1")
    assert answers(
        collected(acme, deny=(denied,)), "service_id_no_access", "command", "remark"
    ) == [
        (
            None,
            "Its API keys and service credentials were not read in full: check for them before "
            "you delete it.",
        )
    ]


def test_what_is_lost_with_a_thing_is_said_before_it_is_deleted(collected):
    acme = Account("Acme")
    robot = acme.service_id("robot", id="ServiceId-1", created_at="2019-05-02")
    acme.last_login(robot, None)
    acme.add_api_key(robot, "one"), acme.add_api_key(robot, "two")
    acme.policy(robot, ["Viewer"], service="kms")
    idle = acme.service_id("idle", id="ServiceId-2", created_at="2019-05-02")
    acme.last_login(idle, None)
    acme.group("Bare", members=[robot, acme.user("Ada")])
    path = collected(acme)
    assert answers(path, "service_id_inactive", "serviceid", "remark") == [
        ("idle", None),
        (
            "robot",
            "If nothing fails after you disable its API keys, delete it: "
            "ibmcloud iam service-id-delete 'ServiceId-1'. "
            "Lost with it: 2 API keys, 1 policy of its own.",
        ),
    ]
    assert answers(path, "group_no_policies", "remark") == [("Lost with it: 2 members.",)]


def test_service_credentials_that_end_with_a_service_id_are_said(collected):
    acme = Account("Acme")
    behind = acme.service_id("auto-generated", id="ServiceId-1")
    acme.service_id("idle", id="ServiceId-2")
    acme.resource_key(acme.instance("queue", "messagehub"), "producer", service_id=behind)
    assert answers(collected(acme), "service_id_no_access", "serviceid", "remark") == [
        ("auto-generated", "Lost with it: 1 service credential."),
        ("idle", None),
    ]


def test_an_authorization_on_keys_says_that_data_may_be_lost(collected):
    acme = Account("Acme")
    storage = {"serviceName": "cloud-object-storage"}
    for number, service in enumerate(("kms", "hs-crypto", "logs")):
        acme.authorization(["Reader"], storage, {"serviceName": service}, id=f"policy-{number}")
    found = answers(collected(acme), "authorization_broad", "policy_id", "command", "remark")
    assert sorted((key, remark is not None) for key, _, remark in found) == [
        ("policy-0", True),
        ("policy-1", True),
        ("policy-2", False),
    ]
    assert {command for key, command, _ in found if key == "policy-0"} == {
        "ibmcloud iam authorization-policy-delete 'policy-0'"
    }
    assert "can no longer be read" in sorted(found)[0][2]
