"""The README is current: its generated parts, and that everything a user can type is in it."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest

from iaminsights.cli import main
from iaminsights.endpoints import SERVICES
from iaminsights.reports import check_against, read_report

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_generated_parts_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    import generate

    sys.modules.pop("generate")
    assert generate.generated(README) == README, "run: python docs/generate.py"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_and_option_has_a_help_text(name):
    command = main.commands[name]
    assert command.help and command.help.split("\n")[0].endswith((".", ").")), name
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "help":
            assert parameter.help and parameter.help.rstrip().endswith("."), parameter.name


def test_every_variable_is_in_the_documentation():
    documentation = "".join(p.read_text(encoding="utf-8") for p in (PROJECT / "docs").glob("*.md"))
    for service in SERVICES:
        assert service.variable in README + documentation


def test_the_readmes_report_works(tmp_path, sample_file):
    (example,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    (tmp_path / "my_report.sql").write_text(example, encoding="utf-8")
    with closing(sqlite3.connect(sample_file)) as database:
        check_against(read_report(tmp_path / "my_report.sql"), database)


def test_the_diagram_has_its_lines():
    lines = {" ".join(line.split()[:3]) for line in README.splitlines() if "--" in line}
    assert lines >= {
        "users }|--|{ accounts",
        "serviceids }o--|| accounts",
        "trustedprofiles }o--|| accounts",
        "trustedprofile_links }o--|| trustedprofiles",
        "access_groups }o--|| accounts",
        "resource_groups }|--|| accounts",
        "resource_service_instances }o--|| accounts",
        "resource_service_instances }o--|| resource_groups",
    }


def test_pictures_are_there():
    for line in README.splitlines():
        if line.startswith("!["):
            assert (PROJECT / line.partition("](")[2].rstrip(")")).is_file(), line
