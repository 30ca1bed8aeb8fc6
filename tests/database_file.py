"""What the tests of faults and refreshes ask of a collected file, and how they wait."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from iaminsights.facts.derived import FACTS, Fact, blank, derive
from iaminsights.store.draft import Draft
from iaminsights.store.schema import TABLES
from iaminsights.store.table import Table


def content_of(path: Path) -> dict[str, list[str]]:
    """All rows of a file by table, without the record of its collections and its index.

    Without the moment, too, at which IBM Cloud made a report: two collects have two.
    """

    def columns(table: Table) -> str:
        names = [c.name for c in table.columns if c.name not in ("report_time", "report_end_time")]
        return ", ".join(f"[{name}]" for name in names)

    with closing(sqlite3.connect(path)) as db:
        return {
            table.name: sorted(
                map(repr, db.execute(f"select {columns(table)} from [{table.name}]"))
            )
            for table in TABLES
            if not table.name.startswith("collection") and table.name != "search"
        }


def assert_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert db.execute("pragma foreign_key_check").fetchall() == []


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fail if it has not held after so long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.001)


def draft_of(path: Path) -> Draft:
    """A draft as a collect begins with."""
    return Draft(path, blank())


def add_facts(draft: Draft) -> None:
    """Make of a complete draft what a collect makes of it."""
    with draft.changing() as file:
        derive(file)


def blank_file(path: Path, account_id: str, at: str = "2026-01-01T00:00:00Z") -> Path:
    """Make a file that holds nothing but tables, facts and views, as of this account's collect."""
    path.write_bytes(_blank(account_id, at))
    return path


@cache
def _blank(account_id: str, at: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.sqlite3"
        with draft_of(path) as draft:
            draft.complete(account_id, (), at)
            add_facts(draft)
            draft.publish()
        return path.read_bytes()


def facts_behind(*names: str) -> list[Fact]:
    """These facts and all that they rest on, in their order: the others need not be derived."""
    needed = set(names)
    for fact in reversed(FACTS):
        if fact.name in needed:
            needed |= {*fact.rests_on}
    return [fact for fact in FACTS if fact.name in needed]
