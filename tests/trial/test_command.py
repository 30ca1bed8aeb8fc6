"""The command as its documentation has it, the files that it takes, and its formats."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.errors import ChangeError
from iaminsights.trial.changes import SCHEMA, read_changes

PAGE = (Path(__file__).parents[2] / "docs" / "whatif.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
CHANGES = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
POLICY = "105bab73-736b-4c1f-b460-2df7f1acb2fe"


@pytest.fixture
def run(sample_file, tmp_path, monkeypatch):
    """A function that runs the command where the sample account is the file that is meant."""
    (tmp_path / "iaminsights.sqlite3").symlink_to(sample_file)
    (tmp_path / "changes.yml").write_text(CHANGES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(main, ["whatif", *arguments], env={"COLUMNS": "100"})

    return invoke


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documentation_answers_as_it_says(run, block):
    command, *lines = block.splitlines()
    result = run(*shlex.split(command.removeprefix("$ iaminsights whatif ")))
    assert result.exit_code == 0, result.output
    written = result.stdout
    for line in lines:
        if line != "...":
            assert line in written, result.output
            written = written[written.index(line) + len(line) :]


def test_all_formats_tell_the_same(run):
    some = ("--only", "access", "--only", "escalation")
    listed = json.loads(run("changes.yml", *some, "--format", "json").stdout)
    assert [one["report"] for one in listed] == [
        "access_gained",
        "access_lost",
        "escalation_changes",
    ]
    assert [one["rows_found"] for one in listed] == [len(one["rows"]) for one in listed]
    blocks = run("changes.yml", *some, "--format", "csv").stdout.split("\n\n")
    for one, block in zip(listed, blocks, strict=True):
        header, *rows = csv.reader(io.StringIO(block))
        assert header == ["report", *one["rows"][0]]
        assert rows == [
            [one["report"], *("" if value is None else str(value) for value in row.values())]
            for row in one["rows"]
        ]
    text = run("changes.yml", *some, "--format", "markdown").stdout
    assert text.count("\n| ") == sum(len(one["rows"]) + 2 for one in listed)


def test_findings_and_paths_of_a_whole_group(run):
    """An administrators' group that nobody is in any more."""
    Path("less.json").write_text(json.dumps({"remove": {"groups": ["People & Access"]}}))
    listed = json.loads(
        run("less.json", "--format", "json", "--only", "escalation", "--only", "findings").stdout
    )
    paths, findings = (one["rows"] for one in listed)
    closed = {row["identity"] for row in paths if row["change"] == "closed"}
    assert {"Maren Petersen", "Paul Hartmann", "duty-officer"} <= closed
    assert ("gone", "group_large_admin", "People & Access") in {
        (row["change"], row["found_by"], row["what"]) for row in findings
    }


def test_a_note_is_no_part_of_the_answer(run):
    result = run("changes.yml", "--only", "access", "--format", "json")
    assert "Freya Lund keeps all policies and memberships" in result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "remove: {policies: [gone]}",
            "changes.yml, remove.policies[1]: There is no policy gone in",
        ),
        ("suspend: [Grace]", "changes.yml, suspend[1]: There is no identity Grace. Did you mean"),
        (
            "add: {members: [{group: Freya Lund, member: Freya Lund}]}",
            "changes.yml, add.members[1]: Freya Lund is no access group but the person Freya Lund.",
        ),
        (
            "remove: {members: [{group: Auditors, member: Billing}]}",
            "changes.yml, remove.members[1]: Billing is an access group, not an identity.",
        ),
        ("account: Elsewhere\nsuspend: [Freya Lund]", "There is no account Elsewhere."),
    ],
)
def test_what_the_file_of_changes_names_must_be_there(run, text, sentence):
    Path("changes.yml").write_text(text, encoding="utf-8")
    result = run("changes.yml")
    assert result.exit_code != 0 and result.stdout == ""
    assert result.stderr.startswith(f"Error: {sentence}")


def test_what_is_neither_a_file_nor_a_policy_is_refused(run):
    result = run("nothing.yml")
    assert result.exit_code == 1
    assert (
        "nothing.yml is neither a file nor the ID of a policy or access group in iam"
        in result.stderr
    )


MEMBER = "it can have group, member."
WRONG = [
    ("c.yml", "[1]", "c.yml: this must be a mapping; it can have account, remove, add, suspend."),
    ("c.yml", "", "c.yml: this must be a mapping; it can have account, remove, add, suspend."),
    ("c.yml", "add: {}", "c.yml has no changes: it needs add, remove, or suspend."),
    ("c.yml", "ad: {}", "c.yml: ad is unknown; it can have account, remove, add, suspend."),
    ("c.yml", "add: {policy: []}", "c.yml, add: policy is unknown; it can have groups, members, "),
    (
        "c.yml",
        "add: {groups: [{id: x}]}",
        "c.yml, add.groups[1]: name is missing; it can have name",
    ),
    ("c.yml", "suspend: [1]", "c.yml, suspend[1]: this must be text."),
    ("c.yml", "suspend: x", "c.yml, suspend: this must be a list."),
    (
        "c.yml",
        "remove: {members: [x]}",
        f"c.yml, remove.members[1]: this must be a mapping; {MEMBER}",
    ),
    ("c.yml", "add: {policies: [x]}", "c.yml, add.policies[1]: this must be a mapping."),
    ("c.yml", "suspend: [x]\nsuspend: [y]", "c.yml: suspend is there twice in one mapping."),
    ("c.json", '{"add": {}, "add": {}}', "c.json: add is there twice in one mapping."),
    ("c.json", '{"add": {},\n}', "c.json, line 2: this is not valid JSON."),
    ("c.yml", "add: [\n", "c.yml, line 2: this is not valid YAML."),
]


@pytest.mark.parametrize(("name", "text", "sentence"), WRONG)
def test_a_file_of_other_things_is_refused_with_its_place(
    tmp_path, monkeypatch, name, text, sentence
):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")
    with pytest.raises(ChangeError) as raised:
        read_changes(Path(name))
    assert str(raised.value).startswith(sentence)


def test_the_schema_says_the_same_to_other_programs(tmp_path):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(CHANGES), schema)
    for _, text, sentence in WRONG:
        if "not valid" not in sentence and "no changes" not in sentence and "twice" not in sentence:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(yaml.safe_load(text), schema)


def test_a_time_in_yaml_is_text_as_in_json(tmp_path):
    (tmp_path / "c.yml").write_text("add: {policies: [{rule: {value: 2026-01-31T00:00:00Z}}]}")
    (policy,) = read_changes(tmp_path / "c.yml")["add"]["policies"]
    assert policy == {"rule": {"value": "2026-01-31T00:00:00Z"}}
