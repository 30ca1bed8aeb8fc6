"""What the file holds beside what IBM Cloud said: facts and views.

Facts are tables that each collect derives anew, whole, from the tables that it filled: one file in
facts/ for each, whose header gives its grain, key and columns. Views are names for what needs no
table of its own: one file in views/ for each. Reports read both, and so may anybody.
"""

from __future__ import annotations

import atexit
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sqlite_utils

from ..store.draft import create_indexes, create_tables
from ..store.making import statements
from ..store.schema import NO_PARTS, TABLE, TABLES
from ..store.table import Column, Table
from . import bits, chokes, networks
from .headers import read_folder

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fact:
    """A table that is derived: its declaration, and the select that fills it.

    `grain` says what one row is, `rests_on` which tables and facts it is made from (through views
    too), `errs` where it can be wrong and on which side.
    """

    table: Table
    grain: str
    rests_on: tuple[str, ...]
    sql: str
    errs: str = ""

    @property
    def name(self) -> str:
        """Name of its table, and of its file."""
        return self.table.name


@dataclass(frozen=True)
class View:
    """A name for a select: `title` is a sentence, `notes` whatever else a reader should know.

    A view that people look around in says what each of its `columns` is, and has `facets`.
    """

    name: str
    title: str
    sql: str
    notes: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    facets: tuple[str, ...] = ()


def _read_views() -> dict[str, View]:
    return {
        name: View(
            name,
            " ".join(header["title"].split()),
            sql.strip(),
            header.get("notes", ""),
            header.get("columns", {}),
            tuple(header.get("facets", ())),
        )
        for name, (header, sql) in read_folder(_HERE.parent / "views").items()
    }


def _read_facts() -> tuple[Fact, ...]:
    """The facts, each after those that it rests on."""
    waiting = {
        name: Fact(
            table=Table(
                name,
                " ".join(header["title"].split()),
                tuple(_column(column, said) for column, said in header["columns"].items()),
                key=tuple(header["key"]),
                label=header.get("label"),
                facets=tuple(header.get("facets", ())),
                indexes=tuple(map(tuple, header.get("indexes", ()))),
                by_key=header.get("by_key", False),
            ),
            grain=" ".join(header["grain"].split()),
            rests_on=tuple(header["rests_on"]),
            sql=sql.strip(),
            errs=" ".join(header.get("errs", "").split()),
        )
        for name, (header, sql) in read_folder(_HERE).items()
    }
    ordered: list[Fact] = []
    while waiting:
        ready = [name for name, fact in waiting.items() if not waiting.keys() & fact.rests_on]
        if not ready:
            raise ValueError(f"These facts rest on one another: {', '.join(waiting)}.")
        ordered += [waiting.pop(name) for name in ready]
    return tuple(ordered)


def _column(name: str, said: str | dict[str, Any]) -> Column:
    """A column as a header has it: a sentence, or `is` with kind, references or required.

    Facts are joined by what they are about; nobody looks them up by their account alone.
    """
    if isinstance(said, str):
        return Column(name, said)
    given = {key: said[key] for key in said.keys() - {"is"}}
    return Column(name, said["is"], **{"indexed": given.get("references") != "accounts", **given})


VIEWS: dict[str, View] = _read_views()
FACTS: tuple[Fact, ...] = _read_facts()
# Every table of the file, each after those that it refers to.
ALL_TABLES: tuple[Table, ...] = (*TABLES, *(fact.table for fact in FACTS))
_RESTS_ON = {fact.name: fact.rests_on for fact in FACTS}


@cache
def _statements() -> list[str]:
    tables, indexes = statements([fact.table for fact in FACTS], TABLES)
    views = [f"create view [{view.name}] as {view.sql}" for view in VIEWS.values()]
    return [*tables, *indexes, *views]


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of the facts, their indexes, and the views; raises sqlite3.Error."""
    for statement in _statements():
        connection.execute(statement)


@cache
def blank() -> sqlite3.Connection:
    """A database in memory for files to begin with a copy of: that takes less than to make each.

    It has every table and view, and the facts that rest on nothing, but no index of what IBM Cloud
    says, which is indexed once it is there.
    """
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    atexit.register(connection.close)
    create_tables(connection)
    create(connection)
    _fill(connection, [fact for fact in FACTS if not fact.rests_on])
    connection.commit()
    return connection


def empty_database() -> sqlite3.Connection:
    """A database in memory as of no account, to try a select on."""
    connection = sqlite3.connect(":memory:")
    blank().backup(connection)
    create_indexes(connection)
    _index_words(connection)
    return connection


def derive(connection: sqlite3.Connection, facts: Iterable[Fact] = FACTS) -> None:
    """Make facts, all of them or some in their order, anew from the tables; raises sqlite3.Error.

    Those that rest on nothing stay as they are in every blank file. The caller commits. Tables and
    views must be there already.
    """
    facts = tuple(facts)
    bits.register(connection)
    chokes.register(connection)
    networks.register(connection)
    made = [fact for fact in facts if fact.rests_on or not _has_rows(connection, fact)]
    for fact in reversed(made):
        connection.execute(f"delete from [{fact.name}]")
    connection.execute("delete from facts")
    connection.executemany(
        "insert into facts (name, title, grain, rests_on, errs) values (?, ?, ?, ?, ?)",
        [
            (
                fact.name,
                fact.table.description,
                fact.grain,
                json.dumps(fact.rests_on),
                fact.errs or None,
            )
            for fact in facts
        ],
    )
    _fill(connection, made)
    _index_words(connection)


def _has_rows(connection: sqlite3.Connection, fact: Fact) -> bool:
    (found,) = connection.execute(f"select exists (select 1 from [{fact.name}])").fetchone()
    return bool(found)


def _fill(connection: sqlite3.Connection, facts: Iterable[Fact]) -> None:
    for fact in facts:
        columns = ", ".join(f"[{column.name}]" for column in fact.table.columns)
        filled = connection.execute(f"insert into [{fact.name}] ({columns}) {fact.sql}")
        if filled.rowcount:  # what the next ones read of it is planned by how many rows there are
            connection.execute(f"analyze main.[{fact.name}]")


def _index_words(connection: sqlite3.Connection) -> None:
    """Let what can be searched for be found by its words, whatever their accents."""
    search = sqlite_utils.Database(connection).table("search")
    if search.detect_fts():
        search.rebuild_fts()
    else:
        search.enable_fts(["name", "detail"], tokenize="unicode61 remove_diacritics 2")


def needed(names: Iterable[str], given: Collection[str] = ()) -> list[Fact]:
    """These facts and all that they rest on, each after those; nothing behind those `given`.

    Raises KeyError for a name that is no fact's.
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            behind = () if name in given else _RESTS_ON[name]
            waiting += [one for one in behind if one in _RESTS_ON]
    return [fact for fact in FACTS if fact.name in found]


def origins(tables: Iterable[str]) -> set[str]:
    """The tables that no derivation fills, of which these are made; those among these too."""
    found: set[str] = set()
    for name in tables:
        found |= origins(_RESTS_ON[name]) if name in _RESTS_ON else {name}
    return found


def parts_behind(tables: Iterable[str]) -> set[str]:
    """The parts of a collection that these tables and facts rest on.

    The account itself is none of them: its ID is always known, and reports only name it.
    """
    parts = {TABLE[table].filled_by for table in origins(tables) & TABLE.keys()}
    return parts - {"accounts", *NO_PARTS}
