"""The GitHub action and the pre-commit hook: their steps run as those two run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .proposed import PUBLIC, policy

PROJECT = Path(__file__).parents[2]
ACTION_PATH = PROJECT / ".github" / "actions" / "check"
ACTION = yaml.safe_load((ACTION_PATH / "action.yml").read_text(encoding="utf-8"))
STEPS = [step for step in ACTION["runs"]["steps"] if "run" in step]
(HOOK,) = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PAGE = (PROJECT / "docs" / "pipelines.md").read_text(encoding="utf-8")
WORKFLOW, PRE_COMMIT = (
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[-2:]
)
ADMINISTRATOR = policy("IBMid-1", "Administrator", attributes={"serviceName": "kms"})


@pytest.fixture
def folder(tmp_path):
    """A folder with proposals and rules, and a pip that installs nothing but says what it would."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").write_text('#!/bin/sh\necho "$@" > "$PIP_SAID"\n')
    (tmp_path / "bin" / "pip").chmod(0o755)
    (tmp_path / "public one.json").write_text(json.dumps(policy(PUBLIC, "Reader")))
    (tmp_path / "admin.json").write_text(json.dumps(ADMINISTRATOR))
    (tmp_path / "rules.yml").write_text("- roles: Administrator\n")
    return tmp_path


def path_of(folder):
    return f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def run_action(folder, **inputs):
    """Run the steps in their order, until one fails, with the inputs as GitHub gives them."""
    given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    context = {"github.action_path": str(ACTION_PATH)}
    context |= {f"inputs.{name}": value for name, value in given.items()}
    for step in STEPS:
        environment = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], value)
            for name, value in step["env"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={
                **environment,
                "PATH": path_of(folder),
                "HOME": str(folder),
                "PIP_SAID": str(folder / "pip"),
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            break
    return done


def test_the_action_installs_this_project_and_checks(folder):
    done = run_action(folder, files="\n  public one.json\nadmin.json \n", not_granted="rules.yml")
    assert done.returncode == 3, done.stderr
    assert [line.rpartition("[")[2] for line in done.stdout.splitlines()[:-1]] == [
        "public-access]",
        "not-granted]",
    ]
    (said,) = (folder / "pip").read_text().splitlines()
    assert Path(said.split()[-1]).resolve() == PROJECT
    found = json.loads((folder / "iam-check.sarif").read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in found] == ["public-access", "not-granted"]


def test_what_an_input_holds_is_no_code(folder):
    """Whoever opens a pull request can choose the names of files."""
    done = run_action(folder, files="$(touch pwned)`touch pwned`;touch pwned")
    assert done.returncode == 2
    assert not (folder / "pwned").exists()
    for step in STEPS:
        assert "${{" not in step["run"]


def test_every_input_has_an_effect(folder, sample_file):
    done = run_action(
        folder,
        files="admin.json",
        database=str(sample_file),
        no_new_access="true",
        no_escalation="true",
        no_public_access="false",
        allow_undecided="true",
        sarif="other.sarif",
        terraform=str(folder),
    )
    assert done.returncode == 3
    assert "[new-access]" in done.stdout
    assert (folder / "other.sarif").exists()
    used = re.findall(r"inputs\.([\w-]+)", (ACTION_PATH / "action.yml").read_text())
    assert {*used} == {*ACTION["inputs"]}
    for name in ACTION["inputs"]:
        assert f"`{name}`" in PAGE


def test_the_documented_workflow_uses_the_action():
    (step,) = (
        one for one in WORKFLOW["jobs"]["check"]["steps"] if one.get("uses", "").endswith("/check")
    )
    assert (PROJECT / step["uses"].removeprefix("./iaminsights/") / "action.yml").is_file()
    assert step["with"].keys() <= ACTION["inputs"].keys()


def test_the_hook_runs_with_the_files_that_are_committed(folder):
    (documented,) = PRE_COMMIT["repos"][0]["hooks"]
    assert documented["id"] == HOOK["id"]
    (folder / "iam-rules.yml").symlink_to("rules.yml")
    for arguments, checks in (
        (HOOK["args"], ["public-access]"]),
        (documented["args"], ["public-access]", "not-granted]"]),
    ):
        done = subprocess.run(
            [*HOOK["entry"].split(), *arguments, "public one.json", "admin.json"],
            cwd=folder,
            env={**os.environ, "PATH": path_of(folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 3, done.stderr
        assert [line.rpartition("[")[2] for line in done.stdout.splitlines()[:-1]] == checks


def test_the_hook_looks_at_files_in_two_folders():
    chosen = re.compile(HOOK["files"])
    assert all(map(chosen.search, ("iam/a.json", "infra/policies/b.json")))
    assert not any(map(chosen.search, ("a.json", "myiam/a.json", "iam.json")))
    assert HOOK["types"] == ["json"] and HOOK["language"] == "python"
