"""What datasette-vega is given to draw: few bars that add up to all rows."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ..site_helpers import REPORTS, address, axes, metadata_hiding, queries_file, served

BARS = {
    "g.mark": "bar",
    "g.x_column": "keys",
    "g.x_type": "quantitative",
    "g.y_column": "who",
    "g.y_type": "nominal",
}
HOSTILE = '<b>Bob\'s "key"</b>'


def listing(*rows: tuple, columns: tuple[str, ...], most: int | None = None) -> dict[str, str]:
    """A canned query with these rows, or with so many of them."""
    values = json.dumps(rows).replace("'", "''")
    named = ", ".join(f"value ->> {place} as {name}" for place, name in enumerate(columns))
    sql = f"select {named}, count(*) over () as report_rows from json_each('{values}')"
    return {"sql": sql if most is None else f"select * from ({sql} limit {most})"}


PEOPLE = listing(
    ("Ada", "user", 2, "high"),
    ("Ada", "service", 1, "low"),
    (HOSTILE, "user", 7, "low"),
    (None, "user", 1, "low"),
    ("", "user", 1, None),
    ("Zoe", "user", None, "low"),
    columns=("who", "kind", "keys", "severity"),
)
QUERIES = {
    "people": PEOPLE,
    "asked": {
        "sql": "select value as who, 1 as keys, count(*) over () as report_rows "
        'from json_each(\'["Ada", "Ada", "Bob"]\') where :who = \'\' or value = :who -- the end',
        "params": ["who"],
    },
    "many": listing(*((f"n{n:02}", n) for n in range(1, 31)), columns=("who", "keys")),
    "just_more": listing(*((f"n{n:02}", 1) for n in range(26)), columns=("who", "keys")),
    "cut": listing(*((name, 1) for name in ("a", "a", "b", "c")), columns=("who", "keys"), most=3),
    "trend": listing(
        ("a", "2026-01-01", "high", 5),
        ("b", "2026-01-02", "high", 1),
        ("b", "2026-01-02", "low", 2),
        ("a", "2026-01-03", "high", 3),
        columns=("account_id", "at", "severity", "open"),
    ),
    "beginning": listing(
        ("a", "2026-01-01", "high", 5),
        ("a", "2026-01-01", "low", 5),
        columns=("account_id", "at", "severity", "open"),
    ),
    "endless": {
        "sql": "with recursive n (n) as ("
        "  select 0 union all select n + 1 from n where n < 999999999"
        ") "
        "select 'n' || (n % 2) as who, 1 as keys, 1000000000 as report_rows from n limit 10"
    },
    "writes": {"sql": "delete from accounts", "write": True},
}


@pytest.fixture(scope="module")
def site(sample_file, tmp_path_factory):
    metadata = queries_file(tmp_path_factory.mktemp("chart"), **QUERIES)
    with served(sample_file, metadata=metadata) as site:
        yield site


def fed(site, name: str, **words: str) -> dict:
    query = urlencode({**BARS, **words})
    return site.get(f"/-/iaminsights/chart/iaminsights/{name}.json?{query}").json()


def bars(site, name: str, **words: str) -> list[tuple]:
    answer = fed(site, name, **words)
    colour = words.get("g.color_column")
    return [(row["who"], row["keys"], *([row[colour]] if colour else [])) for row in answer["rows"]]


def test_a_bar_is_one_row_and_the_longest_comes_first(site):
    assert bars(site, "people") == [
        (f"01 {HOSTILE}", 7),
        ("02 Ada", 3),
        ("03 (none)", 2),
        ("04 Zoe", 0),
    ]
    answer = fed(site, "people")
    assert (answer["name"], answer["note"]) == ("Bar chart of keys by who", "")
    # What it could be drawn by instead.
    assert [*answer["rows"][0]] == ["who", "kind", "keys", "severity", "report_rows", "rows"]
    array = fed(site, "people", _shape="array")
    assert array == answer["rows"]


def test_rows_are_counted_where_no_column_is_called_so(site):
    answer = fed(site, "people", **{"g.x_column": "rows", "_count_by": "who"})
    assert [(row["who"], row["rows"]) for row in answer["rows"]] == [
        ("01 Ada", 2),
        ("02 (none)", 2),
        (f"03 {HOSTILE}", 1),
        ("04 Zoe", 1),
    ]
    assert answer["name"] == "Bar chart of rows by who"


def test_labels_with_an_order_of_their_own_keep_it(site):
    labels = [who for who, _ in bars(site, "people", **{"g.y_type": "ordinal"})]
    assert labels == [HOSTILE, "Ada", "(none)", "Zoe"]


def test_a_chart_is_of_the_rows_that_the_page_is_filtered_to(site):
    assert bars(site, "people", kind="service") == [("01 Ada", 1)]
    assert "nothing to compare" in fed(site, "people", kind="service")["note"]
    assert bars(site, "people", who__isblank="1") == [("01 (none)", 2)]
    assert fed(site, "people", kind="robot")["rows"] == []


def test_a_chart_is_of_what_the_report_was_asked(site):
    assert bars(site, "asked") == [("01 Ada", 2), ("02 Bob", 1)]
    assert bars(site, "asked", who="Bob") == [("01 Bob", 1)]
    assert bars(site, "asked", who__exact="Ada") == [("01 Ada", 2)]


def test_what_is_beyond_the_longest_bars_is_added_up(site):
    found = bars(site, "many")
    assert len(found) == 26 and found[0] == ("01 n30", 30)
    assert found[-1] == ("26 5 others", 1 + 2 + 3 + 4 + 5)
    assert sum(number for _, number in found) == sum(range(31))
    assert len(bars(site, "just_more")) == 26  # a bar of one other would save nothing


def test_severities_sort_and_have_the_same_colours_everywhere(site):
    found = bars(site, "people", **{"g.color_column": "severity"})
    assert (f"01 {HOSTILE}", 7, "4 low") in found and ("02 Ada", 2, "2 high") in found
    assert ("03 (none)", 1, "(none)") in found
    colours = {colour for *_, colour in found}
    assert colours == {"1 critical", "2 high", "3 medium", "4 low", "5 info", "(none)"}
    assert sum(number for _, number, _ in found) == 12


def test_an_answer_that_was_cut_says_so(site):
    assert fed(site, "people")["note"] == ""
    note = fed(site, "cut")["note"]
    assert note == "Only 3 of the 4 rows of this report were looked at."
    alike = fed(site, "cut", who="a")["note"]
    assert alike.startswith("There is nothing to compare") and alike.endswith(note)
    assert note in fed(site, "cut", who__not="b")["note"]


def test_of_what_would_take_too_long_a_part_is_drawn_and_that_is_said(site):
    answer = fed(site, "endless")
    assert [(row["who"], row["keys"]) for row in answer["rows"]] == [("01 n0", 5), ("02 n1", 5)]
    assert answer["note"] == "Only 10 of the 1,000,000,000 rows of this report were looked at."


LINE = {
    "g.mark": "line",
    "g.x_column": "at",
    "g.x_type": "temporal",
    "g.y_column": "open",
    "g.y_type": "quantitative",
}


def test_accounts_that_were_collected_on_other_days_are_added_up(site):
    """Each as it was last: a line from one account to the other and back would mean nothing."""
    rows = fed(site, "trend", **LINE, **{"g.color_column": "severity"})["rows"]
    assert {(row["severity"], row["at"], row["open"]) for row in rows} == {
        ("2 high", "2026-01-01", 5),
        ("2 high", "2026-01-02", 6),
        ("2 high", "2026-01-03", 4),
        ("4 low", "2026-01-02", 2),
        ("4 low", "2026-01-03", 2),
    }
    rows = fed(site, "trend", **LINE)["rows"]
    assert [(row["at"], row["open"]) for row in rows][-1] == ("2026-01-03", 6)


def test_a_line_needs_two_points(site):
    answer = fed(site, "beginning", **LINE, **{"g.color_column": "severity"})
    assert answer["rows"] == []
    assert answer["note"] == "There is only one point in time so far; a line needs two."


def test_points_are_not_added_up_and_the_highest_are_named(site):
    answer = fed(site, "many", **{"g.mark": "circle"})
    assert len(answer["rows"]) == 25
    assert {"who": "n30", "keys": 30.0}.items() <= max(
        answer["rows"], key=lambda row: row["keys"]
    ).items()
    assert answer["note"] == "It shows the 25 of 30 with the highest keys."
    assert fed(site, "people", **{"g.mark": "circle"})["note"] == ""


def test_what_no_chart_can_be_made_of_is_refused_with_a_sentence(site):
    path = "/-/iaminsights/chart/iaminsights"
    for query, said in {
        urlencode({**BARS, "g.y_column": "nobody"}): "no such chart",
        urlencode({"g.x_column": "who"}): "no such chart",
        urlencode({**BARS, "g.x_column": "rows", "g.mark": "circle"}): "no such chart",
        urlencode({**BARS, "whom": "Ada"}): "no column whom",
        urlencode({**BARS, "who__like": "Ada"}): "no comparison like",
    }.items():
        assert said in site.get(f"{path}/people.json?{query}", status=400).json()["error"]
    query = urlencode(BARS)
    for name in ("nothing", "writes", "accounts"):
        site.get(f"{path}/{name}.json?{query}", status=404)
    site.get(f"/-/iaminsights/chart/nowhere/people.json?{query}", status=404)


def test_who_may_not_see_a_report_does_not_see_its_chart(sample_file, tmp_path: Path):
    name = "policies_by_last_permit"
    query = urlencode({**BARS, "g.x_column": "policies", "g.y_column": "last_used"})
    with served(sample_file, metadata=metadata_hiding(tmp_path, name)) as site:
        site.get(f"/-/iaminsights/chart/iaminsights/{name}.json?{query}", status=403)


def test_the_bars_of_a_report_add_up_to_its_rows(sample_file):
    with served(sample_file) as site:
        for name, report in REPORTS.items():
            if "g.mark=bar" not in report.get("fragment", ""):
                continue
            place, length = axes(report["fragment"])
            feed = address(name).removeprefix("/iaminsights/").partition("?")
            path = f"/-/iaminsights/chart/iaminsights/{name}.json?{feed[2]}&{report['fragment']}"
            rows = site.get(path).json()["rows"]
            all_rows = site.get(address(name, ".json", _shape="array")).json()
            total = sum(row[length] or 0 for row in all_rows)
            assert sum(row[length] for row in rows) == total, name
            assert len({row[place] for row in rows}) <= 26, name
