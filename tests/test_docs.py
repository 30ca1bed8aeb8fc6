"""The README is current: its generated parts, and that everything a user can type is in it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
import yaml

from iaminsights.cli import main
from iaminsights.ibmcloud.endpoints import SERVICES
from iaminsights.reports.findings import read_acknowledgements
from iaminsights.reports.report import check_against, read_report
from iaminsights.sandbox import Sandbox, sample_account

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_generated_parts_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    import generate

    for name in ("generate", "escalation_pages"):
        sys.modules.pop(name)
    for path, text in generate.files().items():
        assert path.read_text(encoding="utf-8") == text, "run: make generated"


def examples(name: str, language: str) -> list[str]:
    """The code blocks of a page of the documentation."""
    text = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


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


def test_the_example_of_a_report_works(tmp_path, sample_file):
    example = examples("reports.md", "sql")[0]
    (tmp_path / "my_report.sql").write_text(example, encoding="utf-8")
    with closing(sqlite3.connect(sample_file)) as database:
        check_against(read_report(tmp_path / "my_report.sql"), database)


def test_the_example_of_an_acknowledgement_can_be_read(tmp_path):
    (tmp_path / "accepted.yml").write_text(examples("reports.md", "yaml")[0], encoding="utf-8")
    columns = {"api_key_no_expiry": ("apikey_id",)}
    (entry,) = read_acknowledgements(tmp_path / "accepted.yml", columns)
    assert entry.identifiers == {"apikey_id": "ApiKey-6f3a0b5e-8c7d-4e0f-9a1b-2c3d4e5f6a7b"}


@pytest.mark.parametrize("number", [0, 1])
def test_the_commands_of_a_pipeline_run(tmp_path, monkeypatch, number):
    """In their order, as a shell runs them; the scripts are taken out of the YAML."""
    pipeline = yaml.safe_load(examples("pipelines.md", "yaml")[number])
    steps = pipeline["jobs"]["review"]["steps"] if "jobs" in pipeline else pipeline["spec"]["steps"]
    script = "\n".join(step.get("run") or step.get("script") or "" for step in steps)
    script = script.replace("/accepted/", "").replace("pip install", ": pip install")
    (tmp_path / "accepted.yml").write_text("", encoding="utf-8")
    with Sandbox(sample_account()) as sandbox:
        environment = {
            **os.environ,
            **sandbox.environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "FAIL_ON": "high",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        done = subprocess.run(
            ["sh", "-e"], input=script, text=True, cwd=tmp_path, env=environment, timeout=120
        )
    assert done.returncode == 3  # the sample has findings
    assert json.loads((tmp_path / "findings.sarif").read_text())["runs"][0]["results"]
    last = next(tmp_path.glob("open.md"), tmp_path / "findings.csv")
    assert last.stat().st_size > 1000


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
