"""Pages that lead on: the list of reports, the tables, and what stands where nothing is."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from datasette.utils import tilde_encode

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account
from iaminsights.site.listing import sections

from ..site_helpers import REPORTS, metadata_hiding, served
from .test_names import said
from .test_pages import HOSTILE, row_of

ALL = all_reports()
GONE = "AccessGroupId-gone"


def report(name: str, severity: str = "high", category: str = "Users", **fields):
    title = name.replace("_", " ").capitalize()
    question = f"Is there {title}?"
    return {"name": name, "title": title, "question": question} | {
        "severity": severity,
        "category": category,
        **fields,
    }


def counted(found: int = 0, accepted: int = 0, unread=None, **more):
    return {"open": found, "acknowledged": accepted, "unread": unread, **more}


KNOWN = [
    report("clean", "critical"),
    report("few"),
    report("many"),
    report("grave_rows", "medium"),
    report("accepted_keys", category="API keys"),
    report("half_read", "critical"),
    report("inventory", "info", "Inventories"),
    report("ask", "info", "Explorers"),
]
FINDINGS = {
    "reports": {
        "clean": counted(),
        "few": counted(1, worst="high"),
        "many": counted(20, worst="high"),
        "grave_rows": counted(2, worst="critical"),
        "accepted_keys": counted(0, 3),
        "half_read": counted(unread="users"),
    }
}


def listed(*arguments) -> dict[str, list[str]]:
    return {
        section.heading: [one["name"] for one in section.reports]
        for section in sections(KNOWN, *arguments)
    }


# --- The list of reports --------------------------------------------------------------------------


def test_the_worst_reports_come_first_and_only_what_is_clean_is_folded():
    assert listed(FINDINGS) == {
        "To fix": ["grave_rows", "many", "few"],
        "Not read": ["half_read"],
        "All accepted": ["accepted_keys"],
        "Ask a question": ["ask"],
        "Overviews": ["inventory"],
        "Nothing found": ["clean"],
    }
    assert [one.heading for one in sections(KNOWN, FINDINGS) if one.folded] == ["Nothing found"]
    (worst, *_) = sections(KNOWN, FINDINGS)[0].reports
    assert worst["severity"] == "critical"  # as its rows are, whatever the report says of itself


def test_without_counts_no_report_is_called_clean():
    assert listed(None) == {
        "Reports": ["clean", "half_read", "accepted_keys", "few", "many", "grave_rows"],
        "Ask a question": ["ask"],
        "Overviews": ["inventory"],
    }


@pytest.mark.parametrize(
    ("text", "category", "names"),
    [
        ("MANY", "", ["many"]),
        ("is there rows", "", ["grave_rows"]),
        ("keys", "API keys", ["accepted_keys"]),
        ("keys", "Users", []),
        ("", "Inventories", ["inventory"]),
        ("many few", "", []),
    ],
)
def test_reports_are_filtered_by_all_words_and_category(text, category, names):
    found = listed(FINDINGS, text, category)
    assert [name for names in found.values() for name in names] == names


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Acme, collected twice: the group Leavers was there at first."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("way") / "iaminsights.sqlite3"
    acme = Account("Acme")
    acme.add_api_key(acme.service_id("robot"), "for ever")
    gone = acme.group(f"Leavers {HOSTILE}", id=GONE)
    with Sandbox([acme]) as sandbox:
        collect_from(sandbox, acme, path, reports=ALL)
        acme.groups.remove(gone)
        collect_from(sandbox, acme, path, reports=ALL)
    return path


@pytest.fixture(scope="module")
def site(path):
    with served(path) as site:
        yield site


def test_the_page_of_reports_says_so_and_is_filtered_by_its_address(site):
    whole = site.page("/iaminsights")
    assert said(whole, "title") == said(whole, "h1") == "Reports"
    folded = html.unescape(whole.partition('<details class="clean"')[2].partition("</details>")[0])
    assert "Nothing found" in folded and REPORTS["owner_api_key"]["title"] in folded
    assert REPORTS["api_key_no_expiry"]["title"] not in folded
    found = site.page("/iaminsights?" + urlencode({"_text": "never EXPIRE"}))
    titles = re.findall(r'<a href="/iaminsights/(\w+)[^"]*">', found.partition("<section")[2])
    assert "api_key_no_expiry" in titles and "owner_api_key" not in titles
    assert 'value="never EXPIRE"' in found
    nothing = site.page("/iaminsights?" + urlencode({"_text": HOSTILE}))
    assert "No report matches these words" in nothing and "<script>alert" not in nothing
    assert f'href="/iaminsights/find?{urlencode({"text": HOSTILE})}"' in nothing


def test_the_json_of_a_database_is_that_of_datasette(site):
    plain = site.get("/iaminsights.json").json()
    filtered = site.get("/iaminsights.json?_text=nothing&_tables=1").json()
    assert {**plain, "query_ms": 0} == {**filtered, "query_ms": 0}
    assert plain["queries"]


def test_tables_have_an_address_of_their_own(site):
    page = site.page("/iaminsights?_tables=1")
    assert said(page, "h1") == said(page, "title") == "Tables"
    assert said(page, "p") == "home / Reports"
    assert '<a href="/iaminsights/users">People</a>' in page
    assert 'name="sql"' in page and 'name="sql"' not in site.page("/iaminsights")
    assert 'href="/iaminsights?_tables=1"' in site.page("/iaminsights")
    assert said(site.page("/iaminsights?_show_hidden=1"), "h1") == "Tables"


def test_tables_that_a_reader_may_not_see_are_not_listed(path, tmp_path):
    with served(path, metadata=metadata_hiding(tmp_path, "users")) as site:
        page = site.page("/iaminsights?_tables=1")
    assert 'href="/iaminsights/users"' not in page and 'href="/iaminsights/policies"' in page


# --- Where nothing is -----------------------------------------------------------------------------


def test_where_nothing_is_the_page_says_what_was_looked_for_and_leads_on(site):
    for path, sentence, words in (
        ("/nowhere", "There is no page at /nowhere.", "nowhere"),
        (
            "/iaminsights/people_who_left",
            "There is no table and no report named people_who_left.",
            "people who left",
        ),
        (row_of("users", "ada"), "This file has no person with the key ada.", "ada"),
        (
            f"/-/iaminsights/graph{row_of('access_groups', 'Team')}",
            "This file has no access group with the key Team.",
            "Team",
        ),
        (
            f"/iaminsights/{tilde_encode(HOSTILE)}",
            f"There is no table and no report named {HOSTILE}.",
            " ".join(HOSTILE.split()),
        ),
    ):
        answer = site.get(path, status=404)
        assert said(answer.text, 'p class="question"') == " ".join(sentence.split())
        assert f'name="text" value="{html.escape(words).replace("&#x27;", "&#39;")}"' in (
            answer.text.replace("&#34;", "&quot;")
        )
        assert "<script>alert" not in answer.text
        assert '<form class="filters one-line" action="/iaminsights/find"' in answer.text
        assert '<a href="/">Home</a>' in answer.text
        assert '<a href="/iaminsights">Reports</a>' in answer.text
    assert site.get("/iaminsights/nowhere.json", status=404).json()["ok"] is False


def test_what_was_removed_is_told_where_it_was(site, path):
    answer = site.get(row_of("access_groups", GONE), status=404)
    text = " ".join(html.unescape(re.sub("<[^>]*>", "", answer.text)).split())
    assert "A collection found it removed: Leavers" in text
    assert (
        "A collection found it removed"
        not in site.get(row_of("access_groups", "AccessGroupId-never"), status=404).text
    )


def test_where_nothing_is_a_reader_learns_only_what_he_may_see(path, tmp_path):
    metadata = metadata_hiding(tmp_path, "changes", "find")
    with served(path, metadata=metadata) as site:
        page = site.get(row_of("access_groups", GONE), status=404).text
    assert "A collection found it removed" not in page and "/find" not in page


# --- The icon -------------------------------------------------------------------------------------


def test_every_page_has_an_icon_that_is_served(site):
    for path, status in (("/", 200), ("/iaminsights/users", 200), ("/nowhere", 404)):
        page = site.get(path, status=status).text
        icon = re.search(r'<link rel="icon" type="image/svg\+xml" href="([^"]+)">', page)[1]
        answer = site.get(icon)
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.text.startswith("<svg") and "immutable" in answer.headers["cache-control"]
    site.get("/favicon.ico")


# --- Search and questions about one thing ---------------------------------------------------------


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A file in which somebody is privileged, and instances keep secrets; names are hostile."""
    from iaminsights.sandbox import Sandbox

    from ..conftest import collect_from

    path = tmp_path_factory.mktemp("asked") / "iaminsights.sqlite3"
    acme = Account("Acme")
    acme.user("Adam Plain")
    admin = acme.user("Ada Lovelace", lastname=f"Lovelace {HOSTILE}")
    acme.policy(admin, ["Administrator"], id="all")
    group = acme.group("Ada fans")
    acme.policy(group, ["Viewer"], service="kms", id="harmless")
    acme.instance("plain", "messagehub")
    for name in ("vault", "twice", "twice"):
        acme.instance(name, "secrets-manager", region="eu-de" if name == "vault" else None)
    with Sandbox([acme]) as sandbox:
        collect_from(sandbox, acme, path, reports=ALL)
    return path


def test_what_is_found_stands_by_kind_without_why_it_matters(asked):
    with served(asked) as site:
        page = site.page("/iaminsights/find?text=ada")
        answer = site.get("/iaminsights/find.json?_shape=array&text=ada").json()
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    text = " ".join(html.unescape(re.sub("<[^>]*>", " ", body)).split())
    places = [text.index(name) for name in ("People 2", "Adam Plain", "Access groups 1")]
    assert places == sorted(places) and text.startswith("People 2")
    assert text.index("Access groups 1") < text.index("Ada fans") < text.index("Policies 2")
    assert body.count("rowgroup") == 3 and len(answer) == 5
    assert {"name", "kind", "detail", "table_name", "key"} <= answer[0].keys()
    assert "Why it matters" not in page and "<script>alert" not in page


def examples(site, report: str) -> list[str]:
    """The examples on the page of a report, and that each leads to rows."""
    page = site.page(f"/iaminsights/{report}")
    found = re.search(r'<p class="examples">(.*?)</p>', page)
    if not found:
        return []
    assert "<script>alert" not in page
    for url in re.findall('href="([^"]+)"', found[1]):
        assert 'class="rows-and-columns"' in site.page(html.unescape(url)), url
    text = html.unescape(re.sub("<[^>]*>", "", found[1]))
    return " ".join(text.removeprefix("For example:").split()).split(", ")


def test_questions_about_one_thing_have_examples_that_have_answers(asked):
    ada = " ".join(f"Ada Lovelace {HOSTILE} (privileged person)".split())
    with served(asked) as site:
        assert examples(site, "what_can_identity_do") == [ada]
        assert examples(site, "who_can_access_instance") == [
            "vault (secrets-manager)",
            "plain (messagehub)",
        ]
        assert "Administrator (platform role)" in examples(site, "who_can_do_action")
        assert examples(site, "find") == [ada, "secrets-manager (service)"]
        assert "For example" not in site.page("/iaminsights/what_can_identity_do?identity=ada")


def test_no_example_tells_who_is_privileged_to_somebody_who_may_not_see_it(asked, tmp_path):
    metadata = metadata_hiding(tmp_path, "administrators", "identities")
    with served(asked, metadata=metadata) as site:
        page = site.page("/iaminsights/what_can_identity_do")
    assert "For example" not in page
