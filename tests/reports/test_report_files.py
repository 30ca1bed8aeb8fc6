"""Reports as files: what is refused and how, and what they are assembled into."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from iaminsights.errors import ReportError
from iaminsights.facts.derived import ALL_TABLES, VIEWS, empty_database
from iaminsights.files import METADATA, project_file
from iaminsights.reports.catalogue import all_reports, bundled_reports
from iaminsights.reports.report import MARKER, assemble, check_against, read_report
from iaminsights.reports.resting import parts_of

REPORTS = bundled_reports()
PARTS = parts_of(REPORTS)
THE_EIGHT = {
    "unreferenced_service_instances",
    "service_access_by_iam_id",
    "users_not_in_access_group",
    "access_groups_without_service_policy",
    "access_groups_without_region_resource_group_policy",
    "access_groups_without_reader_viewer_roles",
    "services_referenced_not_existing",
    "policies_by_last_permit",
}
HEADER = """\
-- title: People
-- question: Who is here?
-- category: Users
-- severity: info
-- why: One wants to know.
-- remediation: There is nothing to fix.
"""
SELECT = "select user_id, count(*) over () as report_rows from users\n"


@pytest.fixture
def database():
    with closing(empty_database()) as connection:
        yield connection


def report(tmp_path: Path, text: str, name: str = "people"):
    path = tmp_path / f"{name}.sql"
    path.write_text(text, encoding="utf-8")
    return read_report(path)


def test_a_report_is_read(tmp_path):
    header = HEADER + (
        "-- notes: >\n--   Guests are\n--   left out.\n"
        "-- shown: [user_id]\n"
        "-- breakdown: {by: state, of: people}\n"
        "-- references: [CIS 1.1]\n"
        "-- parameters: {who: part of the name}\n"
        "-- chart: {mark: bar, x_column: a, x_type: nominal, y_column: b, y_type: quantitative}\n"
    )
    read = report(tmp_path, f"{header}{SELECT.strip()};\n")
    assert (read.name, read.title, read.severity) == ("people", "People", "info")
    assert (read.notes, read.shown) == ("Guests are left out.", ("user_id",))
    assert read.breakdown == {"by": "state", "of": "people"}
    assert read.references == ("CIS 1.1",)
    assert read.parameters == {"who": "part of the name"}
    assert read.chart["x_column"] == "a"
    assert read.sql == SELECT.strip()


def test_long_texts_become_one_line(tmp_path):
    folded = HEADER.replace("One wants to know.", ">\n--   One wants\n--   to know.")
    assert report(tmp_path, folded + SELECT).why == "One wants to know."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SELECT, "does not begin with a header"),
        (
            HEADER + "select 1 as a from acknowledged_findings as acknowledged\n"
            "where acknowledged.report = 'another'\n",
            "it shows what was acknowledged of another, not its own",
        ),
        (HEADER, "there must be one select"),
        (HEADER + "-- colour: red\n" + SELECT, "unknown key colour"),
        (HEADER.replace("-- why: One wants to know.\n", "") + SELECT, "why is missing"),
        (HEADER.replace("info", "dire") + SELECT, "severity must be one of info, low"),
        (HEADER.replace("People", "[People") + SELECT, "line 2: the header cannot be read"),
        (HEADER + SELECT.replace("\n", " \n"), "line 7: blanks at the end"),
        (HEADER + "delete from users", "there must be one select"),
        (HEADER + "select 1; delete from users", "more than one statement"),
        (HEADER + "select 1;\nselect 2;\n", "more than one statement"),
        (HEADER + "-- chart: bar\n" + SELECT, "chart must give a text for each name"),
        (HEADER + "-- chart: {mark: bar}\n" + SELECT, "chart: x_column is missing"),
        (HEADER + "-- chart: {mark: pie}\n" + SELECT, "chart: mark must be one of bar"),
        (HEADER + "-- choices: {who: users.email}\n" + SELECT, "there is no parameter who"),
        (
            HEADER + "-- linked_from: {users: {parameter: who, column: id, words: Who}}\n" + SELECT,
            "there is no parameter who",
        ),
        (
            HEADER + "-- linked_from: {users: {column: id, words: Who}}\n" + SELECT,
            "users needs column, parameter, words, nothing else",
        ),
        (HEADER + "-- selector: who\n" + SELECT, "selector: who has no choices"),
        (HEADER + "-- linked_from: [users]\n" + SELECT, "must give a link for each table"),
        (HEADER + "-- chart: {size: big}\n" + SELECT, "chart: unknown key size"),
        (HEADER + "-- home: [Mine]\n" + SELECT, "home is not text"),
        (HEADER + "-- references: CIS\n" + SELECT, "references is not a list"),
        (HEADER + "-- notes: [Only users]\n" + SELECT, "notes is not text"),
        (HEADER + "-- shown: user_id\n" + SELECT, "shown is not a list"),
        (HEADER + "-- breakdown: state\n" + SELECT, "breakdown must give a text for each name"),
        (HEADER + "-- breakdown: {of: people}\n" + SELECT, "breakdown needs by"),
        (HEADER + "-- breakdown: {by: a, per: b}\n" + SELECT, "breakdown needs by"),
        (HEADER + "-- shown: [a, b, a]\n" + SELECT, "shown names a column twice"),
        (HEADER + "-- shown: [a, b, c, d, e, f, g, h]\n" + SELECT, "more than 7 columns"),
    ],
)
def test_a_broken_report_is_refused(tmp_path, text, said):
    with pytest.raises(ReportError) as caught:
        report(tmp_path, text)
    assert "people.sql" in str(caught.value) and said in str(caught.value)


def test_semicolons_in_texts_and_comments_are_no_second_statement(tmp_path):
    sql = "select ';' as a, -- first; second\n  1 as report_rows"
    assert report(tmp_path, f"{HEADER}{sql};\n").sql == sql


@pytest.mark.parametrize("name", ["People", "2people", "people-here", "users"])
def test_a_bad_name_is_refused(tmp_path, name):
    with pytest.raises(ReportError, match="a report"):
        report(tmp_path, HEADER + SELECT, name)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nobody from users", "no such column: nobody"),
        ("select user_id from users", "last column must be report_rows"),
        ("select 1 as a, 2 as a, 3 as report_rows", "columns with the same name: a"),
        ("select load_extension('x') as report_rows", "not authorized"),
        ("with a as (select 1) delete from users", "not authorized"),
    ],
)
def test_a_report_is_checked_against_the_tables(tmp_path, database, sql, said):
    with pytest.raises(ReportError, match=rf"people\.sql, line 7: .*{said}"):
        check_against(report(tmp_path, f"{HEADER}{sql}\n"), database)


def test_a_chart_of_columns_that_are_not_there(tmp_path, database):
    chart = (
        "-- chart: {mark: bar, x_column: user_id, x_type: nominal, y_column: b, y_type: ordinal}"
    )
    with pytest.raises(ReportError, match="there is no column b"):
        check_against(report(tmp_path, f"{HEADER}{chart}\n{SELECT}"), database)


def test_columns_that_are_broken_down_by_are_there(tmp_path, database):
    for given in ("{by: email}", "{by: user_id, of: email}"):
        with pytest.raises(ReportError, match=r"line 7: breakdown: there is no column email"):
            check_against(report(tmp_path, f"{HEADER}-- breakdown: {given}\n{SELECT}"), database)
    check_against(report(tmp_path, f"{HEADER}-- breakdown: {{by: user_id}}\n{SELECT}"), database)


@pytest.mark.parametrize("one", REPORTS, ids=lambda one: one.name)
def test_a_report_says_what_its_picture_breaks_down(one):
    """By a column that its page shows, or a reader would not see what a bar means."""
    if one.chart["mark"] == "line":  # drawn over time instead
        assert one.breakdown == {}
    else:
        assert {*one.breakdown.values()} <= {*one.shown}
        assert one.breakdown["by"]


def test_columns_that_are_shown_are_there(tmp_path, database):
    with pytest.raises(ReportError, match=r"line 7: shown: there is no column email"):
        check_against(report(tmp_path, f"{HEADER}-- shown: [email]\n{SELECT}"), database)
    check_against(report(tmp_path, f"{HEADER}-- shown: [user_id]\n{SELECT}"), database)


def test_the_eight_are_there():
    assert {r.name for r in REPORTS} >= THE_EIGHT


@pytest.mark.parametrize("read", REPORTS, ids=lambda r: r.name)
def test_every_report_keeps_its_promises(read, database):
    check_against(read, database)


@pytest.mark.parametrize("read", all_reports(), ids=lambda r: r.name)
def test_a_report_says_why_and_how_to_fix_in_a_sentence_or_two(read):
    for text in (read.why, read.remediation):
        assert len(re.findall(r"[.!?](?= [A-Z]|$)", text)) <= 2
        assert len(text) <= 340


def test_the_line_of_an_error_is_that_of_what_it_names(tmp_path, database):
    sql = "select\n  user_id,\n  colour,\n  1 as report_rows\nfrom users"
    with pytest.raises(ReportError, match=r"line 9: no such column: colour"):
        check_against(report(tmp_path, f"{HEADER}{sql}\n"), database)
    with pytest.raises(ReportError, match=r'line 8: near "from": syntax error'):
        check_against(report(tmp_path, f"{HEADER}select\n  from, 1 as report_rows\n"), database)


def test_identifiers_are_columns(tmp_path, database):
    identifiers = "-- identifiers: [iam_id]\n"
    with pytest.raises(ReportError, match=r"line 7: identifiers: there is no column iam_id"):
        check_against(report(tmp_path, f"{HEADER}{identifiers}{SELECT}"), database)
    select = "select iam_id, 1 as report_rows from users\n"
    with pytest.raises(ReportError, match="identifiers: there is no column account_id"):
        check_against(report(tmp_path, f"{HEADER}{identifiers}{select}"), database)


@pytest.mark.parametrize(
    "lines",
    [
        "-- choices: {who: users.colour}\n",
        "-- choices: {who: users}\n",
        "-- linked_from: {users: {parameter: who, column: colour, words: Who}}\n",
        "-- linked_from: {persons: {parameter: who, column: id, words: Who}}\n",
    ],
)
def test_what_a_form_offers_and_what_links_to_a_report_must_be_there(tmp_path, database, lines):
    header = f"{HEADER}-- parameters: {{who: part of the name}}\n"
    select = "select user_id, 1 as report_rows from users where user_id = :who\n"
    with pytest.raises(ReportError, match="there is no column (users|persons)"):
        check_against(report(tmp_path, f"{header}{lines}{select}"), database)
    right = lines.replace("persons", "users").replace("colour", "id").replace("users}", "users.id}")
    check_against(report(tmp_path, f"{header}{right}{select}"), database)


def test_assembly():
    head = f"title: Mine # by hand\n{MARKER}\nold: stuff\n"
    text = assemble(head, REPORTS, PARTS)
    assert text == assemble(text, REPORTS, PARTS)
    assert text.startswith(f"title: Mine # by hand\n{MARKER}\n") and "old: stuff" not in text
    database = yaml.safe_load(text)["databases"]["iaminsights"]
    assert set(database["tables"]) == {*VIEWS, *(table.name for table in ALL_TABLES)}
    for read in REPORTS:
        query = database["queries"][read.name]
        assert query["sql"] == read.sql + "\n"
        assert "\n" not in query["description"] and "+" not in query.get("fragment", "")
        assert query["rests_on"] == list(PARTS[read.name])
        assert query.get("choices", {}) == read.choices
        assert query.get("linked_from", {}) == read.linked_from


def test_assembly_needs_its_marker():
    with pytest.raises(ReportError, match="has no line"):
        assemble("title: Mine\n", (), {})


def test_metadata_is_current():
    written = project_file(METADATA).read_text(encoding="utf-8")
    reports = all_reports()
    assert written == assemble(written, reports, parts_of(reports)), "run: iaminsights metadata"
