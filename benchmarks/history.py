"""How a file grows when the same account is collected again and again.

    python benchmarks/history.py [COLLECTS]

Collects the sample account many times (default 30) without a change, then as many times with one
policy more each time, and prints the size of the file after each, with the rows that each collect
added. A copy of all data for every collect would grow by the size of the first file each time.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from iaminsights.collect import collect
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Sandbox, sample_account

KEPT = ("changes", "finding_history", "collections", "collection_steps")


def measured(path: Path) -> tuple[int, list[int]]:
    """Bytes that are in use, and the rows of what is kept from collect to collect."""
    with closing(sqlite3.connect(path)) as database:
        pages, free, size = (
            database.execute(f"pragma {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        counts = [database.execute(f"select count(*) from {t}").fetchone()[0] for t in KEPT]
    return (pages - free) * size, counts


def main() -> None:
    collects = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    account, reports = sample_account(), all_reports()
    group = account.groups[0]
    with tempfile.TemporaryDirectory() as folder, Sandbox(account) as sandbox:
        path = Path(folder) / "measured.sqlite3"
        environment = sandbox.environment

        def collected() -> tuple[int, list[int]]:
            with closing(Client(find_credential(None, environment), environment)) as client:
                collect(client, path, reports=reports)
            return measured(path)

        first, before = collected()
        print(f"{first / 1024:9.0f} KiB after the first collect")
        for what in ("without a change", "with one policy more each"):
            start, rows_before = measured(path)
            for number in range(collects):
                if what != "without a change":
                    account.policy(group, ["Viewer"], service="kms", description=f"new {number}")
                size, rows = collected()
            grown = (size - start) / collects
            added = ", ".join(
                f"{(now - then) / collects:.1f} {table}"
                for table, then, now in zip(KEPT, rows_before, rows, strict=True)
            )
            print(
                f"{size / 1024:9.0f} KiB after {collects} more {what}: {grown / 1024:.1f} KiB each "
                f"({100 * grown / first:.2f} % of the first), rows each: {added}"
            )


if __name__ == "__main__":
    main()
