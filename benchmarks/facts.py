"""How long each fact takes to derive, and what it weighs in the file.

    python benchmarks/facts.py [SIZE]

Collects a generated account (small, medium or limits) from the sandbox, derives the facts once
more, and prints processor seconds, rows and KiB of each, and the sums.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from reports import collected

from iaminsights.facts.derived import FACTS, derive


def weight(database: sqlite3.Connection, table: str) -> float:
    """KiB of a table and its indexes."""
    names = [table] + [
        name
        for (name,) in database.execute(
            "select name from sqlite_master where type = 'index' and tbl_name = ?", (table,)
        )
    ]
    marks = ", ".join("?" * len(names))
    asked = f"select coalesce(sum(pgsize), 0) / 1024.0 from dbstat where name in ({marks})"
    return database.execute(asked, names).fetchone()[0]


def main() -> None:
    size = sys.argv[1] if len(sys.argv) > 1 else "limits"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.sqlite"
        collected(size, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("begin")
            derive(database)
            database.execute("commit")
            total = [0.0, 0, 0.0]
            print(f"{'seconds':>8} {'rows':>8} {'KiB':>8}  fact, in the account '{size}'")
            for fact in FACTS:
                database.execute("begin")
                database.execute(f"delete from [{fact.name}]")
                started = time.thread_time()
                columns = ", ".join(f"[{column.name}]" for column in fact.table.columns)
                database.execute(f"insert into [{fact.name}] ({columns}) {fact.sql}")
                seconds = time.thread_time() - started
                database.execute("commit")
                (rows,) = database.execute(f"select count(*) from [{fact.name}]").fetchone()
                found = seconds, rows, weight(database, fact.name)
                total = [old + new for old, new in zip(total, found, strict=True)]
                print(f"{seconds:8.3f} {rows:8,} {found[2]:8,.0f}  {fact.name}")
            print(f"{total[0]:8.3f} {total[1]:8,} {total[2]:8,.0f}  all facts")


if __name__ == "__main__":
    main()
