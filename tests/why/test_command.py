"""The command as its documentation has it, and its exit codes."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main

DOCUMENT = Path(__file__).parents[2] / "docs" / "why.md"
BLOCKS = re.findall(r"```console\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
EXAMPLES = [
    (command, lines)
    for block in BLOCKS
    for command, *lines in [one.splitlines() for one in re.split(r"^\$ ", block, flags=re.M)[1:]]
]


@pytest.fixture
def run(sample_file, tmp_path, monkeypatch):
    """A function that runs a command where the sample account is the file that is meant."""
    (tmp_path / "iaminsights.sqlite3").symlink_to(sample_file)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(main, arguments, env={"COLUMNS": "100"})

    return invoke


@pytest.mark.parametrize(("command", "lines"), EXAMPLES)
def test_an_example_of_the_documentation_answers_as_it_says(run, command, lines):
    program, *arguments = shlex.split(command)
    assert program == "iaminsights"
    result = run(*arguments)
    written = result.output
    for line in lines:
        if line != "...":
            assert line in written, result.output
            written = written[written.index(line) + len(line) :]
    first = lines[0].partition(" ")[0].rstrip(",.:")
    if first == "{":
        assert result.exit_code == 0
    else:
        assert result.exit_code == {"Yes": 0, "No": 1, "Error": 2}[first]


def test_the_examples_have_every_kind_of_answer():
    firsts = [lines[0] for _, lines in EXAMPLES]
    for begin in ("Yes. ", "Yes, but", "No. ", "No, but", "Error: ", "{"):
        assert any(line.startswith(begin) for line in firsts), begin


def test_json_has_the_answer_with_every_value(run):
    result = run("why", "Data Analysts", "Viewer", "ledger", "--format", "json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["allowed"], told["scope"], told["granted_by"]) == (False, None, [])
    assert told["identity"]["kind"] == "access group" and told["target"]["name"] == "ledger"
    (miss,) = told["near_misses"]
    assert miss["fails"] == "resourceGroupId"
    assert miss["policy_requires"].startswith("data-lake (")
    assert miss["found"].startswith("finance (")
    assert told["near_misses_found"] == 1 and told["other_policies"] == 4
    assert told["remarks"][0]["about"] == "restriction"


def test_an_error_does_not_look_like_an_answer(run, tmp_path):
    result = run("why", "x", "Viewer", "keys", "missing.sqlite3")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: missing.sqlite3 has no data yet; run iaminsights collect first.\n"
    )
    (tmp_path / "other.sqlite3").write_text("no database")
    result = run("why", "x", "Viewer", "keys", "other.sqlite3")
    assert result.exit_code == 2 and "is not a SQLite file" in result.stderr
    assert run("why", "Amara Okafor", "Viewer").exit_code == 2
    result = run("why", "Amara Okafor", "Viewer", "billing", "--account", "Bolt")
    assert result.exit_code == 2 and "There is no account Bolt." in result.stderr
    assert (
        run(
            "why",
            "Jonas Brandt",
            "Administrator",
            "account",
            "--account",
            "lumen harbour logistics",
        ).exit_code
        == 0
    )
