"""How long each report takes, in an account at IBM Cloud's limits.

    python benchmarks/reports.py [SIZE]

Collects a generated account (small, medium or limits) from the sandbox, runs each report three
times without parameters, and prints the shortest time, the rows of the answer and report_rows.
Datasette gives a query one second.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from iaminsights.client import Client
from iaminsights.collect import collect
from iaminsights.credentials import find_credential
from iaminsights.files import QUERIES, project_file
from iaminsights.reports import Report, read_reports
from iaminsights.sandbox import Sandbox, account_of_size

REPETITIONS = 3


def collected(size: str, path: Path) -> None:
    with Sandbox(account_of_size(size)) as sandbox:
        environment = sandbox.environment
        with closing(Client(find_credential(None, environment), environment)) as client:
            collect(client, path)


def timed(path: Path, report: Report) -> tuple[float, list[tuple]]:
    """Seconds and rows; each time over a new connection, as a page that is opened first."""
    best, found = float("inf"), []
    for _ in range(REPETITIONS):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            started = time.perf_counter()
            found = database.execute(report.sql, dict.fromkeys(report.parameters, "")).fetchall()
            best = min(best, time.perf_counter() - started)
    return best, found


def main() -> None:
    size = sys.argv[1] if len(sys.argv) > 1 else "limits"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.sqlite"
        collected(size, path)
        print(f"{'seconds':>8} {'rows':>8} {'of':>12}  report, in the account '{size}'")
        for report in read_reports(project_file(QUERIES)):
            seconds, found = timed(path, report)
            every = found[0][-1] if found else 0
            print(f"{seconds:8.3f} {len(found):8,} {every:12,}  {report.name}")


if __name__ == "__main__":
    main()
