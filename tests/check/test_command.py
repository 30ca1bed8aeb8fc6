"""The command as its documentation has it: examples, files that it takes, output, exit codes."""

from __future__ import annotations

import json
import re
import shlex
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.check.output import as_sarif
from iaminsights.check.running import Checks, outcome_of, read_proposals
from iaminsights.cli import main
from iaminsights.sandbox import Account

from ..reports.test_sarif import problems
from .proposed import change, plan, policy

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
PUBLIC = policy("AccessGroupId-PublicAccess", "Reader", attributes={"serviceName": "kms"})
PRIVATE = policy("IBMid-1", "Reader", attributes={"serviceName": "kms"})
LATER = plan(change("policy_assignment", "it", {}))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the command in a folder with these files."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, **files):
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
        return CliRunner().invoke(main, ["check", *map(str, arguments)])

    return invoke


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documentation_answers_as_it_says(run, sample_file, tmp_path, block):
    (tmp_path / "iaminsights.sqlite3").symlink_to(sample_file)
    for name, content in zip(
        ("policies.json", "plan.json"),
        re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL),
        strict=True,
    ):
        (tmp_path / name).write_text(content)
    (tmp_path / "rules.yml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    command, *lines = block.splitlines()
    result = run(*shlex.split(command.removeprefix("$ iaminsights check ")))
    assert result.exit_code == 3
    assert " ".join(lines) == " ".join(result.stdout.split())


def test_every_key_of_the_output_is_in_the_documentation(run):
    found = json.loads(run("it.json", "--no-public-access", "--format", "json", it=PUBLIC).stdout)
    for key in (*found, *found["violations"][0], *found["checked"]):
        assert f"`{key}`" in PAGE


def test_exit_codes(run):
    assert run("it.json", "--no-public-access", it=PRIVATE).exit_code == 0
    assert run("it.json", "--no-public-access", it=PUBLIC).exit_code == 3
    assert run("it.json", "--no-public-access", it=LATER).exit_code == 3
    allowed = run("it.json", "--no-public-access", "--allow-undecided", it=LATER)
    assert allowed.exit_code == 0
    assert "ibm_iam_policy_assignment.it: undecided" in allowed.stdout
    both = run("it.json", "b.json", "--no-public-access", "--allow-undecided", it=LATER, b=PUBLIC)
    assert both.exit_code == 3


def test_usage(run):
    for arguments, said in (
        (("it.json",), "Specify at least one check"),
        (("it.json", "--no-new-access"), "--no-new-access needs DB"),
        (("it.json", "--no-escalation"), "--no-escalation needs DB"),
        (("--no-public-access",), "Missing argument"),
        (("none.json", "--no-public-access"), "does not exist"),
    ):
        result = run(*arguments, it=PRIVATE)
        assert result.exit_code == 2
        assert said in result.stderr


def test_the_file_can_stand_anywhere_or_be_the_one_that_is_there(run, sample_file, tmp_path):
    options = ("--no-new-access", "--format", "json")
    first = run(sample_file, "it.json", *options, it=PRIVATE)
    (tmp_path / "iaminsights.sqlite3").symlink_to(sample_file)
    assert run("it.json", *options).stdout == first.stdout
    assert first.exit_code == 3
    twice = run(sample_file, "iaminsights.sqlite3", "it.json", *options)
    assert twice.exit_code == 2


def test_a_file_that_is_only_read(run, sample_file, tmp_path):
    before = sample_file.read_bytes()
    run("it.json", sample_file, "--no-new-access", "--no-escalation", it=PRIVATE)
    assert sample_file.read_bytes() == before
    assert stat.S_IMODE(sample_file.stat().st_mode) == 0o600


def test_an_account_among_several(run, collected):
    acme, beta = Account("Acme"), Account("Beta")
    ada = acme.user("Ada Lovelace")
    acme.policy(ada, ["Reader"], service="kms")
    path = collected(acme, beta)
    mine = plan(
        change(
            "user_policy",
            "it",
            {
                "ibm_id": ada["email"],
                "roles": ["Reader"],
                "resources": [{"service": "kms"}],
            },
        )
    )
    unsure = run("it.json", path, "--no-new-access", it=mine)
    assert unsure.exit_code == 1
    assert unsure.stderr.startswith("Error: The file has 2 accounts; specify one of them with")
    assert run("it.json", path, "--no-new-access", "--account", "acme").exit_code == 0
    # What she has in one account is new in the other one.
    elsewhere = run("it.json", path, "--no-new-access", "--account", beta.account_id)
    assert elsewhere.exit_code == 3
    assert "Ada" not in run("it.json", path, "--no-new-access", "--account", "Gamma").stdout
    named = policy(
        ada["iam_id"],
        "Reader",
        attributes={"serviceName": "kms", "accountId": acme.account_id},
    )
    assert run("it.json", path, "--no-new-access", it=named).exit_code == 0


def test_sarif_has_file_and_line(run, tmp_path):
    pretty = json.dumps([PRIVATE, PUBLIC, policy("IBMid-1")], indent=2)
    line = 1 + pretty[: pretty.index("AccessGroupId")].rindex('"access"')
    line = pretty[:line].count("\n")
    result = run("it.json", "--no-public-access", "--sarif", "it.sarif", it=pretty)
    log = json.loads((tmp_path / "it.sarif").read_text(encoding="utf-8"))
    assert problems(log) == []
    (one,) = log["runs"]
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == [
        *("new-access", "not-granted", "public-access", "escalation", "input"),
    ]
    public, odd = one["results"]
    assert (public["ruleId"], public["level"]) == ("public-access", "error")
    assert (odd["ruleId"], odd["level"]) == ("input", "warning")
    place = public["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "it.json"
    assert place["region"] == {"startLine": line, "startColumn": 3}
    assert result.stdout.startswith(f"it.json:{line}: policy 2: the Public Access group")
    again = run("it.json", "--no-public-access", "--format", "sarif")
    assert json.loads(again.stdout) == log


def test_a_plan_on_one_line_has_columns(run):
    two = plan(
        change("user_policy", "a", {"ibm_id": "a@example.org", "roles": []}),
        change("access_group_account_settings", "b", {"public_access_enabled": True}),
    )
    result = run("it.json", "--no-public-access", "--format", "json", it=two)
    (found,) = json.loads(result.stdout)["violations"]
    text = json.dumps(two)
    assert (found["line"], found["column"]) == (
        1,
        1 + text.index('{"address": "ibm_iam_access_group_account_settings.b"'),
    )


def test_places_in_the_configuration(run, tmp_path):
    modules = tmp_path / "code" / "modules" / "team"
    modules.mkdir(parents=True)
    (tmp_path / "code" / "main.tf").write_text(
        '# resource "ibm_iam_user_policy" "a"\n'
        'module "team" {\n  source = "./modules/team"\n}\n\n'
        '  resource "ibm_iam_user_policy" "a" {}\n'
    )
    (modules / "group.tf").write_text('\nresource  "ibm_iam_user_policy"  "b" {\n}\n')
    mine = plan(
        change("user_policy", "a", {"ibm_id": "a@example.org", "roles": ["Viewer"]}),
        change(
            "user_policy",
            "b",
            {"ibm_id": "b@example.org", "roles": ["Viewer"]},
            module='module.team["x.y"]',
            index="c.d",
        ),
        change("user_policy", "c", {"ibm_id": "c@example.org", "roles": ["Viewer"]}),
        change(
            "user_policy",
            "d",
            {"ibm_id": "d@example.org", "roles": ["Viewer"]},
            module="module.far",
        ),
        configuration={
            "module_calls": {
                "team": {"source": "./modules/team", "module": {}},
                "far": {"source": "example.org/far/ibm", "module": {}},
            }
        },
    )
    (tmp_path / "rules.yml").write_text("- roles: Viewer\n", encoding="utf-8")
    arguments = ("it.json", "--not-granted", "rules.yml", "--format", "json")
    found = json.loads(run(*arguments, "--terraform", "code", it=mine).stdout)["violations"]
    assert [(one["file"], one["line"], one["column"]) for one in found[:2]] == [
        ("code/main.tf", 6, 3),
        ("code/modules/team/group.tf", 2, 1),
    ]
    # What is in no file that can be found stands in the plan.
    assert [one["file"] for one in found[2:]] == ["it.json", "it.json"]


def test_files_with_blanks_in_their_names(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my policies.json").write_text(json.dumps(PUBLIC))
    outcome = outcome_of_files([Path("my policies.json")])
    (result,) = json.loads(as_sarif(outcome))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "my%20policies.json"}


def outcome_of_files(files):
    from iaminsights.check.overlay import overlay_of

    with overlay_of(None) as overlay:
        return outcome_of(overlay, read_proposals(files), Checks(no_public_access=True))


def test_two_plans_with_the_same_addresses(run, collected):
    account = Account("Acme")
    bob = account.user("Bob Builder")
    path = collected(account)

    def of(after):
        config = {
            "resources": [
                {
                    "mode": "managed",
                    "type": f"ibm_iam_access_group_{kind}",
                    "name": "it",
                    "expressions": {
                        "access_group_id": {"references": ["ibm_iam_access_group.ops"]},
                        "roles": {},
                        "ibm_ids": {},
                    },
                }
                for kind in ("policy", "members")
            ]
        }
        group = change("access_group", "ops", {"name": "Ops"}, unknown={"id": True})
        return plan(group, after, configuration=config)

    unknown = {"access_group_id": True}
    first = of(change("access_group_policy", "it", {"roles": ["Viewer"]}, unknown=unknown))
    second = of(change("access_group_members", "it", {"ibm_ids": [bob["email"]]}, unknown=unknown))
    result = run("a.json", "b.json", path, "--no-new-access", a=first, b=second)
    assert [line.partition(":")[0] for line in result.stdout.splitlines()[:-1]] == ["a.json"]


def test_a_collect_at_the_same_time_changes_nothing_in_between(run, sample_file):
    """All that is read is of one state of the file."""
    from iaminsights.check.overlay import overlay_of

    with overlay_of(sample_file) as overlay, closing(overlay.connection.cursor()) as cursor:
        assert overlay.connection.in_transaction
        assert cursor.execute("select count(*) from main.accounts").fetchone() == (1,)


def test_names_cannot_steer_a_terminal_or_begin_a_line(run):
    """Whoever opens a pull request chooses the names in it."""
    name = "it\n::add-mask::x\x1b[2J\u2028"
    found = run(
        "it.json",
        "--no-public-access",
        it=plan(change("access_group_account_settings", name, {"public_access_enabled": True})),
    )
    line, _ = found.stdout.splitlines()
    assert line.startswith("it.json:1: ibm_iam_access_group_account_settings.it ::add-mask::x [2J ")


def test_what_terraform_does_not_show_is_not_shown(run, tmp_path):
    hidden = change(
        "user_policy",
        "it",
        {
            "ibm_id": "Secret@example.org",
            "roles": ["Manager"],
            "resources": [{"service": "kms", "region": "secret-1"}],
        },
    )
    hidden["change"]["after_sensitive"] = {"ibm_id": True, "resources": [{"region": True}]}
    (tmp_path / "rules.yml").write_text("- roles: Manager\n", encoding="utf-8")
    for form in ("text", "json", "sarif"):
        found = run(
            "it.json", "--not-granted", "rules.yml", "--format", form, it=plan(hidden)
        ).stdout
        assert "(sensitive)" in found
        assert "secret@" not in found.lower() and "secret-1" not in found


def test_names_of_rules_that_nothing_knows(run, tmp_path, sample_file):
    rules = "- roles: [Adminstrator, Key Purge, Viewer]\n  services: [kmz, kms, iam-groups]\n"
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    alone = run("it.json", "--not-granted", "rules.yml", it=PRIVATE)
    misspelled = (
        "Note: rule 1 (rules.yml:1) names the role Adminstrator, which is not known; is it "
        "Administrator?"
    )
    assert alone.stderr.splitlines() == [misspelled]
    known = run("it.json", sample_file, "--not-granted", "rules.yml", "--format", "json")
    assert known.stderr.splitlines()[0] == misspelled
    assert known.stderr.splitlines()[-1] == (
        "Note: rule 1 (rules.yml:1) names the service kmz, which the file does not know."
    )
    assert [f"Note: {note}" for note in json.loads(known.stdout)["notes"]] == (
        known.stderr.splitlines()
    )
