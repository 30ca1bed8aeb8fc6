"""iaminsights report: the same rows as on the site, as text for people, sheets and pipelines."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.report import SEVERITIES
from iaminsights.sandbox import Account

from ..report_rows import rows

NASTY = '=HYPERLINK("http://x")\x1b[2J | <b>*星* 🚀\nend'


@pytest.fixture
def account():
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    account.user("Nils Nobody")
    team = account.group(NASTY, members=[ada])
    account.policy(team, ["Viewer"])
    account.policy(ada, ["Administrator"], service_type="platform_service")
    return account


@pytest.fixture
def report(account, collected, monkeypatch):
    """A function that runs the command in the folder of a collected file."""
    path = collected(account)
    monkeypatch.chdir(path.parent)

    def run(*arguments, width=100):
        return CliRunner().invoke(main, ["report", *arguments], env={"COLUMNS": str(width)})

    run.path = path
    return run


@pytest.mark.parametrize("width", [50, 60, 80, 330])
def test_table_fits_the_terminal_and_says_what_it_leaves_out(report, width):
    result = report("access_groups_without_service_policy", width=width)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "MEDIUM: Access group policies that name no service",
        "access_groups_without_service_policy",
    ]
    # Some characters of the name are two columns wide.
    assert all(len(line) + sum(c in "星🚀" for c in line) <= width for line in lines)
    assert "1 row" in lines and "\x1b" not in result.output
    hidden = result.stdout.partition("Not shown: ")[2]
    assert ("policy_id" in hidden) == (width < 330)
    assert "report_rows" not in result.output


def test_all_reports_run_worst_first_without_those_that_must_be_asked(report):
    result = report()
    assert result.exit_code == 0, result.output
    names = re.findall(r"^[A-Z]+: .*\n(\w+)$", result.stdout, re.MULTILINE)
    assert names[0] == "account_full_admins"
    assert set(names) == {r.name for r in all_reports() if r.category != "Explorers"}


def test_json_holds_the_rows_of_the_site(report):
    result = report("users_not_in_access_group", "escalation_paths", "--format", "json")
    found = {one["report"]: one for one in json.loads(result.stdout)}
    assert list(found) == ["escalation_paths", "users_not_in_access_group"]
    users = found["users_not_in_access_group"]
    assert (users["severity"], users["rows_found"]) == ("low", len(users["rows"]))
    expected = rows(report.path, "users_not_in_access_group", "user", "iam_id")
    assert [(row["user"], row["iam_id"]) for row in users["rows"]] == expected


def test_csv_is_safe_in_a_spreadsheet_and_complete(report):
    result = report("access_groups_without_service_policy", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["report"] == "access_groups_without_service_policy"
    # No formula, nothing that moves a cursor, and the rest as it is.
    assert row["access_group"] == "'" + NASTY.replace("\x1b", " ")
    assert row["report_rows"] == "1" and row["policy_id"]


def test_markdown_takes_no_name_for_its_own(report):
    result = report("access_groups_without_service_policy", "--format", "markdown")
    lines = result.stdout.splitlines()
    assert lines[0] == "## Access group policies that name no service"
    head, rule, row = (line for line in lines if line.startswith("|"))
    assert head.count("|") == rule.count("|") == row.replace(r"\|", "").count("|")
    assert "&lt;b&gt;" in row and r"\*星\*" in row and "\x1b" not in row
    assert "No rows." in report("services_referenced_not_existing", "--format", "markdown").stdout


def test_explorer_with_a_parameter(report):
    arguments = ("what_can_identity_do", "--param", "identity=Ada Lovelace", "--format", "json")
    (answer,) = json.loads(report(*arguments).stdout)
    assert {row["identity"] for row in answer["rows"]} == {"Ada Lovelace"}


@pytest.mark.parametrize(
    ("name", "severity", "code"),
    [
        ("escalation_paths", "critical", 3),
        ("escalation_paths", "low", 3),
        ("users_not_in_access_group", "low", 3),
        ("users_not_in_access_group", "medium", 0),
        ("services_referenced_not_existing", "info", 0),  # it has no rows
    ],
)
def test_fail_on_a_severity(report, name, severity, code):
    result = report(name, "--fail-on", severity)
    assert result.exit_code == code, result.output
    assert result.stdout  # what was found is shown all the same


def test_list(report):
    lines = report("--list").stdout.splitlines()
    assert [line.split()[1] for line in lines] == [
        report.name
        for severity in reversed(SEVERITIES)
        for report in all_reports()
        if report.severity == severity
    ]
    assert len(lines[0].split("  ")[-1]) > 20


def test_a_report_is_explained(report):
    text = " ".join(report("owner_api_key", "--explain").stdout.split())
    assert text.startswith("CRITICAL: API keys of the account owner owner_api_key Does the account")
    for words in ("Why it matters: ", "How to fix it: ", "How it counts: ", "References: CIS IBM"):
        assert words in text
    assert "resource_key_old" in report("--explain").stdout


def test_own_report_of_this_folder_runs_too(report):
    folder = report.path.parent / "canned_queries"
    folder.mkdir()
    (folder / "mine.sql").write_text(
        "-- title: Mine\n-- question: How many?\n-- category: Own\n-- severity: high\n"
        "-- why: x\n-- remediation: x\n"
        "select 'Acme' as account, 7 as number, 1 as report_rows\n"
    )
    assert json.loads(report("mine", "--format", "json").stdout)[0]["rows"][0]["number"] == 7


def test_what_could_not_be_read_is_said(account, collected, monkeypatch):
    path = collected(account, deny=["users"])
    result = CliRunner().invoke(main, ["report", str(path), "users_not_in_access_group"])
    assert result.exit_code == 0
    assert (
        "Note: users of Acme could not be read in full, so reports might be incomplete.\n"
        in result.stderr
    )


def test_mistakes_are_told_in_a_sentence(report, tmp_path):
    for arguments, code, words in (
        (("escalation_path",), 1, "escalation_path has no data yet; run iaminsights collect"),
        (("iaminsights.sqlite3", "escalation_path"), 2, "Did you mean escalation_paths?"),
        (("iaminsights.sqlite3", "zzz"), 2, "There is no report zzz. --list shows all."),
        (("gone.sqlite3",), 1, "gone.sqlite3 has no data yet; run iaminsights collect first."),
        (
            ("escalation_paths", "--param", "identity=x"),
            2,
            "must be NAME=VALUE with one of these names: none.",
        ),
        (("what_can_identity_do", "--param", "identity"), 2, "with one of these names: identity."),
        (("--format", "xml"), 2, "'xml' is not one of"),
        (("--fail-on", "awful"), 2, "'awful' is not one of"),
    ):
        result = report(*arguments)
        assert result.exit_code == code, (arguments, result.output)
        assert words in result.stderr and "Traceback" not in result.output
    other = tmp_path / "other.sqlite3"
    other.write_text("no database")
    assert "is not a SQLite file" in report(str(other)).stderr
