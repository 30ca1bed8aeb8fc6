"""The findings workbench: one view of all that is to fix, and the numbers that lead to it."""

from __future__ import annotations

import html
import re
import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from datasette.utils import tilde_encode

from iaminsights.facts.derived import VIEWS, empty_database
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account, sample_account

from ..report_rows import REPORTS, day_in
from ..site_helpers import BARE_DATASETTE, metadata_hiding, served

WORST_FIRST = ("critical", "high", "medium", "low", "info")
SOME = [
    REPORTS[name]
    for name in (
        "api_key_no_expiry",
        "authorization_broad",
        "owner_api_key",
        "public_access_enabled",
        "public_policies",
        "sensitive_data_reach",
        "user_direct_policies",
    )
]


def accepted(report: str, days: int, **identifiers: str) -> Acknowledgement:
    return Acknowledgement(report, identifiers, "Known.", day_in(days))


def account_to_fix() -> Account:
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    robot = account.service_id("robot")
    account.add_api_key(account.owner, "of the owner", id="ApiKey-owner", expires_at=None)
    for name in ("forgotten", "run out", "known"):
        account.add_api_key(robot, name, id=f"ApiKey-{name.replace(' ', '-')}")
    account.policy(ada, ["Viewer"], service="logs", id="policy-ada")
    account.policy("AccessGroupId-PublicAccess", ["Reader"], service="kms", id="policy-public")
    return account


@pytest.fixture
def to_fix(collected):
    """A file with some findings; two are accepted, one of them until yesterday."""
    entries = [
        accepted("api_key_no_expiry", 9, apikey_id="ApiKey-known"),
        accepted("api_key_no_expiry", -1, apikey_id="ApiKey-run-out"),
    ]
    return collected(account_to_fix(), reports=SOME, acknowledgements=entries)


def found(path, columns: str, where: str = "true") -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(
            f"select {columns} from findings_to_fix where {where} order by report, finding"
        ).fetchall()


# --- The view -----------------------------------------------------------------------------------


def test_a_finding_says_what_who_and_what_to_do(to_fix):
    rows = found(to_fix, "severity, title, what, who, kind, account, policy")
    key, owner = REPORTS["api_key_no_expiry"], REPORTS["owner_api_key"]
    mine = [row for row in rows if row[1] in (key.title, owner.title)]
    robot = ("robot", "service ID", "Acme", None)
    olga = ("Olga Owner", "person", "Acme", None)
    assert mine == [
        ("low", key.title, "forgotten", *robot),
        ("low", key.title, "known", *robot),
        ("low", key.title, "of the owner", *olga),
        ("low", key.title, "run out", *robot),
        ("critical", owner.title, "of the owner", *olga),
    ]
    (direct,) = found(to_fix, "what, who, kind, policy, policy_id", "policy_id = 'policy-ada'")
    assert direct == (
        "logs",
        "Ada Lovelace",
        "person",
        "Ada Lovelace: Viewer on logs",
        "policy-ada",
    )
    assert found(to_fix, "command", "report = 'user_direct_policies'") == [
        ("ibmcloud iam user-policy-delete 'ada.lovelace@acme.example.org' 'policy-ada'",)
    ]
    # The report names no holder: the policy does.
    assert found(to_fix, "who, kind", "report = 'public_policies'") == [
        ("Public Access", "access group")
    ]
    # A finding about the account is about no holder, and named by what is wrong.
    assert found(to_fix, "what, who, kind, category", "report = 'public_access_enabled'") == [
        ("public access is on", None, None, REPORTS["public_access_enabled"].category)
    ]


def test_rows_about_one_holder_can_be_told_apart(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    for service in ("kms", "secrets-manager"):
        account.instance(f"my {service}", service)
        account.policy(ada, ["Manager"], service=service)
    path = collected(account, reports=SOME)
    assert found(path, "what, who, kind", "report = 'sensitive_data_reach'") == [
        ("kms", "Ada Lovelace", "person"),
        ("secrets-manager", "Ada Lovelace", "person"),
    ]


def test_what_a_service_may_do_is_held_by_a_service(collected):
    account = Account("Acme")
    account.authorization(["Manager"], {"serviceName": "is"}, {"serviceName": "kms"})
    path = collected(account, reports=SOME)
    rows = found(path, "who, kind, iam_id", "report = 'authorization_broad'")
    assert [(kind, iam_id) for _, kind, iam_id in rows] == [("service", None)]
    assert "is" in rows[0][0]


def test_what_was_accepted_until_yesterday_is_open(to_fix):
    rows = dict(found(to_fix, "finding, acknowledged", "report = 'api_key_no_expiry'"))
    assert rows == {
        "ApiKey-forgotten": None,
        "ApiKey-known": f"Known. (until {day_in(9)})",
        "ApiKey-owner": None,
        "ApiKey-run-out": None,
    }


def test_the_view_has_every_finding_once_and_the_worst_first(sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        rows = database.execute("select severity, report, finding from findings_to_fix").fetchall()
        findings = database.execute("select severity, report, finding from findings").fetchall()
        nameless = database.execute(
            "select * from findings_to_fix where title is null or category is null or what = ''"
        ).fetchall()
    assert sorted(rows) == sorted(findings) and len(rows) > 200
    severities = [severity for severity, *_ in rows]
    assert severities == sorted(severities, key=WORST_FIRST.index)
    assert nameless == []


def test_views_that_say_their_columns_say_all_of_them():
    said = {view.name: view for view in VIEWS.values() if view.columns or view.facets}
    assert "findings_to_fix" in said
    with closing(empty_database()) as database:
        for name, view in said.items():
            columns = [c[0] for c in database.execute(f"select * from {name}").description]
            assert list(view.columns) == columns
            assert set(view.facets) <= set(columns)


def test_a_bare_datasette_filters_facets_and_sorts_it(to_fix):
    view = "/iaminsights/findings_to_fix"
    with served(to_fix, command=BARE_DATASETTE) as site:
        page = site.text(view)
        answer = site.get(f"{view}.json?_shape=objects").json()
        keys = site.get(
            f"{view}.json?_shape=array&who=robot&acknowledged__isblank=1&_sort_desc=what"
        ).json()
        words = site.get(f"{view}.json?_shape=array&what__contains=forgot").json()
        table = site.page(f"{view}.csv?severity=critical")
    assert VIEWS["findings_to_fix"].title in page
    assert "Why it is accepted, and until when; empty while it is open." in page
    facets = {
        name: {one["value"]: one["count"] for one in facet["results"]}
        for name, facet in answer["facet_results"].items()
    }
    assert set(facets) == {"severity", "category", "account", "kind", "title"}
    assert facets["account"] == {"Acme": answer["filtered_table_rows_count"]}
    assert [row["what"] for row in keys] == ["run out", "forgotten"]
    assert [row["finding"] for row in words] == ["ApiKey-forgotten"]
    assert table.count("\n") == 1 + facets["severity"]["critical"]


# --- The numbers that lead to it ----------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample account, in which somebody accepts findings of each severity; one no more."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    account = sample_account()
    path = tmp_path_factory.mktemp("workbench") / "iaminsights.sqlite3"
    name = account.name
    entries = [
        accepted("owner_api_key", 9, account=name),
        accepted("user_direct_policies", 9, account=name, user="Aaliyah Brooks"),
        accepted("api_key_no_expiry", 9, account=name),
        accepted("all_services_write", -1, account=name),
    ]
    with Sandbox([account]) as sandbox:
        collect_from(sandbox, account, path, reports=all_reports(), acknowledgements=entries)
    with served(path) as site:
        site.path = path
        yield site


def leading(page: str) -> list[tuple[str, int]]:
    """The links of a page that lead to the view, with the number in the words of each."""
    found = re.findall(
        r'<a [^>]*?href="(/iaminsights/findings_to_fix\?[^"]*)"[^>]*>(.*?)</a>', page, re.S
    )
    words = [(html.unescape(url), re.sub(r"<[^>]*>", "", inside)) for url, inside in found]
    return [(url, int(re.search(r"\d[\d,]*", words)[0].replace(",", ""))) for url, words in words]


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def rows_behind(site, url: str) -> int:
    path, _, query = url.partition("?")
    return site.get(f"{path}.json?{query}&_size=0").json()["filtered_table_rows_count"]


def test_the_numbers_of_home_are_those_of_the_rows_behind_their_links(sample):
    links = leading(sample.page("/"))
    assert len(links) > 14  # of severities twice, and of the worst reports
    for url, number in links:
        assert rows_behind(sample, url) == number > 0, url
    severities = [asked(url)["severity"] for url, _ in links[:4]]
    assert severities == ["critical", "high", "medium", "low"]
    assert all("acknowledged__isblank" in asked(url) for url, _ in links[:4])
    # The only key of the owner is accepted: it is in no number, and what is accepted has its own.
    assert not any(asked(url).get("report") == "owner_api_key" for url, _ in links)


def test_the_numbers_of_the_list_of_reports_are_those_of_the_rows_behind_their_links(sample):
    links = leading(sample.page("/iaminsights"))
    kinds = {"open": 0, "accepted": 0}
    for url, number in links:
        assert rows_behind(sample, url) == number > 0, url
        kinds["open" if "acknowledged__isblank" in asked(url) else "accepted"] += 1
    assert kinds["open"] > 40 and kinds["accepted"] == 3


@pytest.mark.parametrize("table", ["identities", "users", "access_groups", "policies"])
def test_the_numbers_of_a_page_of_a_row_are_those_of_the_rows_behind_their_links(sample, table):
    by = {"access_groups": "access_group_id", "policies": "policy_id"}.get(table, "iam_id")
    own = "iam_id" if table == "identities" else "id"  # the key of the page
    refers = "iam_id" if by == "iam_id" else "id"
    with closing(sqlite3.connect(sample.path)) as database:
        most = database.execute(
            f"select {table}.{own}, count(*) "
            f"from {table} join findings on findings.{by} = {table}.{refers} "
            "group by 1 order by 2 desc, 1 limit 3"
        ).fetchall()
    for row, number in most:
        links = leading(sample.page(f"/iaminsights/{table}/{tilde_encode(row)}"))
        assert sum(counted for _, counted in links) == number
        for url, counted in links:
            assert rows_behind(sample, url) == counted, url


def test_all_findings_of_a_row_are_counted(collected):
    account = Account("Acme")
    robot = account.service_id("robot")
    for number in range(60):
        account.add_api_key(robot, f"key {number}")
    with served(collected(account, reports=SOME)) as site:
        page = site.page(f"/iaminsights/identities/{tilde_encode(robot['iam_id'])}")
        links = leading(page)
        assert [number for _, number in links] == [60]
        assert rows_behind(site, links[0][0]) == 60


def test_each_row_of_the_cis_scorecard_leads_to_its_open_findings(sample):
    page = sample.page("/iaminsights/cis_scorecard")
    rows = sample.get("/iaminsights/cis_scorecard.json?_shape=array").json()
    links = [
        (html.unescape(url), words)
        for url, words in re.findall(
            r'<td class="col-(?:result|to_fix|accepted)[^>]*><a href="([^"]+)">([^<]+)</a>', page
        )
    ]
    expected = []
    for row in rows:
        if row["reports"]:
            expected.append(row["result"])
        if row["to_fix"]:
            expected.append(str(row["to_fix"]))
        if row["accepted"]:
            expected.append(str(row["accepted"]))
    assert [words for _, words in links] == expected and len(links) > 20
    for url, words in links:
        if words.isdigit():
            assert rows_behind(sample, url) == int(words) > 0
    verdicts = [url for url, words in links if not words.isdigit()]
    judged = [(row["version"], row["number"]) for row in rows if row["reports"]]
    url = dict(zip(judged, verdicts, strict=True))["v2.0", "1.5"]
    with closing(sqlite3.connect(sample.path)) as database:
        (open_findings,) = database.execute(
            "select count(*) from findings_to_fix where acknowledged is null "
            "and report in ('owner_api_key', 'admin_user_api_keys')"
        ).fetchone()
    assert rows_behind(sample, url) == open_findings > 0


def test_the_numbers_of_the_summary_are_those_of_the_rows_behind_their_links(sample):
    page = sample.page("/iaminsights/findings_summary")
    links = leading(page)
    assert len(links) > 100
    for url, number in links[:40]:
        assert rows_behind(sample, url) == number, url


def test_names_in_the_view_lead_to_what_they_name(sample):
    page = sample.page(
        "/iaminsights/findings_to_fix?who=Aaliyah+Brooks&report=user_direct_policies"
    )
    with closing(sqlite3.connect(sample.path)) as database:
        ((iam_id, policy, sentence),) = database.execute(
            "select iam_id, policy_id, policy from findings_to_fix "
            "where who = 'Aaliyah Brooks' and report = 'user_direct_policies' limit 1"
        )
    assert f'<a href="/iaminsights/identities/{iam_id}">Aaliyah Brooks</a>' in page
    assert f'<a href="/iaminsights/policies/{policy}">{html.escape(sentence)}</a>' in page
    assert re.search(r'<a href="/iaminsights/user_direct_policies">[^<]+</a>', page)
    for link in set(re.findall(r'<td[^>]*><a href="(/[^"]+)"', page)):
        sample.get(html.unescape(link))


def test_who_may_not_see_the_view_gets_numbers_without_links(sample, tmp_path):
    with served(sample.path, metadata=metadata_hiding(tmp_path, "findings_to_fix")) as site:
        page, text = site.page("/"), site.text("/")
    assert "findings_to_fix" not in page
    assert re.search(r"\d+ critical \d+ high", text)


# --- Its page -----------------------------------------------------------------------------------


def links_named(page: str, words: str) -> list[str]:
    """The addresses of the links with these words."""
    found = re.findall(rf'<a href="([^"]*)"[^>]*>\s*{re.escape(words)}\s*</a>', page)
    return [html.unescape(url) for url in found]


def test_open_accepted_and_all_are_one_click_apart_and_keep_the_filter(sample):
    page = sample.page("/iaminsights/findings_to_fix?severity=low&acknowledged__isblank=1")
    (every,), (open_ones,), (taken,) = (
        links_named(page, words) for words in ("All", "Open", "Accepted")
    )
    numbers = [rows_behind(sample, url) for url in (every, open_ones, taken)]
    assert numbers[0] == numbers[1] + numbers[2] and numbers[2] > 0
    assert all(asked(url)["severity"] == "low" for url in (every, open_ones, taken))
    assert f"{numbers[1]:,} findings" in sample.text(open_ones)
    assert 'aria-current="true">Open</a>' in page


def test_text_is_looked_for_beside_the_filters_that_are_there(sample):
    page = sample.page("/iaminsights/findings_to_fix?kind=person&_sort=what")
    form = page.partition('<form class="filters')[2].partition("</form>")[0]
    sent = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    sent += [("_filter_column", "who"), ("_filter_op", "contains"), ("_filter_value", "aaliyah")]
    assert all(f'name="{name}"' in form for name, _ in sent)
    answer = sample.get(f"/iaminsights/findings_to_fix?{urlencode(sent)}")
    assert asked(answer.url) == {
        "kind__exact": "person",
        "who__contains": "aaliyah",
        "_sort": "what",
    }
    text = sample.text(urlsplit(answer.url)._replace(scheme="", netloc="").geturl())
    assert "kind = person" in text and "who contains aaliyah" in text and "Jonas Brandt" not in text


def test_a_filter_is_called_by_its_name_and_can_be_removed(sample):
    account = sample_account()
    url = f"/iaminsights/findings_to_fix?account_id={account.account_id}&report=owner_api_key"
    page, text = sample.page(url), sample.text(url)
    assert f"account = {account.name}" in text
    removals = re.findall(r'<a href="([^"]*)" aria-label="Remove this filter"', page)
    assert [asked(html.unescape(url)) for url in removals] == [
        {"report": "owner_api_key"},
        {"account_id": account.account_id},
    ]


def test_home_leads_to_all_open_findings(sample):
    every = [(url, number) for url, number in leading(sample.page("/")) if len(asked(url)) == 1]
    ((url, number),) = every
    assert rows_behind(sample, url) == number > 200
