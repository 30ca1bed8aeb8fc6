"""Reports filtered, sorted and paged by their address: page, JSON and CSV of the same rows."""

from __future__ import annotations

import asyncio
import csv
import functools
import io
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from datasette.app import Datasette

from iaminsights.reports.report import SEVERITIES
from iaminsights.sandbox import Account

from ..report_rows import ASKED_OF_SAMPLE
from ..site_helpers import BARE_DATASETTE, REPORTS, queries_file, served
from .test_site import LONG

PEOPLE = """
select 'Acme' as account, column1 as "user", column2 as severity, column3 as days, column4 as note,
  'ibmcloud iam user-remove ' || column1 as command, count(*) over () as report_rows
from (
  values
    ('Zoe', 'low', 9, null), ('ada', 'critical', 100, 'a & b'), ('Bob', 'high', 20, ''),
    ('<b>', 'low', 100, 'x'), ('O''Hara', 'low', 9, '100')
)
where coalesce(:note, '') = '' or note = :note
order by days, "user"
"""
SHOWN = {"sql": PEOPLE, "shown": ["user", "severity", "days", "note"], "params": ["note"]}
PLAIN = {"sql": "select 2 as n, 'x' as note union all select 1, 'y:z' order by 1 desc"}
TWICE = {"sql": "select 1 as n, 2 as n"}


@pytest.fixture(scope="module")
def site(sample_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    numbers = {"sql": LONG.replace(":rows", "250")}
    metadata = queries_file(folder, people=SHOWN, plain=PLAIN, twice=TWICE, numbers=numbers)
    with served(sample_file, metadata=metadata) as found:
        yield found


@pytest.fixture
def metadata(tmp_path):
    return functools.partial(queries_file, tmp_path)


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as found:
        yield found


@pytest.fixture(scope="module")
def endless(sample_file, tmp_path_factory):
    numbers = LONG.partition("select number, ")[0].replace(":rows", "1e9")
    sql = f"{numbers} select number, :kind as kind, 1000000000 as report_rows from numbers limit 9"
    query = {"sql": sql, "params": ["kind", "first_name"]}
    metadata = queries_file(tmp_path_factory.mktemp("endless"), endless=query)
    with served(sample_file, "--setting", "sql_time_limit_ms", 100, metadata=metadata) as found:
        yield found


def users_on_page(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<td class="col-user">([^/]*)</td>', page)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["O'Hara", "Zoe", "Bob", "<b>", "ada"]),
        ("severity=low", ["O'Hara", "Zoe", "<b>"]),
        ("days__gte=20&_sort=user", ["<b>", "Bob", "ada"]),
        ("_sort_desc=severity&severity__not=high", ["O'Hara", "Zoe", "<b>", "ada"]),
        ("_search=%3Cb%3E", ["<b>"]),
        ("_search=a+%26", ["ada"]),
        ("note=x", ["<b>"]),
        ("note__exact=100", ["O'Hara"]),
        ("note__isblank=1", ["Zoe", "Bob"]),
        ("user__in=Bob,Zoe", ["Zoe", "Bob"]),
        ("user=O'Hara", ["O'Hara"]),
        ("user=nobody", []),
        ("user=%27+or+1--", []),
        ("_size=2&_page=2", ["Bob", "<b>"]),
        ("_shape=array&_all=1", ["O'Hara", "Zoe", "Bob", "<b>", "ada"]),
    ],
)
def test_page_json_and_csv_of_an_address_have_the_same_rows(site, query, expected):
    page = site.page(f"/iaminsights/people?{query}&_all=1")
    json = site.get(f"/iaminsights/people.json?{query}&_shape=array").json()
    table = csv.DictReader(io.StringIO(site.page(f"/iaminsights/people.csv?{query}")))
    assert [row["user"] for row in json] == [row["user"] for row in table] == expected
    if "user" not in re.findall(r"<dt>(\w+)</dt>", page) and expected:
        assert users_on_page(page) == expected
    number = len(expected) if "_size" not in query else 5
    assert f"{number} row{'' if number == 1 else 's'}" in page or not expected
    assert {row["report_rows"] for row in json} <= {number}


def test_data_that_nothing_is_asked_of_are_what_the_report_gives(site):
    answer = site.get("/iaminsights/people.json").json()
    assert answer["query"]["sql"] == PEOPLE
    assert site.get("/iaminsights/people.json?_shape=arrays").json()["rows"] == answer["rows"]
    uncounted = site.get("/iaminsights/plain.json").json()
    assert uncounted["query"]["sql"] == PLAIN["sql"] and uncounted["columns"] == ["n", "note"]


def test_a_page_says_what_it_is_filtered_by_and_how_to_end_that(site):
    query = "note=&severity=low&days__gt=5&_search=z&_sort=user&_all=1"
    path = f"/iaminsights/people?{query}"
    page, text = site.page(path), site.text(path)
    assert "1 row " in text
    assert "severity = low ✖ days > 5 ✖ any column contains z ✖ sorted by user ✖" in text
    ends = re.findall(r'<a href="([^"]*)" aria-label="Remove this filter">', page)
    gone = [dict(re.findall(r"([^?&=]+)=([^&]*)", unescape(end))) for end in ends]
    assert [{"severity", "days__gt", "_search"} - set(one) for one in gone] == [
        {"severity"},
        {"days__gt"},
        {"_search"},
    ]
    assert all(one["_sort"] == "user" and one["_all"] == "1" for one in gone)
    assert '<th class="col-user" scope="col" aria-sort="ascending">' in page
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert kept["severity"] == "low" and kept["days__gt"] == "5"


def test_each_choice_leads_to_as_many_rows_as_it_says(site):
    page = site.page("/iaminsights/people?days__gt=5")
    choices = re.findall(r'<li><a href="([^"]*)">(.*?)</a> <span>(\d+)</span>', page)
    assert [re.sub("<[^>]*>", "", words) for _, words, _ in choices] == [
        *("critical", "high", "low"),
        *("9", "100", "20"),
        *("empty", "100", "a &amp; b", "x"),
    ]
    for address, _, number in choices:
        query = unescape(address).partition("?")[2]
        assert len(site.get(f"/iaminsights/people.json?{query}&_shape=array").json()) == int(number)


def test_no_row_is_said_to_be_no_fit_and_not_that_all_is_well(site):
    text = site.text("/iaminsights/people?user=nobody")
    assert "No row matches this filter. Show all rows" in text
    assert "user = nobody ✖" in text and "Nothing found" not in text
    assert "There is no page 7" in site.text("/iaminsights/people?_page=7")


def test_pages_lead_through_all_rows_and_their_data_are_whole(site):
    seen, path = [], "/iaminsights/numbers?iam_id=&_sort_desc=number"
    while path:
        page = site.page(path)
        seen += re.findall(r'<td class="col-number">(\d+)</td>', page)
        following = re.search(r'<a href="([^"]*)" rel="next">', page)
        path = following and unescape(following[1])
    assert seen == [str(number) for number in range(250, 0, -1)]
    assert "Page 3 of 3" in page
    (data,) = set(re.findall(r'href="([^"]*)">CSV', page))
    assert len(site.page(unescape(data)).splitlines()) == 251
    assert 'rel="prev"' in page


def test_what_is_the_same_on_one_page_only_stays_in_the_table(site):
    page = site.page("/iaminsights/numbers")
    assert '<th class="col-number" scope="col">' in page
    assert "<dt>empty</dt><dd>iam id</dd>" in page  # as in all rows


def test_a_form_leads_to_an_address_that_says_what_it_asks_for(site):
    asked = {
        "severity": "low",
        "_search": "",
        "_sort": "days",
        "_sort_by_desc": "1",
        "_filter_column": "user",
        "_filter_op": "contains",
        "_filter_value": "O",
    }
    answer = site.get(f"/iaminsights/people?{urlencode(asked)}")
    assert answer.url.endswith("/iaminsights/people?severity=low&_sort_desc=days&user__contains=O")
    alone = {"_filter_column": "note", "_filter_op": "isblank", "_filter_value": ""}
    answer = site.get(f"/iaminsights/people?{urlencode(alone)}")
    assert answer.url.endswith("/iaminsights/people?note__isblank=1")
    assert site.get("/iaminsights/people?_search=&_sort=").url.endswith("/iaminsights/people")


def test_rows_counted_by_a_column_lead_to_these_rows(site):
    assert site.get("/iaminsights/people.json?_count_by=severity&_shape=array").json() == [
        {"severity": "low", "rows": 3},
        {"severity": "critical", "rows": 1},
        {"severity": "high", "rows": 1},
    ]
    page = site.page("/iaminsights/people?_count_by=days&severity=low")
    assert "Rows by days" in page
    there = "/iaminsights/people?severity=low&amp;days=9"
    assert f'<td class="col-days"><a href="{there}">9</a></td>' in page
    assert "counted by days" in page


@pytest.mark.parametrize("form", ["", ".json", ".csv"])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=red", "no column colour"),
        ("_sort=colour", "no column colour"),
        ("_page=0", "_page must be a whole number from 1"),
        ("user__about=x", "no comparison about"),
    ],
)
def test_what_a_report_has_not_is_an_error_in_a_sentence(site, form, query, sentence):
    answer = site.get(f"/iaminsights/people{form}?{query}", status=400)
    assert sentence in answer.text
    assert "Traceback" not in answer.text
    back = '<a href="/iaminsights/people">The report without filters</a>'
    assert back in answer.text or answer.json()["report_url"] == "/iaminsights/people"


def test_the_way_back_keeps_what_the_report_itself_is_asked(site):
    answer = site.get("/iaminsights/people.json?note=it%27s&severity=low&colour=red", status=400)
    assert answer.json()["report_url"] == "/iaminsights/people?note=it%27s"


def test_a_query_whose_columns_cannot_be_told_apart_is_left_as_it_is(site):
    assert site.get("/iaminsights/twice.json").json()["rows"] == [[1, 2]]
    assert 'name="_search"' not in site.page("/iaminsights/twice")
    for query in ("n=1", "_search=1", "_sort=n"):
        assert "cannot be filtered" in site.get(f"/iaminsights/twice?{query}", status=400).text


def test_values_are_no_parameters_of_the_form(site):
    page = site.page(f"/iaminsights/plain?note={quote('y:z -- :n')}")
    assert 'class="parameters"' not in page
    assert "1 row" in site.text("/iaminsights/plain?note=y:z")


def test_tables_and_other_pages_are_filtered_by_datasette_alone(site):
    rows = site.get("/iaminsights/policies.json?type=access&_size=3").json()
    assert len(rows["rows"]) == 3
    site.get("/iaminsights")
    site.get("/?colour=red")


def test_the_first_row_that_is_asked_for_is_on_the_page(sample):
    path = "/iaminsights/service_access_by_iam_id"
    page = sample.get(f"{path}?first_row=205")
    assert page.url.endswith(f"{path}?_page=3")
    assert "Page 3 of" in page.text and 'name="first_row"' not in page.text
    for number, query in ((201, "_page=3"), (205, "first_row=205"), (205, "first_row=205&_size=5")):
        rows = sample.get(f"{path}.json?{query}&_shape=array").json()
        assert rows[0]["number"] == number
    assert len(rows) == 5
    every = sample.get(f"{path}.json?_shape=array").json()
    assert sample.get(f"{path}.json?_shape=array&most_rows=7").json() == every[:7]
    users = [row for row in every if row["kind"] == "user"]
    found = sample.get(f"{path}.json?kind=user&_shape=array").json()
    assert [row["number"] for row in found] == [row["number"] for row in users]


def test_a_report_that_ends_early_is_filtered_in_all_its_rows(collected):
    account = Account("Acme")
    for number in range(1005):
        account.group(f"Team {number:04}")
    with served(collected(account)) as site:
        plain = site.get("/iaminsights/find.json?text=Team&_shape=array").json()
        last = site.get("/iaminsights/find.json?text=Team&name=Team+1004&_shape=array").json()
    assert len(plain) == 1000
    assert [row["name"] for row in last] == ["Team 1004"]


@pytest.mark.parametrize(
    "asked",
    [
        *("?number=7", "?_search=7", "?_sort_desc=number", "?_count_by=number"),
        *(".json?number=7", ".csv?number=7"),
    ],
)
def test_what_takes_too_long_is_said_in_a_sentence(endless, asked):
    """The beginning of an answer is there at once, but not what would need all of its rows."""
    answer = endless.get(f"/iaminsights/endless{asked}", status=400)
    assert "100 ms (the setting sql_time_limit_ms)" in answer.text
    assert "kind or first name" in answer.text
    assert "Traceback" not in answer.text and "with recursive" not in answer.text
    assert "1,000,000,000 rows" in endless.text("/iaminsights/endless")


def test_a_reader_learns_nothing_of_a_report_that_is_not_theirs(sample_file, metadata):
    closed = metadata(people={**SHOWN, "allow": {"id": "root"}})
    with served(sample_file, metadata=closed) as site:
        for query in ("", "?severity=low", "?colour=red", "?_count_by=user", "?_search=&_sort="):
            for form in ("", ".json", ".csv"):
                answer = site.get(f"/iaminsights/people{form}{query}", status=403)
                assert "Zoe" not in answer.text and "no column" not in answer.text


def test_a_bare_datasette_shows_all_rows_and_does_not_say_otherwise(sample_file, metadata):
    with served(sample_file, metadata=metadata(people=SHOWN), command=BARE_DATASETTE) as site:
        page = site.page("/iaminsights/people?severity=low&_sort=user&_search=x")
        rows = site.get("/iaminsights/people.json?severity=low&_shape=array").json()
    assert len(rows) == 5 and page.count('<td class="col-user">') == 5
    assert "any column" not in page


OTHER_PLUGIN = """
import asyncio
from datasette import hookimpl

@hookimpl
def get_metadata():
    return {"title": "Others"}

@hookimpl
def canned_queries():
    async def after_others():
        await asyncio.sleep(0)
        return {}
    return after_others
"""


@pytest.mark.parametrize("plugin", ["", OTHER_PLUGIN], ids=["alone", "with another plugin"])
def test_no_request_answers_another(sample_file, metadata, tmp_path, plugin):
    """Datasette writes the queries of plugins into its metadata, for all who ask meanwhile."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "other.py").write_text(plugin)
    people = metadata(people=SHOWN)
    wanted = [("severity=low", 3), ("severity=high", 1), ("", 5), ("days__gt=50", 2)] * 10
    with served(sample_file, "--plugins-dir", folder, metadata=people) as site:

        def rows(query):
            return len(site.get(f"/iaminsights/people.json?_shape=array&{query}").json())

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(rows, [query for query, _ in wanted]))
    assert answers == [number for _, number in wanted]


# --- All reports ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ask(sample_file):
    """A site in this very process, and how it answers."""
    datasette = Datasette([str(sample_file)], metadata={"databases": {}})
    (name,) = (name for name in datasette.databases if name != "_internal")
    datasette._metadata_local["databases"][name] = {"queries": REPORTS}
    loop = asyncio.new_event_loop()
    loop.run_until_complete(datasette.invoke_startup())

    def get(of, /, **arguments):
        query = urlencode({**ASKED_OF_SAMPLE.get(of, {}), **arguments})
        answer = loop.run_until_complete(datasette.client.get(f"/{name}/{of}.json?{query}"))
        assert answer.status_code == 200, (of, arguments, answer.text[:500])
        return answer.json()

    yield get
    loop.close()


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_can_be_filtered_and_sorted_by_each_of_its_main_columns(ask, name):
    rows = ask(name, _shape="array")
    shown = [column for column in REPORTS[name].get("shown", ()) if not rows or column in rows[0]]
    parameters = REPORTS[name].get("params", ())
    assert ask(name, _shape="array", _size=3) == rows[:3]
    found = ask(name, _shape="array", _search="a")
    in_order = [{**row, "report_rows": len(rows)} for row in found]
    places = [rows.index(row) for row in in_order]
    assert places == sorted(places)
    for column in shown:
        upward = ask(name, _shape="array", _sort=column)
        downward = ask(name, _shape="array", _sort_desc=column)
        assert len(upward) == len(downward) == len(rows)
        values = [row[column] for row in upward if row[column] not in (None, "")]
        assert all(row[column] in (None, "") for row in upward[len(values) :])
        key = (
            SEVERITIES[::-1].index if column == "severity" else (lambda v: (isinstance(v, str), v))
        )
        assert values == sorted(values, key=key)
        counts = Counter(row[column] for row in rows)
        value, number = next(iter(counts.items()), ("x", 0))
        exact = f"{column}__exact" if column in parameters else column
        asked = {f"{column}__isblank": "1"} if value in (None, "") else {exact: value}
        chosen = ask(name, _shape="array", **asked)
        assert len(chosen) == (counts[None] + counts[""] if value in (None, "") else number)
        assert all(row["report_rows"] == len(chosen) for row in chosen)
        if column == "rows":
            continue
        by_value = ask(name, _shape="array", _count_by=column)
        assert sum(row["rows"] for row in by_value) == len(rows)
