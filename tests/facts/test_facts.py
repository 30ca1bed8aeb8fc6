"""The facts: what their headers promise holds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts import bits, chokes, networks
from iaminsights.facts.derived import ALL_TABLES, FACTS, empty_database, origins
from iaminsights.store.schema import TABLE

NAMES = [fact.name for fact in FACTS]


@pytest.mark.parametrize("fact", FACTS, ids=NAMES)
def test_a_header_says_what_the_select_reads_and_gives(fact):
    with closing(empty_database()) as database:
        bits.register(database)
        chokes.register(database)
        networks.register(database)
        tables, read = {table.name for table in ALL_TABLES}, set()

        def note(action, table, *_):
            if action == sqlite3.SQLITE_READ and table in tables:
                read.add(table)
            return sqlite3.SQLITE_OK

        database.set_authorizer(note)
        given = database.execute(f"select * from ({fact.sql}) limit 0").description
    assert len(given) == len(fact.table.columns)
    assert sorted(read) == list(fact.rests_on)
    assert fact.grain.startswith("one row for each ")
    assert {column for column in fact.table.key} <= {column.name for column in fact.table.columns}
    for column in fact.table.columns:
        assert column.description.strip().rstrip("."), column.name


def test_every_fact_comes_from_what_ibm_cloud_said():
    for fact in FACTS:
        assert origins([fact.name]) <= TABLE.keys()


def test_the_file_tells_of_its_facts(sample_file, opened):
    told = opened(sample_file).execute("select name, rests_on, grain from facts order by name")
    assert [(name, json.loads(rests_on)) for name, rests_on, _ in told] == [
        (fact.name, list(fact.rests_on)) for fact in sorted(FACTS, key=lambda fact: fact.name)
    ]


@pytest.mark.parametrize("fact", FACTS, ids=NAMES)
def test_the_grain_of_each_fact_is_its_key(sample_file, opened, fact):
    """The key is the table's primary key, so a row that came twice would have failed."""
    database = opened(sample_file)
    keys = [row for row in database.execute(f"pragma table_info([{fact.name}])") if row["pk"]]
    assert [row["name"] for row in sorted(keys, key=lambda row: row["pk"])] == [*fact.table.key]


def test_no_index_repeats_the_beginning_of_another_or_of_the_key():
    for table in ALL_TABLES:
        indexes = [*table.all_indexes, table.key]
        for number, one in enumerate(table.all_indexes):
            others = indexes[:number] + indexes[number + 1 :]
            assert one not in [other[: len(one)] for other in others], (table.name, one)


def test_a_table_that_is_kept_by_key_has_its_key_once(sample_file, opened):
    database = opened(sample_file)
    kept = {table.name for table in ALL_TABLES if table.by_key}
    assert kept
    for table in kept:
        for index in database.execute(f"pragma index_list([{table}])").fetchall():
            if index["origin"] == "pk":
                page = "select 1 from sqlite_master where name = ? and rootpage > 0"
                assert database.execute(page, (index["name"],)).fetchone() is None
