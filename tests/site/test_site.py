"""The site as a Datasette process serves it: what each page says, and that it says all of it."""

from __future__ import annotations

import csv
import functools
import io
import re
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from urllib.parse import parse_qs, quote

import pytest
from datasette.utils import tilde_encode
from markupsafe import escape

from iaminsights.files import METADATA, project_file
from iaminsights.sandbox import Account, sample_account

from ..site_helpers import (
    BARE_DATASETTE,
    CHECKOUT,
    LONG,
    REPORTS,
    address,
    axes,
    metadata_hiding,
    queries_file,
    served,
    text_of,
)

PLUGINS = sorted((CHECKOUT / "plugins").glob("*.py"))
BARS = [name for name, report in REPORTS.items() if "g.mark=bar&" in report.get("fragment", "")]


@pytest.fixture
def metadata(tmp_path):
    """A function that writes a metadata file with these queries and nothing else."""
    return functools.partial(queries_file, tmp_path)


@pytest.fixture
def empty_file(tmp_path):
    path = tmp_path / "iaminsights.sqlite3"
    path.touch()
    return path


@pytest.fixture(scope="module")
def sample(sample_file):
    """The sample account, served with metadata.yml as it is."""
    with served(sample_file, metadata=project_file(METADATA)) as site:
        yield site


def rows_of_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def data_rows(page: str) -> int:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.count("<tr>")


# --- Home ---------------------------------------------------------------------------------------


def test_home_says_what_was_collected_and_when(sample, sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        (people,) = database.execute("select count(*) from users").fetchone()
        (finished,) = database.execute("select max(finished_at) from collections").fetchone()
    text = sample.text("/")
    assert sample_account().name in text
    assert f"{people} People" in text
    year, month, day = (int(part) for part in finished[:10].split("-"))
    assert re.search(rf"Collected {day} \w+ {year}, {finished[11:16]} UTC", text)
    assert "Not everything could be read" not in text


def test_a_number_on_the_home_page_is_the_number_of_rows_behind_it(sample):
    page = sample.page("/").partition('class="counts"')[2].partition("</ul>")[0]
    counts = re.findall(r'<a href="(\S+)">\s*<strong>([\d,]+)</strong>', page)
    assert len(counts) == 6
    for url, number in counts:
        path, _, query = url.replace("&amp;", "&").partition("?")
        answer = sample.get(f"{path}.json?{query}").json()
        assert answer["filtered_table_rows_count"] == int(number.replace(",", ""))


def test_reports_stand_with_severity_question_and_chart(sample, sample_file):
    html, text = sample.page("/iaminsights"), sample.text("/iaminsights")
    with closing(sqlite3.connect(sample_file)) as database:
        worst = dict(  # rows may be worse than the report itself
            database.execute(
                "select report, severity from findings_to_fix where acknowledged is null "
                "order by instr('low medium high critical', severity)"
            )
        )
    for name, report in REPORTS.items():
        severity = worst.get(name, report["severity"])
        assert f"{severity} {report['title']} {report['question']}" in text
        chart = "#" + report["fragment"].replace("&", "&amp;") if "fragment" in report else ""
        assert f'href="/iaminsights/{name}{chart}"' in html


def test_nothing_collected_is_said_and_no_page_fails(empty_file):
    with served(empty_file) as site:
        assert "Nothing has been collected yet" in site.text("/")
        site.get("/iaminsights")


def test_several_accounts_each_have_their_numbers(collected):
    first, second = Account("First Company"), Account("Second Company")
    for name in ("Ada Lovelace", "Grace Hopper"):
        second.user(name)
    with served(collected(first, second)) as site:
        text = site.text("/")
    assert re.search(r"First Company .* 1 People .* Second Company .* 3 People", text)


def test_what_was_denied_is_named_with_the_age_of_what_is_shown(collected):
    account = Account("Guarded Company")
    account.group("Developers", members=[account.user("Ada Lovelace")])
    path = collected(account)
    collected(account, deny=["groups"], path=path)
    with served(path) as site:
        home, report = site.text("/"), site.text("/iaminsights/users_not_in_access_group")
    assert re.search(r"access groups: the data shown is from \d+ \w+ \d{4}, \d\d:\d\d UTC", home)
    assert re.search(r"2 Access groups as of \d+", home)
    assert "Some data is missing" in report
    assert re.search(r"access groups of Guarded Company : evaluated as of \d+", report)


def test_what_was_never_read_does_not_look_like_nothing(collected):
    with served(collected(Account("Closed Company"), deny=["v1_policies", "v2_policies"])) as site:
        home, report = site.text("/"), site.text("/iaminsights/policies_by_last_permit")
    assert "? Policies never read" in home
    assert "policies: never collected, so none are shown" in home
    assert "Data is missing in: roles." in home  # those of the services that policies name
    assert re.search(
        r"policies.* of Closed Company : never collected, so they could not be", report
    )
    assert "There might still be something to fix" in report


def test_what_was_read_in_part_is_said_to_lack_something(collected):
    account = Account("Odd Company")
    del account.user("Invited Person", id="m1")["iam_id"]
    with served(collected(account)) as site:
        home, report = site.text("/"), site.text("/iaminsights/identities_by_kind")
    assert re.search(r"\b1 People some are missing", home)
    assert "Data is missing in: people" in home
    assert "People: 1 object was left out: an object has no" in home
    assert re.search(r"people.* of Odd Company : evaluated without the missing data", report)
    assert "people of Odd Company : 1 object was left out" in report.replace("  ", " ")


# --- Reports ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_explains_itself_and_links_only_to_rows_that_exist(sample, name):
    report, page = REPORTS[name], sample.page(address(name))
    text = text_of(page)
    answer = sample.get(address(name, ".json", _shape="objects")).json()
    explained = () if name == "find" else ("why", "remediation")  # a search speaks for itself
    for part in ("title", "severity", "question", *explained, "notes"):
        assert " ".join(str(report.get(part, "")).split()) in text
    number = len(answer["rows"])
    told = f"{number:,} row{'' if number == 1 else 's'} " if number else "Nothing found"
    assert told in text
    assert data_rows(page) == min(number, 100)
    assert all(row["report_rows"] == number for row in answer["rows"])
    for link in set(re.findall(r'<td[^>]*><a href="(/[^"]+)"', page)):
        sample.follow(link)


@pytest.mark.parametrize("name", BARS)
def test_bars_are_as_long_as_what_they_stand_for(sample, name):
    """datasette-vega puts the bars of rows with the same place and colour behind each other."""
    fragment = REPORTS[name]["fragment"]
    place, length = axes(fragment)
    colour = parse_qs(fragment).get("g.color_column", [place])[0]
    piles = defaultdict(list)
    for row in sample.get(address(name, ".json", _shape="array")).json():
        piles[row[place], row[colour]].append(row[length] or 0)
    for place, pile in piles.items():
        measured_once = sum(value != 0 for value in pile) <= 1
        assert measured_once or set(pile) == {1}, f"{place}: {sum(pile)} instead of {max(pile)}"


def test_a_report_that_finds_nothing_says_so(collected):
    account = Account("Tidy Company")
    with served(collected(account)) as site:
        assert "Nothing found" in site.text("/iaminsights/services_referenced_not_existing")


def test_names_are_text_whatever_they_contain(collected, metadata):
    account = Account("<script>alert('account')</script>")
    account.group("<script>alert('group')</script>")
    sql = "select name as access_group, id as access_group_id, name as iam_id from access_groups"
    with served(collected(account), metadata=metadata(groups={"sql": sql})) as site:
        for page in ("/", "/iaminsights", "/iaminsights/groups", "/iaminsights/access_groups"):
            assert "<script>alert(" not in site.page(page)


SEVERAL = """
select 'Acme' as account, column1 as "group", column2 as state, column3 as note,
  column4 as size, 'ibmcloud delete ' || column1 as command, column5 as remark, 2 as report_rows
from (values ('Admins', 'x', null, 3, 'Look first.'), ('Builders', 'x', null, 5, null))
where 'x' = coalesce(nullif(:state, ''), 'x')
"""


def headings(page: str) -> list[str]:
    return re.findall(r'<th class="[^"]*" scope="col"[^>]*>(?:<a [^>]*>)?([^<]*)<', page)


def test_a_page_has_the_columns_of_its_report_and_all_of_them_on_demand(sample_file, metadata):
    several = metadata(several={"sql": SEVERAL, "shown": ["group", "state", "note"]})
    with served(sample_file, metadata=several) as site:
        path = "/iaminsights/several?state=x"
        page, text = site.page(path), site.text(path)
        (everything,) = re.findall(r'href="(\?[^"]*)">All columns', page)
        whole = site.page(f"/iaminsights/several{everything.replace('&amp;', '&')}")
        answers = [site.get(f"/iaminsights/several.json{q}").json() for q in ("", "?_all=1")]
        table = rows_of_csv(site.page("/iaminsights/several.csv"))
    assert headings(page) == ["group"]
    assert "state x account Acme empty note All columns " in text
    assert re.search(
        r'<td class="col-group">Admins</td></tr>\s*<tr class="fix"><td colspan="1">.*?'
        r"ibmcloud delete Admins</code>.*Look first\.</span></div></td></tr>\s*"
        r'<tr><td class="col-group">Builders</td></tr>\s*<tr class="fix">',
        page,
    )
    assert headings(whole) == ["group", "size"]
    assert '<a href="/iaminsights/several?state=x">Main columns</a>' in whole
    assert '<input type="hidden" name="_all" value="1">' in whole
    assert answers[0]["columns"] == answers[1]["columns"] == list(table[0])
    assert len(table[0]) == 8


def test_whoever_holds_a_policy_and_its_roles_lead_to_their_rows(sample):
    path = "/iaminsights/policy_never_used"
    page = sample.page(path)
    kinds = set()
    for row in sample.get(f"{path}.json?_shape=array").json():
        table = "access_groups" if row["access_group_id"] else "identities"
        key = tilde_encode(row["access_group_id"] or row["iam_id"])
        name, roles = escape(row["subject"]), escape(row["roles"])
        assert f'<td class="col-subject"><a href="/iaminsights/{table}/{key}">{name}</a>' in page
        policy = tilde_encode(row["policy_id"])
        assert f'<td class="col-roles"><a href="/iaminsights/policies/{policy}">{roles}</a>' in page
        kinds.add(table)
    assert kinds == {"access_groups", "identities"}
    words = sample.page("/iaminsights/account_management_wide_policy")
    assert '<td class="col-holder">access_group</td>' in words  # a kind, and nobody's name


def test_a_document_with_an_address_is_a_link_on_the_page(sample):
    page = sample.page("/iaminsights/owner_api_key")
    keys = "https://cloud.ibm.com/docs/iam?topic=iam-userapikey"
    assert f'<a href="{keys}" rel="noreferrer">IBM Cloud Docs: Managing user API keys</a>' in page
    assert "<dd>CIS IBM Cloud Foundations Benchmark v1.0 1.5, v2.0 1.5</dd>" in page


# --- No silent truncation -------------------------------------------------------------------------


def test_a_long_report_is_whole_in_json_and_in_csv_and_on_pages(sample_file, metadata):
    with served(sample_file, metadata=metadata(long={"sql": LONG})) as site:
        page, text = (f("/iaminsights/long?rows=5950") for f in (site.page, site.text))
        last = site.page("/iaminsights/long?rows=5950&_page=60")
        answer = site.get("/iaminsights/long.json?rows=5950").json()
        table = rows_of_csv(site.page("/iaminsights/long.csv?rows=5950"))
    assert "5,950 rows" in text and "Page 1 of 60" in text
    assert data_rows(page) == 100
    assert re.findall(r'col-number">(\d+)<', last) == [str(n) for n in range(5901, 5951)]
    assert len(answer["rows"]) == len(table) == 5950
    assert answer["truncated"] is False
    assert len(page) < 30_000


def test_beyond_the_limit_page_json_and_csv_all_say_so(sample_file, metadata):
    long = metadata(long={"sql": LONG})
    with served(sample_file, "--setting", "max_returned_rows", 50, metadata=long) as site:
        text = site.text("/iaminsights/long?rows=60")
        answer = site.get("/iaminsights/long.json?rows=60").json()
        table = rows_of_csv(site.page("/iaminsights/long.csv?rows=60"))
    assert "60 rows" in text and "Page 1 of 2" in text
    assert "This data as json , CSV : the first 50 rows" in text
    assert answer["truncated"] is True
    assert [row["report_rows"] for row in table] == ["60"] * 50


def test_a_query_that_does_not_count_its_rows_has_them_counted_on_its_page(sample_file, metadata):
    uncounted = metadata(long={"sql": LONG.replace("count(*) over ()", "0").replace("report_", "")})
    with served(sample_file, "--setting", "max_returned_rows", 50, metadata=uncounted) as site:
        text = site.text("/iaminsights/long?rows=60")
        answer = site.get("/iaminsights/long.json?rows=60").json()
    assert "60 rows" in text and "Page 1 of 2" in text
    assert answer["columns"] == ["number", "iam_id", "rows"]


def test_own_sql_is_not_cut_in_silence_either(sample_file, metadata):
    sql = quote(LONG.replace(":rows", "6000").strip())
    with served(sample_file) as site:
        assert "returning more than 5,000 rows" in site.text(f"/iaminsights?sql={sql}")


def test_a_bare_datasette_cannot_make_a_cut_report_look_whole(sample_file, metadata):
    long = metadata(long={"sql": LONG})
    with served(sample_file, metadata=long, command=BARE_DATASETTE) as site:
        assert "iaminsights" not in {
            plugin["name"] for plugin in site.get("/-/plugins.json").json()
        }
        page = site.page("/iaminsights/long?rows=5000")
        answer = site.get("/iaminsights/long.json?rows=5000").json()
        table = rows_of_csv(site.page("/iaminsights/long.csv?rows=5000"))
    assert "more than 1,000 rows" in page
    assert answer["truncated"] is True
    assert [row["report_rows"] for row in table] == ["5000"] * 1000


def test_a_bare_datasette_has_every_report(sample_file):
    with served(sample_file, command=BARE_DATASETTE) as site:
        page = site.page("/iaminsights")
        for name, report in REPORTS.items():
            assert report["title"] in page
            site.get(f"/iaminsights/{name}")


# --- Everywhere the same site, once ---------------------------------------------------------------


def hooks_of_ours(site) -> list[str]:
    plugins = site.get("/-/plugins.json").json()
    return [name for plugin in plugins if (name := plugin["name"]).startswith("iaminsights")]


def assert_whole_site(site, database="iaminsights"):
    assert len(hooks_of_ours(site)) == len(PLUGINS)
    assert 'class="counts"' in site.page("/")
    name = next(name for name, report in REPORTS.items() if "fragment" in report)
    assert site.page(f"/{database}/{name}").count("data-chart=") == 1
    assert site.get("/-/settings.json").json()["max_returned_rows"] == 100_000


def test_installed_plugin_is_registered_once(sample):
    assert_whole_site(sample)


def test_checkout_folder_is_registered_once_beside_the_installed_plugin(sample_file, tmp_path):
    """What `datasette .` in the checkout does, with the database in the folder."""
    for name in ("metadata.yml", "plugins", "templates"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    shutil.copy(sample_file, tmp_path / "iaminsights.sqlite3")
    with served(tmp_path) as site:
        assert_whole_site(site)


def test_plugins_folder_alone_is_enough(sample_file):
    """`datasette .` in a checkout whose package is not installed."""
    plugins = ("--plugins-dir", CHECKOUT / "plugins")
    with served(sample_file, *plugins, command=BARE_DATASETTE) as site:
        assert_whole_site(site)


def laid_out_as_installed(folder, *named):
    """The layout of an ordinary install that names these plugins as entry points."""
    shutil.copytree(CHECKOUT / "collector", folder / "iaminsights")
    shutil.copytree(CHECKOUT / "templates", folder / "iaminsights" / "site" / "templates")
    shutil.copytree(CHECKOUT / "plugins", folder / "iaminsights_plugins")
    information = folder / "iaminsights-99.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: iaminsights\nVersion: 99\n")
    (information / "entry_points.txt").write_text(
        "[datasette]\n" + "".join(f"{name}.py = iaminsights_plugins.{name}\n" for name in named)
    )


def test_wheel_carries_its_own_templates(sample_file, tmp_path):
    laid_out_as_installed(tmp_path, "iaminsights")
    marked = tmp_path / "iaminsights" / "site" / "templates" / "index.html"
    marked.write_text(marked.read_text() + "{% block footer %}From the wheel{% endblock %}")
    with served(sample_file, PYTHONPATH=str(tmp_path)) as site:
        assert_whole_site(site)
        assert "From the wheel" in site.page("/")


@pytest.mark.parametrize("only", ["", "iaminsights,datasette-vega"])
def test_a_checkout_needs_no_new_installation_when_it_is_updated(sample_file, tmp_path, only):
    """Its entry points are those of the day on which it was installed: some of the plugins."""
    laid_out_as_installed(tmp_path, "iaminsights", "iaminsights_links")
    variables = {"DATASETTE_LOAD_PLUGINS": only} if only else {}
    with served(sample_file, PYTHONPATH=str(tmp_path), **variables) as site:
        assert_whole_site(site)
        assert len(hooks_of_ours(site)) == len(PLUGINS)


def test_a_users_own_templates_come_first(sample_file, tmp_path):
    (tmp_path / "index.html").write_text("My own home page")
    with served(sample_file, "--template-dir", tmp_path) as site:
        assert site.page("/") == "My own home page"
        assert 'class="about"' in site.page("/iaminsights/users_not_in_access_group")


def test_a_database_of_another_name_has_the_same_reports(sample_file, tmp_path):
    path = tmp_path / "prod.sqlite3"
    shutil.copy(sample_file, path)
    with sqlite3.connect(tmp_path / "other.sqlite3") as other:
        other.execute("create table things (iam_id text)")
    other.close()
    with served(path, tmp_path / "other.sqlite3") as site:
        assert_whole_site(site, "prod")
        assert "Every IAM ID found in any table" in site.text("/prod/identities")
        assert "users_not_in_access_group" not in site.page("/other")
        assert 'href="/other/identities' not in site.page("/other?sql=select+'IBMid-1'+as+iam_id")


def test_what_a_reader_may_not_see_is_not_counted_for_him(sample_file, tmp_path):
    private = metadata_hiding(tmp_path, "policies", "policies_by_last_permit")
    with served(sample_file, metadata=private) as site:
        text = site.text("/")
        site.get("/iaminsights/policies", status=403)
    assert "People" in text
    assert not re.search(r"\d Policies", text)
    assert REPORTS["policies_by_last_permit"]["title"] not in text


# --- Tables and rows ------------------------------------------------------------------------------


def test_a_row_has_a_name_and_links_on(sample, sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        policy, group, name = database.execute(
            "select policies.id, access_groups.id, access_groups.name from policies "
            "join access_groups on access_groups.id = access_group_id order by 1 limit 1"
        ).fetchone()
    assert f'<a href="/iaminsights/access_groups/{group}">{name}</a>' in sample.page(
        f"/iaminsights/policies/{policy}"
    )
    page = sample.page(f"/iaminsights/access_groups/{group}")
    assert f"<bdi>{name}</bdi>" in page
    assert "of policies, by access_group_id" in sample.text(f"/iaminsights/access_groups/{group}")


def test_tables_show_names_facets_and_what_their_columns_mean(sample):
    page = sample.text("/iaminsights/access_group_members")
    assert "Members of access groups; an identity can be in a group" in page
    assert "static (added by hand) or dynamic" in page
    assert re.search(r"membership_type \d ", page)
