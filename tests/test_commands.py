"""The commands that mend findings, typed into a real shell with a stub in ibmcloud's place."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from iaminsights.catalogue import all_reports

from .told import told_account

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

    from .conftest import collect_from

    path = tmp_path_factory.mktemp("nasty") / "iaminsights.sqlite3"
    accounts = [told_account("Acme"), told_account("Bolt")]
    with Sandbox(accounts) as sandbox:
        for account in accounts:
            collect_from(sandbox, account, path)
    with closing(sqlite3.connect(path)) as database:
        for table, column in NAMES.items():
            database.execute(f"update {table} set {column} = {column} || ?", (NASTY,))
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
