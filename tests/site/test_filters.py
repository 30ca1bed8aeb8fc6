"""Which rows of a report an address asks for: the words of the address, its SQL, its neighbours."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iaminsights.errors import FilterError
from iaminsights.site.filters import (
    MOST_COUNTED,
    OPERATORS,
    OURS,
    Selection,
    Source,
    changed,
    counted_by,
    filtered,
    parse,
    quoted,
    selected,
)

COLUMNS = ("name", "severity", "days", "note", "command", "report_rows")
# As reports have them: texts, numbers without a type, nothing as null and as no text.
SQL = """
-- a remark; with a semicolon
with things as (
  select column1 as name, column2 as severity, column3 as days, column4 as note
  from (
    values
      ('Zoe', 'low', 9, null),
      ('ada', 'critical', 100, 'a_b'),
      ('Bob', 'high', 20, ''),
      ('50% off', 'medium', null, 'axb'),
      ('O''Hara', 'low', 9, '20'),
      ('Émile 🦊', 'odd', 9.5, 'two
lines')
  )
)
select name, severity, days, note, 'fix ' || name as command, count(*) over () as report_rows
from things
where coalesce(:note, '') = '' or note = :note
order by days is null, days, name -- and one more
"""
ALL = ["O'Hara", "Zoe", "Émile 🦊", "Bob", "ada", "50% off"]


def ask(query: str, sql: str = SQL, columns: Sequence[str] = COLUMNS, count: bool = False):
    """The rows that an address with this query gets, as dictionaries."""
    arguments = parse_qsl(query, keep_blank_values=True)
    selection = parse(arguments, columns, ("note",))
    with closing(sqlite3.connect(":memory:")) as database:
        database.row_factory = sqlite3.Row
        values = {"note": "", **dict(arguments)}
        report = Source(sql, tuple(columns), ("note",))
        found = database.execute(selected(report, selection, count=count), values)
        return [dict(row) for row in found]


def names(query: str) -> list[str]:
    return [row["name"] for row in ask(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("severity=low", ["O'Hara", "Zoe"]),
        ("severity__exact=low", ["O'Hara", "Zoe"]),
        ("severity=LOW", []),
        ("severity=", []),
        ("severity__not=low", ["Émile 🦊", "Bob", "ada", "50% off"]),
        ("days=9", ["O'Hara", "Zoe"]),  # the number
        ("days=9.5", ["Émile 🦊"]),
        ("days=09", []),
        ("days__not=9", ["Émile 🦊", "Bob", "ada", "50% off"]),
        ("note__exact=20", ["O'Hara"]),  # the text
        ("note__not=20", ["Zoe", "Émile 🦊", "Bob", "ada", "50% off"]),
        ("name=50%25 off", ["50% off"]),
        ("name=O'Hara", ["O'Hara"]),
        ("name__contains=B", ["Bob"]),
        ("name__contains=o", ["O'Hara", "Zoe", "Bob", "50% off"]),
        ("name__contains=%25", ["50% off"]),
        ("note__contains=_", ["ada"]),
        ("note__contains=%0A", ["Émile 🦊"]),
        ("name__contains=🦊", ["Émile 🦊"]),
        ("name__contains='", ["O'Hara"]),
        ("name__contains=\\", []),
        ("days__contains=0", ["Bob", "ada"]),
        ("name__startswith=o", ["O'Hara"]),
        ("name__startswith=%25", []),
        ("name__endswith=OB", ["Bob"]),
        ("days__gt=9", ["Émile 🦊", "Bob", "ada"]),  # 100 is more than 20
        ("days__gte=9", ["O'Hara", "Zoe", "Émile 🦊", "Bob", "ada"]),
        ("days__lt=20", ["O'Hara", "Zoe", "Émile 🦊"]),
        ("days__lte=9", ["O'Hara", "Zoe"]),
        ("days__lt=x", []),  # no number is a text
        ("name__gt=Bob", ["O'Hara", "Zoe", "Émile 🦊", "ada"]),
        ("name__lt=Bob", ["50% off"]),
        ("note__lt=b", ["O'Hara", "ada", "50% off"]),  # what is empty is less than nothing
        ("note__lte=20", ["O'Hara"]),
        ("severity__gte=high", ["Bob", "ada"]),
        ("severity__lt=medium", ["O'Hara", "Zoe"]),
        ("severity__in=low,critical", ["O'Hara", "Zoe", "ada"]),
        ('severity__in=["low", "high"]', ["O'Hara", "Zoe", "Bob"]),
        ("days__in=20,100", ["Bob", "ada"]),
        ("name__in=[", []),
        ("severity__notin=low,critical", ["Émile 🦊", "Bob", "50% off"]),
        ("note__isblank=1", ["Zoe", "Bob"]),
        ("note__notblank=1", ["O'Hara", "Émile 🦊", "ada", "50% off"]),
        ("days__isblank=1", ["50% off"]),
        ("severity=low&days=9&name=Zoe", ["Zoe"]),
        ("severity=low&severity=high", []),  # both at once
        ("note=20", ["O'Hara"]),  # the parameter of the report
        ("note=&note__exact=20", ["O'Hara"]),
        ("note=20&severity=high", []),
        ("_search=o", ["O'Hara", "Zoe", "Émile 🦊", "Bob", "50% off"]),  # odd, too
        ("_search=AXB", ["50% off"]),
        ("_search=9", ["O'Hara", "Zoe", "Émile 🦊"]),
        ("_search=fix", []),  # what a command is made of
        ("_search=%25", ["50% off"]),
        ("_search=_b", ["ada"]),
        ("_search=6", []),  # the number of rows
        ("_search=", ALL),
        ("_search=low&name=Zoe", ["Zoe"]),
        ("_shape=array&_all=1&_facet=x", ALL),  # Datasette's own, or another page's
        ("_sort=name", ["50% off", "Bob", "O'Hara", "Zoe", "ada", "Émile 🦊"]),
        ("_sort_desc=name", ["Émile 🦊", "ada", "Zoe", "O'Hara", "Bob", "50% off"]),
        ("_sort=days", ALL),
        ("_sort_desc=days", ["ada", "Bob", "Émile 🦊", "O'Hara", "Zoe", "50% off"]),
        ("_sort=severity", ["ada", "Bob", "50% off", "O'Hara", "Zoe", "Émile 🦊"]),
        ("_sort_desc=severity", ["Émile 🦊", "O'Hara", "Zoe", "50% off", "Bob", "ada"]),
        ("_sort=note", ["O'Hara", "ada", "50% off", "Émile 🦊", "Zoe", "Bob"]),
        ("_sort_desc=note", ["Émile 🦊", "50% off", "ada", "O'Hara", "Zoe", "Bob"]),
        ("_sort_desc=days&severity=low", ["O'Hara", "Zoe"]),
        ("_sort=", ALL),
        ("_size=2", ALL[:2]),
        ("_size=2&_page=2", ALL[2:4]),
        ("_page=1", ALL),
        ("_page=2", []),
        ("_sort_desc=name&_size=4&_page=2", ["Bob", "50% off"]),
        ("severity=low&_size=1&_page=2", ["Zoe"]),
    ],
)
def test_an_address_gets_the_rows_that_it_asks_for(query, expected):
    found = ask(query)
    assert [row["name"] for row in found] == expected
    assert all(tuple(row) == COLUMNS for row in found)


def test_every_comparison_has_an_example():
    asked = test_an_address_gets_the_rows_that_it_asks_for.pytestmark[0].args[1]
    used = {key.rpartition("__")[2] for query, _ in asked for key, _ in parse_qsl(query, True)}
    assert set(OPERATORS) <= used


def test_every_comparison_and_argument_is_documented():
    said = (Path(__file__).parents[2] / "docs" / "filtering.md").read_text(encoding="utf-8")
    assert [name for name in OPERATORS if f"__{name}=" not in said] == []
    assert [name for name in OURS if f"`{name}=" not in said] == []


@pytest.mark.parametrize(
    ("query", "number"),
    [("", 6), ("severity=low", 2), ("_size=1", 6), ("severity=low&_size=1&_sort=name", 2)],
)
def test_each_row_tells_how_many_are_asked_for_on_all_pages(query, number):
    assert {row["report_rows"] for row in ask(query)} == {number}


def test_rows_are_counted_where_a_report_does_not():
    uncounted = "select 1 as n union all select 2;\n"
    assert ask("n=2", uncounted, ("n",)) == [{"n": 2}]
    assert ask("_size=1", uncounted, ("n",), count=True) == [{"n": 1, "report_rows": 2}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "_count_by=severity",
            [("low", 2), ("critical", 1), ("high", 1), ("medium", 1), ("odd", 1)],
        ),
        ("_count_by=days", [(9, 2), (None, 1), (9.5, 1), (20, 1), (100, 1)]),
        ("_count_by=note", [(None, 2), ("20", 1), ("a_b", 1), ("axb", 1), ("two\nlines", 1)]),
        ("_count_by=days&severity=low", [(9, 2)]),
        ("_count_by=severity&_sort=name&_size=1", [("low", 2), ("critical", 1), ("high", 1)]),
        ("_count_by=severity&severity=none", []),
    ],
)
def test_rows_are_counted_by_what_they_have_in_a_column(query, expected):
    column = dict(parse_qsl(query))["_count_by"]
    found = [tuple(row.items()) for row in ask(query)]
    wanted = [((column, value), ("rows", rows)) for value, rows in expected]
    assert found[: len(wanted)] == wanted
    assert len(found) == len(wanted) or "_size" in query


def test_the_rows_of_rare_values_are_added_up():
    sql = (
        "with recursive n (n) as (select 1 union all select n + 1 from n where n < 30) "
        "select n as value, '' as note from n union all select 30, '' union all select 30, ''"
    )
    found = [tuple(row.values()) for row in ask("_count_by=value", sql, ("value", "note"))]
    assert found == [(30, 3), *((n, 1) for n in range(1, MOST_COUNTED)), ("other", 5)]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=red", "no column colour; it has: name, severity, days, note"),
        ("colour__contains=red", "no column colour; it has"),
        ("colour__odd=red", "no column colour__odd; it has"),
        ("name__like=x", "no comparison like. Use one of: exact, not, contains"),
        ('name"=x', 'no column name"'),
        ("name) or (1__exact=x", "no column name) or (1;"),
        ("Name=x", "no column Name"),
        ("_sort=colour", "no column colour"),
        ("_sort_desc=name desc", "no column name desc"),
        ("_count_by=colour", "no column colour"),
        ("_sort=name&_sort_desc=days", ", not both"),
        ("_size=0", "_size must be a whole number from 1 to 1,000"),
        ("_size=1001", "_size must be"),
        ("_size=x", "_size must be"),
        ("_size=-1", "_size must be"),
        ("_size=²", "_size must be"),
        ("_page=0", "_page must be"),
        ("_page=99999999999999999999", "_page must be"),
        ("name=a%00b", "a character that is not allowed"),
        ("_search=%00", "a character that is not allowed"),
        ('name__in=["\\ud800"]', "a character that is not allowed"),
        (f"_search={'x' * 1001}", "at most 1,000 characters"),
        (f"name__contains={'x' * 1001}", "at most 1,000 characters"),
        ("severity__gt=worse", "severity must be one of info, low, medium, high, critical"),
        ("name=x&" * 101, "At most 100 filters"),
    ],
)
def test_what_a_report_has_not_is_said_in_a_sentence(query, sentence):
    with pytest.raises(FilterError) as error:
        ask(query)
    assert sentence in str(error.value)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "column", ["with blank", 'quo"te', "a__b", "_hidden", "order", "tick`", "place_in_report"]
)
def test_columns_may_have_any_name(column):
    name = column.replace('"', '""')
    sql = f"""select 'x' as "{name}", 1 as n, '' as note union all select 'y', 2, '' """
    for key in (f"{column}__exact", *([] if column.startswith("_") else [column])):
        for query in (f"{key}=y", f"_search=y&_sort={column}&_size=5"):
            assert ask(query, sql, (column, "n", "note")) == [{column: "y", "n": 2, "note": ""}]
    counts = [tuple(row.values()) for row in ask(f"_count_by={column}", sql, (column, "n", "note"))]
    assert counts == [("x", 1), ("y", 1)]


hostile = st.text(alphabet=st.sampled_from("ab'\"\\%_-;:?/*`()[],\n🦊 \ud800\0"), max_size=12)


@given(hostile)
def test_no_value_ends_its_quotes(value):
    with closing(sqlite3.connect(":memory:")) as database:
        if {"\0", "\ud800"} & set(value):
            with pytest.raises(FilterError):
                quoted(value)
        else:
            assert database.execute(f"select {quoted(value)}").fetchall() == [(value,)]


@given(st.sampled_from(list(OPERATORS)), hostile)
def test_every_comparison_takes_any_value(operator, value):
    """As Python sees it, where that is simple; else without an error, and no other's rows."""
    if {"\0", "\ud800"} & set(value):
        return
    condition = parse([(f"note__{operator}", value)], ("note",)).conditions[0]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table texts (note)")
        database.executemany("insert into texts values (?)", [(value,), (f"x{value}x",), (None,)])
        sql = selected(Source("select note from texts", ("note",)), Selection((condition,)))
        found = [note for (note,) in database.execute(sql)]
    assert (value in found) or operator not in ("exact", "contains", "startswith", "endswith")
    assert (f"x{value}x" in found) == (operator == "contains") or operator not in (
        "exact",
        "contains",
    )
    if operator == "exact" and value == "":
        assert found == [""]


@pytest.mark.parametrize(
    ("address", "column", "value", "expected"),
    [
        ("/a/report", "severity", "high", "/a/report?severity=high"),
        ("/a/report", "name", "O'Hara & 50% 🦊", "/a/report?name=O%27Hara+%26+50%25+%F0%9F%A6%8A"),
        ("/a/report?x=1#g.mark=bar", "days", 9, "/a/report?x=1&days=9#g.mark=bar"),
        ("/a/report?note=20", "note", "7", "/a/report?note=20&note__exact=7"),
        ("/a/report?note=20&note__exact=7", "note", "", "/a/report?note=20&note__isblank=1"),
        ("/a/report?days=1&_page=3&_size=5", "days", 2, "/a/report?_size=5&days=2"),
        ("/a/report?days__isblank=1", "days", 2, "/a/report?days=2"),
        (
            "/a/report?days__exact=1&_sort=name",
            "days",
            None,
            "/a/report?_sort=name&days__isblank=1",
        ),
        ("/a/report?_count_by=days", "days", 2, "/a/report?days=2"),
        ("/a/report", "_odd", 2, "/a/report?_odd__exact=2"),
        ("/a/report.json?days__gt=1", "days", 0.5, "/a/report.json?days__gt=1&days=0.5"),
    ],
)
def test_the_address_of_the_rows_with_a_value(address, column, value, expected):
    assert filtered(address, column, value, ("note",)) == expected


@pytest.mark.parametrize("column", ["name", "severity", "days", "note"])
def test_what_is_counted_is_what_its_address_shows(column):
    counts = ask(f"_count_by={column}")
    assert sum(row["rows"] for row in counts) == len(ALL)
    for row in counts:
        address = filtered("/report?_search=", column, row[column], ("note",))
        assert len(ask(urlsplit(address).query)) == row["rows"]


def test_an_address_loses_and_gains_arguments():
    assert counted_by("/r?note=1&_page=2#x", "days") == "/r?note=1&_count_by=days#x"
    assert changed("/r?a=&b=2&b=3", {"b": None}) == "/r?a="
    assert changed("/r?a=1", {"a": None}) == "/r"
