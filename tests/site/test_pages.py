"""What pages tell beyond their rows: findings, what a row can reach, its history, search."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils import tilde_encode

from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.reports.output import run
from iaminsights.reports.summary import findings_summary
from iaminsights.sandbox import Account

from ..report_rows import day_in, rows
from ..site_helpers import REPORTS, served

ALL = all_reports()
HOSTILE = "<script>alert(1)</script> \"'& 👩‍💻 \u202eعربي"


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as site:
        yield site


def row_of(table: str, key: str) -> str:
    return f"/iaminsights/{table}/{tilde_encode(key)}"


def section(text: str, heading: str) -> str:
    """What stands under a heading of a row's page, until the next one."""
    following = "Findings|Its access by policy|Policies that name it|History|All fields"
    return re.split(rf" (?:{following}) ", f" {text} ".split(f" {heading} ", 1)[1])[0]


# --- Home ---------------------------------------------------------------------------------------


def test_home_counts_the_findings_as_the_reports_do(sample, sample_file):
    summary = run(findings_summary(ALL), sample_file, {})
    open_rows, severity = summary.columns.index("open"), summary.columns.index("severity")
    text = sample.text("/")
    for word in ("critical", "high", "medium", "low"):
        total = sum(row[open_rows] for row in summary.rows if row[severity] == word)
        assert f" {total:,} {word} " in text
    assert 'aria-label="Open findings by severity:' in sample.page("/")


def test_the_worst_reports_come_first(sample, sample_file):
    summary = run(findings_summary(ALL), sample_file, {})
    place = {name: summary.columns.index(name) for name in ("title", "open", "severity", "report")}
    worst = [row for row in summary.rows if row[place["open"]]][:6]
    text = sample.text("/").partition("Reports with the most to fix")[2]
    expected = " ".join(
        f"{row[place['severity']]} {row[place['title']]} "
        f"{REPORTS[row[place['report']]]['question']} {row[place['open']]:,} open"
        for row in worst
    )
    assert expected in text


def test_each_account_has_its_own_findings(collected):
    acme, bolt = Account("Acme"), Account("Bolt")
    acme.add_api_key(acme.service_id("robot"), "for ever")
    path = collected(acme, bolt, reports=ALL)
    low = {"Acme": 0, "Bolt": 0}
    with closing(sqlite3.connect(path)) as database:
        low |= dict(
            database.execute(
                "select accounts.name, sum(rows) from report_counts join accounts "
                "using (account_id) where severity = 'low' group by 1"
            )
        )
    with served(path) as site:
        text = site.text("/")
    assert low["Acme"] > low["Bolt"]
    for name, number in low.items():
        assert re.search(rf"{name} Collected .*? {number} low ", text)


def test_what_two_accounts_lack_for_one_reason_is_said_once(collected):
    path = collected(Account("Acme"), Account("Bolt"), reports=ALL)
    with served(path) as site:
        text = site.text("/iaminsights/users_not_in_access_group")
    assert text.count("Only the token's own user was listed") == 1
    assert "people of Acme , Bolt : Only the token's own user was listed" in text


def test_a_cell_that_only_looks_like_a_link_is_shown(sample):
    sql = "select 'n' as name, 1 as table_name, 2 as key, 3 as iam_id, 'who' as user"
    assert "n 1 2 3 who" in sample.text(f"/iaminsights?sql={quote(sql)}")


def test_accepted_findings_are_counted_apart(collected):
    account = Account("Acme")
    account.add_api_key(account.owner, "owner's")
    entry = Acknowledgement("owner_api_key", {"account": "Acme"}, "For emergencies.", day_in(9))
    path = collected(account, reports=ALL, acknowledgements=[entry])
    with served(path) as site:
        text = site.text("/iaminsights")
        report = site.text("/iaminsights/owner_api_key")
    title, question = (REPORTS["owner_api_key"][key] for key in ("title", "question"))
    assert f"critical {title} {question} none, 1 accepted" in text
    assert "For emergencies. (until" in report


def test_a_row_names_what_is_accepted_until_its_last_day(collected):
    """As the reports do: one view decides when an acknowledgement has run out."""
    account = Account("Acme")
    account.add_api_key(account.owner, "owner's")
    entries = [
        Acknowledgement("owner_api_key", {"account": "Acme"}, "For emergencies.", day_in(1)),
        Acknowledgement("api_key_no_expiry", {"account": "Acme"}, "Until May.", day_in(-1)),
    ]
    with served(collected(account, reports=ALL, acknowledgements=entries)) as site:
        text = site.text(row_of("identities", account.owner["iam_id"]))
    found = section(text, "Findings")
    assert f"Accepted: For emergencies. (until {day_in(1)})" in found
    assert REPORTS["api_key_no_expiry"]["title"] in found and "Until May." not in text


def test_what_could_not_be_read_is_not_called_none(collected):
    with served(collected(Account("Acme"), deny=("api_keys",), reports=ALL)) as site:
        text = site.text("/iaminsights")
    title, question = (REPORTS["owner_api_key"][key] for key in ("title", "question"))
    assert f"critical {title} {question} not read" in text


# --- Rows ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Acme, collected twice: Ada is in Team, Ben is not; Bolt has an Ada, too."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("story") / "iaminsights.sqlite3"
    acme, bolt = Account("Acme"), Account("Bolt")
    ada, ben = acme.user("Ada Lovelace", email="ada@acme.example"), acme.user("Ben Burnell")
    bolt.user("Ada Lovelace", iam_id=ada["iam_id"])
    team, other = acme.group("Team", members=[ada]), acme.group("Other", members=[ben])
    archive = acme.instance("archive", "cloud-object-storage", region="global")
    vault = acme.instance("vault", "kms")
    acme.policy(team, ["Writer"], instance=archive, id="policy-team")
    acme.policy(ada, ["Viewer"], service="logs", id="policy-ada")
    acme.policy(ada, ["Editor"], service="kms", id="policy-deleted", state="deleted")
    acme.policy(other, ["Manager"], instance=vault, id="policy-other")
    bolt.policy(ada, ["Operator"], service="messagehub", id="policy-bolt")
    with Sandbox([acme, bolt]) as sandbox:
        for day, account in enumerate((acme, bolt, acme), 1):
            at = datetime(2026, 1, day, 8, tzinfo=timezone.utc)
            collect_from(sandbox, account, path, reports=ALL, now=lambda at=at: at)
            team["name"] = "Team renamed"
    acme.ada, acme.ben, acme.team, acme.archive = ada, ben, team, archive
    with served(path) as site:
        yield site, acme


def test_a_person_has_what_the_policies_say(story):
    site, acme = story
    text = site.text(row_of("identities", acme.ada["iam_id"]))
    access = section(text, "Its access by policy")
    assert "Ada Lovelace: Viewer on logs" in access
    assert "access group Team renamed" in access and "Writer on" in access
    assert "Operator on messagehub" in access  # in the other account
    assert "kms" not in access
    member = site.page(row_of("identities", acme.ada["iam_id"]))
    assert f"https://cloud.ibm.com/iam/users/{acme.ada['iam_id']}?tab=userdetails" in member


def test_a_membership_has_the_access_in_its_account_only(story):
    site, acme = story
    access = section(site.text(row_of("users", acme.ada["id"])), "Its access by policy")
    assert "Viewer on logs" in access and "messagehub" not in access


def test_a_group_and_an_instance_tell_their_policies(story):
    site, acme = story
    group = site.text(row_of("access_groups", acme.team["id"]))
    assert "Writer on" in section(group, "Its access by policy")
    assert "vault" not in group
    instance = site.text(row_of("resource_service_instances", acme.archive["id"]))
    named = section(instance, "Policies that name it")
    assert "access group Team renamed" in named and "Writer" in named and "Manager" not in named
    page = site.page(row_of("resource_service_instances", acme.archive["id"]))
    assert "https://cloud.ibm.com/services/cloud-object-storage/crn%3Av1" in page


def test_policies_of_a_page_are_those_that_facts_know(collected):
    """Which policies grant, whom a group stands for and what a pattern fits, facts decide."""
    account = Account("Acme")
    ada, vault = account.user("Ada Lovelace"), account.instance("vault", "kms")
    other = account.instance("other", "kms")
    over = {"key": "{{environment.attributes.current_date_time}}", "operator": "dateTimeLessThan"}
    account.policy(ada, ["Manager"], service="logs", rule={**over, "value": "2001-01-01T00:00:00Z"})
    account.policy("AccessGroupId-PublicAccess", ["Viewer"], service="project")
    both = [vault["guid"], other["guid"]]
    account.policy(
        ada, ["Writer"], service="kms", attributes=[("serviceInstance", "stringEqualsAnyOf", both)]
    )
    account.policy(
        ada,
        ["Editor"],
        service="kms",
        attributes=[("serviceInstance", "stringMatch", f"{vault['guid'][:8]}*")],
    )
    account.policy(
        ada,
        ["Operator"],
        service="logs",
        attributes=[("serviceInstance", "stringEquals", vault["guid"])],
    )
    account.policy(ada, ["Reader"], service="kms")
    with served(collected(account)) as site:
        person = site.text(row_of("users", ada["id"]))
        instance = site.text(row_of("resource_service_instances", vault["id"]))
    access = section(person, "Its access by policy")
    assert "Manager on logs" not in access
    assert "Viewer on project" in access and "Reader on kms" in access
    named = section(instance, "Policies that name it")
    assert "Writer on kms" in named and "Editor on kms" in named
    assert "Reader on" not in named  # it names the service only
    assert "Operator on" not in named  # of another service: it fits nothing


def test_a_policy_is_a_sentence(story):
    site, _ = story
    page = site.text(row_of("policies", "policy-team"))
    assert "access group Team renamed: Writer on cloud-object-storage instance archive" in page


def test_a_row_has_its_findings(story):
    site, acme = story
    found = section(site.text(row_of("identities", acme.ada["iam_id"])), "Findings")
    assert f"medium {REPORTS['user_direct_policies']['title']}" in found
    ben = site.text(row_of("identities", acme.ben["iam_id"]))
    assert REPORTS["user_direct_policies"]["title"] not in ben


def test_a_row_has_its_history(story):
    site, acme = story
    history = section(site.text(row_of("access_groups", acme.team["id"])), "History")
    assert "3 January 2026, 08:00 UTC : access groups Team renamed changed" in history
    assert "name Team → Team renamed" in history
    assert " History " not in site.text(row_of("identities", acme.ben["iam_id"]))


# --- Search -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", {"person", "policy"}),
        ("LOVE", {"person", "policy"}),
        ("ada@acme", {"person"}),
        ("arch", {"service instance", "policy"}),
        ("team writer", {"policy"}),
        ("team nobody", set()),
        ('"', set()),
        ("", set()),
        ("team AND (", set()),
        ("vault OR archive", set()),
    ],
)
def test_search_finds_beginnings_of_words(story, text, found):
    site, _ = story
    answer = site.get(f"/iaminsights/find.json?_shape=array&text={quote(text)}").json()
    assert {row["kind"] for row in answer} == found


def test_what_is_found_links_to_its_row(story):
    site, acme = story
    page = site.page("/iaminsights/find?text=ada")
    assert f'<a href="{row_of("users", acme.ada["id"])}">Ada Lovelace</a>' in page


def test_search_is_offered_on_every_page_and_kept_current(story, collected):
    site, acme = story
    for path in ("/", "/iaminsights", "/iaminsights/policies", row_of("policies", "policy-ada")):
        assert 'action="/iaminsights/find"' in site.page(path)
    account = Account("Acme")
    group = account.group("Before")
    path = collected(account)
    group["name"] = "After"
    collected(account, path=path)
    assert rows(path, "find", "name", text="after") == [("After",)]
    assert rows(path, "find", "name", text="before") == []


def test_names_are_text_on_every_page(collected, monkeypatch):
    account = Account(HOSTILE)
    ada = account.user("Ada Lovelace", firstname=HOSTILE)
    team = account.group(HOSTILE, members=[ada])
    account.policy(team, ["Viewer"], service="kms", description=HOSTILE)
    account.add_api_key(ada, HOSTILE)
    path = collected(account, reports=ALL)
    team["name"] += "!"
    collected(account, path=path, reports=ALL)
    with served(path) as site:
        for page in (
            *("/", "/iaminsights/find?text=script"),
            *("/iaminsights/api_key_no_expiry", "/iaminsights/changes_since_last_collect"),
            row_of("access_groups", team["id"]),
            row_of("identities", ada["iam_id"]),
        ):
            seen = site.page(page)
            assert "<script>alert" not in seen and "alert(1)" in html.unescape(seen), page


def test_ages_do_not_move_with_the_clock(collected):
    """A file gives the same rows on every day; a time of now in a report would break that."""
    for report in ALL:
        code = re.sub(r"--.*|'[^']*%[^']*'", "", report.sql)
        allowed = report.name in ("findings_summary", "cis_scorecard")  # what is accepted expires
        assert allowed or not re.search(r"'now'|current_(date|time)", code), report.name


# --- Metadata that is put together once ---------------------------------------------------------


def datasette_of(path, **options):
    datasette = Datasette([str(path)], metadata={"databases": {"iaminsights": MINE}}, **options)
    asyncio.run(datasette.invoke_startup())
    return datasette


MINE = {
    "allow": {"id": "ada"},
    "tables": {"users": {"allow": {"id": "ben"}, "facets": ["state"]}},
    "queries": {"mine": "select 1"},
}


def test_remembered_metadata_is_what_datasette_says(sample_file):
    datasette = datasette_of(sample_file)
    bare = Datasette.metadata
    for question in (
        {},
        {"key": "databases"},
        {"key": "allow", "database": "iaminsights"},
        {"key": "queries", "database": "iaminsights", "fallback": False},
        {"key": "facets", "database": "iaminsights", "table": "users"},
        {"key": "nothing"},
    ):
        for _ in range(2):
            assert datasette.metadata(**question) == bare(datasette, **question)
    assert datasette._table_permission_allows("iaminsights", "users") == [{"id": "ben"}]
    assert datasette._table_permission_allows("iaminsights", "policies") == []


def test_queries_of_a_plugin_are_those_of_the_reader(sample_file):
    class Own:
        __name__ = "own"

        @hookimpl
        def canned_queries(self, actor):
            return {"own": "select 1"} if actor else {}

    own = Own()
    pm.register(own, name="own")
    try:
        datasette = datasette_of(sample_file)
        for actor in ({"id": "ada"}, None):
            queries = asyncio.run(datasette.get_canned_queries("iaminsights", actor))
            assert ("own" in queries) == bool(actor)
            assert "mine" in queries
    finally:
        pm.unregister(name="own")


def test_metadata_of_another_plugin_is_asked_for_each_time(sample_file):
    class Changing:
        __name__ = "changing"
        title = "first"

        @hookimpl
        def get_metadata(self):
            return {"title": self.title}

    changing = Changing()
    pm.register(changing, name="changing")
    try:
        datasette = datasette_of(sample_file)
        assert datasette.metadata("title") == "first"
        changing.title = "second"
        assert datasette.metadata("title") == "second"
    finally:
        pm.unregister(name="changing")
