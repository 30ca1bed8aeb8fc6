"""How long reports take with many accounts in one file.

    python benchmarks/many.py FILE [ACCOUNTS] [SIZE]

Collects as many generated accounts (default 100 of the size medium), each with a seed of its own,
puts the rows of all into FILE, derives the facts once, and prints the size of the file and the
processor seconds for that. `python benchmarks/reports.py FILE` then times the reports. Collecting
them one after the other into one file would give the same rows, but derive the facts 100 times.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from reports import collected

from iaminsights.facts.derived import derive
from iaminsights.store.schema import PUBLIC_ACCESS_GROUP, TABLES, Column, Table

# Made from the whole file, or of no interest here.
LEFT_OUT = {"facts", "acknowledgements", "findings", "report_counts", "finding_history", "changes"}


def value(table: Table, column: Column) -> str:
    """SQL for a column, with what is the same in every account made one account's own."""
    is_group = table.name == "access_groups" and column.name == "id"
    if is_group or column.references == "access_groups":
        name = f"[{column.name}]"
        return f"iif({name} = '{PUBLIC_ACCESS_GROUP}', {name} || '/' || :account, {name})"
    is_run = table.name == "collections" and column.name == "id"
    if is_run or column.references == "collections":
        return f"[{column.name}] + 1000 * :number"
    return f"[{column.name}]"


def add(database: sqlite3.Connection, path: Path, number: int) -> None:
    """Put the rows of another file into this one."""
    database.execute("attach ? as other", (str(path),))
    (account,) = database.execute("select account_id from other.accounts").fetchone()
    database.execute("begin")
    for table in TABLES:
        if table.name in LEFT_OUT:
            continue
        columns = ", ".join(f"[{column.name}]" for column in table.columns)
        values = ", ".join(value(table, column) for column in table.columns)
        database.execute(
            f"insert or ignore into main.[{table.name}] ({columns}) "
            f"select {values} from other.[{table.name}]",
            {"account": account, "number": number},
        )
    database.execute("commit")
    database.execute("detach other")


def main() -> None:
    path = Path(sys.argv[1])
    accounts = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    size = sys.argv[3] if len(sys.argv) > 3 else "medium"
    collected(size, path)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(path, isolation_level=None)) as database,
    ):
        database.execute("pragma synchronous = off")
        for number in range(1, accounts):
            other = Path(folder) / "one.sqlite3"
            collected(size, other, seed=number)
            add(database, other, number)
            other.unlink()
        database.execute("analyze")  # a collect plans the facts by the rows that there are
        started = time.thread_time()
        database.execute("begin")
        derive(database)
        database.execute("commit")
        seconds = time.thread_time() - started
        database.execute("analyze")
    weight = path.stat().st_size / 2**20
    print(f"{accounts} accounts, {weight:.0f} MiB, all facts derived in {seconds:.1f} s")


if __name__ == "__main__":
    main()
