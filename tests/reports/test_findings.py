"""What is counted while a file is made: findings, their summary, and who accepted them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.errors import AcknowledgementError
from iaminsights.reports.catalogue import all_reports, columns_of
from iaminsights.reports.findings import Acknowledgement, count_in_file, read_acknowledgements
from iaminsights.reports.output import run
from iaminsights.reports.summary import findings_summary
from iaminsights.sandbox import Account, Sandbox

from ..report_rows import day_in, days_ago
from ..told import told_account

ALL = all_reports()
FINDING = [report for report in ALL if report.identifiers]
COLUMNS = columns_of(ALL)
SOON = day_in(9)


def cells_of(report, path: Path) -> list[dict]:
    answer = run(report, path, {})
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def summary_of(path: Path, reports=ALL) -> dict[str, dict]:
    answer = run(findings_summary(reports), path, {})
    return {
        row["report"]: row
        for row in (dict(zip(answer.columns, values, strict=True)) for values in answer.rows)
    }


def asked(path: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def accounts_with_keys() -> list[Account]:
    accounts = []
    for name, keys in (("Acme", 2), ("Bolt", 1)):
        account = Account(name)
        robot = account.service_id("robot")
        for number in range(keys):
            account.add_api_key(robot, f"key {number}", id=f"ApiKey-{name}-{number}")
        account.add_api_key(robot, "expires", id=f"ApiKey-{name}-x", expires_at=days_ago(-9))
        accounts.append(account)
    return accounts


def accepted(report="api_key_no_expiry", expires=SOON, **identifiers) -> Acknowledgement:
    return Acknowledgement(report, identifiers, "Replaced in March.", expires)


# --- Counting -----------------------------------------------------------------------------------


def test_the_summary_counts_what_each_report_finds(collected):
    path = collected(told_account("Acme"), told_account("Bolt"), reports=ALL)
    answer = run(findings_summary(ALL), path, {})
    summary = [dict(zip(answer.columns, values, strict=True)) for values in answer.rows]
    assert {row["report"] for row in summary} == {report.name for report in FINDING}
    for report in FINDING:
        found = [
            (report.severity_of(cells), cells["account_id"]) for cells in cells_of(report, path)
        ]
        expected = {
            severity: (
                *(len([one for one, _ in found if one == severity]),) * 2,
                0,
                len({account for one, account in found if one == severity}),
            )
            for severity in {report.severity, *(one for one, _ in found)}
        }
        assert {
            row["severity"]: (row["rows"], row["open"], row["acknowledged"], row["accounts"])
            for row in summary
            if row["report"] == report.name
        } == expected, report.name
    severities = [row["severity"] for row in summary]
    assert severities == sorted(severities, key=["critical", "high", "medium", "low", "info"].index)


def test_identifiers_tell_the_findings_of_an_account_apart(collected, sample_file):
    for path in (collected(told_account("Acme"), told_account("Bolt"), reports=ALL), sample_file):
        assert not asked(path, "select report, finding from findings where finding glob '* #*'")


def test_each_finding_leads_to_what_it_is_about(collected):
    path = collected(*accounts_with_keys(), reports=ALL)
    found = asked(
        path,
        "select accounts.name, finding, what, identities.name from findings "
        "join accounts using (account_id) join identities using (iam_id) "
        "where report = 'api_key_no_expiry' order by 1, 2",
    )
    assert found == [
        ("Acme", "ApiKey-Acme-0", "key 0", "robot"),
        ("Acme", "ApiKey-Acme-1", "key 1", "robot"),
        ("Bolt", "ApiKey-Bolt-0", "key 0", "robot"),
    ]


def test_what_could_not_be_read_is_said_and_not_taken_for_none(collected):
    acme, bolt = accounts_with_keys()
    path = collected(acme, deny=("api_keys",), reports=ALL)
    row = summary_of(path)["api_key_no_expiry"]
    assert (row["rows"], row["note"]) == (0, "could not be read: apikeys")
    row = summary_of(collected(bolt, path=path, reports=ALL))["api_key_no_expiry"]
    assert (row["rows"], row["accounts"]) == (1, 1)
    assert row["note"] == "could not be read: apikeys"


def test_a_count_of_another_version_of_a_report_is_not_shown(collected, tmp_path):
    path = collected(*accounts_with_keys(), reports=ALL)
    own = tmp_path / "own"
    own.mkdir()
    text = next(report for report in ALL if report.name == "api_key_no_expiry").path.read_text()
    (own / "api_key_no_expiry.sql").write_text(text.replace("is null\n", "is not null\n"))
    changed = all_reports([own])
    row = summary_of(path, changed)["api_key_no_expiry"]
    assert row["rows"] is None and "iaminsights metadata" in row["note"]
    count_in_file(path, changed)
    row = summary_of(path, changed)["api_key_no_expiry"]
    assert (row["rows"], row["note"]) == (2, None)


def test_an_empty_file_has_no_summary(collected):
    path = collected(Account("Acme"), reports=ALL)
    with closing(sqlite3.connect(path)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'"):
            database.execute(f"delete from [{table}]")
        database.commit()
    assert summary_of(path) == {}


# --- Acknowledging ------------------------------------------------------------------------------


def test_acknowledged_rows_are_marked_and_counted_apart(collected):
    entry = accepted(apikey_id="ApiKey-Acme-1")
    path = collected(*accounts_with_keys(), reports=ALL, acknowledgements=[entry])
    report = next(report for report in ALL if report.name == "api_key_no_expiry")
    answer = run(report, path, {})
    place, key = answer.columns.index("acknowledged"), answer.columns.index("apikey_id")
    note = f"Replaced in March. (until {SOON})"
    assert {row[key]: row[place] for row in answer.rows} == {
        "ApiKey-Acme-0": None,
        "ApiKey-Acme-1": note,
        "ApiKey-Bolt-0": None,
    }
    assert (answer.found, answer.open("low"), answer.open("medium")) == (3, 2, 0)
    row = summary_of(path)["api_key_no_expiry"]
    assert (row["rows"], row["open"], row["acknowledged"], row["accounts"]) == (3, 2, 1, 2)


def test_an_entry_accepts_every_row_with_its_values(collected):
    entry = accepted(account="Acme")
    path = collected(*accounts_with_keys(), reports=ALL, acknowledgements=[entry])
    row = summary_of(path)["api_key_no_expiry"]
    assert (row["open"], row["acknowledged"], row["accounts"]) == (1, 2, 1)
    assert asked(path, "select findings from acknowledgements") == [(2,)]


@pytest.mark.parametrize(("days", "acknowledged"), [(1 / 24, 1), (-1, 0)])
def test_acknowledged_rows_come_back_the_day_after_they_expire(collected, days, acknowledged):
    # Today, but in the last hour of the day tomorrow: it may end while this runs.
    entry = accepted(expires=day_in(days), apikey_id="ApiKey-Acme-1")
    path = collected(*accounts_with_keys(), reports=ALL, acknowledgements=[entry])
    assert summary_of(path)["api_key_no_expiry"]["acknowledged"] == acknowledged


def test_acknowledgements_stay_until_others_are_given(collected):
    acme, bolt = accounts_with_keys()
    entry = accepted(apikey_id="ApiKey-Acme-1")
    path = collected(acme, reports=ALL, acknowledgements=[entry])
    collected(acme, bolt, path=path, reports=ALL)
    assert summary_of(path)["api_key_no_expiry"]["acknowledged"] == 1
    count_in_file(path, ALL)
    assert summary_of(path)["api_key_no_expiry"]["acknowledged"] == 1
    collected(acme, path=path, reports=ALL, acknowledgements=[])
    assert summary_of(path)["api_key_no_expiry"]["acknowledged"] == 0


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Runs a command of iaminsights in an empty folder, with the account Acme to collect."""
    monkeypatch.chdir(tmp_path)
    account = accounts_with_keys()[0]
    with Sandbox(account) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield lambda *words: CliRunner().invoke(main, words)


def entry_of(**fields) -> dict:
    return {
        "report": "api_key_no_expiry",
        "identifiers": {"apikey_id": "ApiKey-Acme-1"},
        "reason": "Replaced in March.",
        "expires": SOON,
        **fields,
    }


def written(tmp_path, *entries) -> Path:
    path = tmp_path / "accepted.yml"
    path.write_text(json.dumps(entries, default=str).replace(f'"{SOON}"', str(SOON)))
    return path


def test_collect_loads_the_file_and_names_what_matches_nothing(command, tmp_path):
    gone = entry_of(identifiers={"apikey_id": "ApiKey-gone"})
    written(tmp_path, entry_of(), gone)
    result = command("collect", "--acknowledge", "accepted.yml")
    assert result.exit_code == 0, result.output
    said = (
        "Acknowledged, but there is no such finding: api_key_no_expiry with apikey_id ApiKey-gone."
    )
    assert said in result.output and "ApiKey-Acme-1" not in result.output
    assert summary_of(tmp_path / "iaminsights.sqlite3")["api_key_no_expiry"]["acknowledged"] == 1


def test_only_what_nobody_accepted_fails_a_pipeline(command, tmp_path):
    written(tmp_path, entry_of(identifiers={"account": "Acme"}))
    report = ("report", "api_key_no_expiry", "--fail-on", "low")
    assert command("collect").exit_code == 0
    assert command(*report).exit_code == 3
    assert command("collect", "--acknowledge", "accepted.yml").exit_code == 0
    result = command(*report)
    assert result.exit_code == 0 and "2 rows" in result.output


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"report": "no_such"}, "no report named no_such has findings"),
        ({"identifiers": {}}, "identifiers must give"),
        ({"identifiers": {"colour": "red"}}, "api_key_no_expiry has no column colour"),
        ({"reason": " "}, "reason must say why"),
        ({"expires": "soon"}, "expires must be a date"),
        ({"note": "?"}, "it needs expires, identifiers, reason, report, nothing else"),
    ],
)
def test_a_bad_entry_is_refused(tmp_path, fields, said):
    path = written(tmp_path, entry_of(), entry_of(**fields))
    with pytest.raises(AcknowledgementError) as caught:
        read_acknowledgements(path, COLUMNS)
    assert f"{path}, entry 2: " in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- [", "line 2: this is not valid YAML"),
        ("a: b", "must be a list"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_before_anything_is_collected(command, tmp_path, text, said):
    if text:
        (tmp_path / "accepted.yml").write_text(f"{text}\n")
    result = command("collect", "--acknowledge", "accepted.yml")
    assert result.exit_code == 1 and said in result.output
    assert not (tmp_path / "iaminsights.sqlite3").exists()


def test_an_empty_file_accepts_nothing(tmp_path):
    (tmp_path / "none.yml").write_text("# nothing yet\n")
    assert read_acknowledgements(tmp_path / "none.yml", COLUMNS) == ()


# --- Reports of one's own -----------------------------------------------------------------------

SELECT = """\
select account_id as account, name, id, account_id, count(*) over () as report_rows
from serviceids
where name = 'robot'
order by id"""
OWN = f"""\
-- title: Robots
-- question: Which service IDs are robots?
-- category: Mine
-- severity: medium
-- why: One wants to know.
-- remediation: Nothing.
-- identifiers: [id]
{SELECT}
"""


@pytest.mark.parametrize("folder", ["canned_queries", "elsewhere"])
def test_a_report_of_ones_own_is_everywhere(command, tmp_path, folder):
    options = ("--queries", folder) if folder == "elsewhere" else ()
    assert command("collect").exit_code == 0
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "robots.sql").write_text(OWN)
    result = command("metadata", *options)
    assert result.exit_code == 0, result.output
    assert "robots:" in (tmp_path / "metadata.yml").read_text()
    result = command("report", "robots", "--format", "json", *options)
    assert [row["name"] for row in json.loads(result.stdout)[0]["rows"]] == ["robot"]
    result = command("report", "findings_summary", "--format", "json", *options)
    row = next(r for r in json.loads(result.stdout)[0]["rows"] if r["report"] == "robots")
    assert (row["rows"], row["open"], row["severity"]) == (1, 1, "medium")
    assert command("metadata", "--check", *options).exit_code == 0
    assert command("collect", *options).exit_code == 0
    assert summary_of(tmp_path / "iaminsights.sqlite3", all_reports([Path(folder)]))["robots"]


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("severity: medium", "severity: dire", 4, "severity must be one of"),
        ("-- why: One wants to know.\n", "", 1, "why is missing"),
        ("where name", "where colour", 10, "no such column: colour"),
        ("from serviceids", "from", 10, "syntax error"),
        ("select", "with x as (select 1) delete from users; select", 8, "more than one"),
        (SELECT, "with x as (select 1) delete from serviceids", 8, "may only read"),
        ("[id]", "[key]", 7, "there is no column key"),
    ],
)
def test_a_broken_report_of_ones_own_is_refused_everywhere(
    command, tmp_path, before, after, line, said
):
    (tmp_path / "canned_queries").mkdir()
    (tmp_path / "canned_queries" / "robots.sql").write_text(OWN.replace(before, after, 1))
    for words in (("metadata",), ("collect",), ("report",)):
        result = command(*words)
        assert result.exit_code == 1
        assert f"robots.sql, line {line}: " in result.output and said in result.output
    assert not (tmp_path / "metadata.yml").exists()
    assert not (tmp_path / "iaminsights.sqlite3").exists()
