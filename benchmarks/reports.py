"""How long each report takes, in an account at IBM Cloud's limits.

    python benchmarks/reports.py [SIZE | FILE]

Collects a generated account (small, medium, limits or "4 x limits") from the sandbox, or takes a
file that was collected before, runs each report three times, and prints the fewest processor
seconds, the rows of the answer and report_rows. Parameters are empty, save for the explorers, which
are asked about who has most policies, an instance, the role Administrator, and a letter that many
words begin with; the views of access are asked about one of each as well. Datasette gives a query
one second.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

from iaminsights.collect import collect
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account, Sandbox, account_of_size
from iaminsights.sandbox.generated.account import SIZES, Size

REPETITIONS = 3
FOURFOLD = "4 x limits"

# What explorers are asked about, as queries that find it.
ASKED = {
    "what_can_identity_do": (
        "identity",
        "select members.iam_id from access_group_members as members "
        "join policies on policies.access_group_id = group_id "
        "group by 1 order by count(*) desc limit 1",
    ),
    "who_can_access_instance": ("instance", "select max(id) from resource_service_instances"),
    "who_can_do_action": ("role_or_action", "select 'Administrator'"),
    "find": ("text", "select 'a'"),
}
# Views, asked for one of a kind.
VIEWS = {
    "effective_access, one identity": (
        "select * from effective_access where iam_id = :identity limit 1001",
        "what_can_identity_do",
    ),
    "effective_access, one instance": (
        "select * from effective_access where instance_id = :instance limit 1001",
        "who_can_access_instance",
    ),
    "effective_account_access, one identity": (
        "select * from effective_account_access where iam_id = :identity limit 1001",
        "what_can_identity_do",
    ),
}


def account(size: str, seed: int = 0) -> Account:
    """The account of a size, or one with four times as much of everything as there can be."""
    if size == FOURFOLD:
        SIZES[size] = Size(*(4 * number for number in astuple(SIZES["limits"])))
    return account_of_size(size, seed)


def collected(size: str, path: Path, seed: int = 0) -> None:
    with Sandbox(account(size, seed)) as sandbox:
        environment = sandbox.environment
        with closing(Client(find_credential(None, environment), environment)) as client:
            collect(client, path, reports=all_reports())


def asked(path: Path, name: str) -> dict[str, str]:
    """The parameters for a report."""
    if name not in ASKED:
        return {}
    parameter, query = ASKED[name]
    with closing(sqlite3.connect(path)) as database:
        return {parameter: database.execute(query).fetchone()[0]}


def timed(path: Path, sql: str, values: dict[str, str]) -> tuple[float, list[tuple]]:
    """Processor seconds and rows; each time over a new connection, as a page opened first."""
    best, found = float("inf"), []
    for _ in range(REPETITIONS):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            started = time.thread_time()
            found = database.execute(sql, values).fetchall()
            best = min(best, time.thread_time() - started)
    return best, found


def main() -> None:
    size = sys.argv[1] if len(sys.argv) > 1 else "limits"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(size).absolute()
        if not path.exists():
            path = Path(folder) / "measured.sqlite"
            collected(size, path)
        print(f"{'seconds':>8} {'rows':>8} {'of':>12}  report, in {size}")
        for report in all_reports():
            values = {**dict.fromkeys(report.parameters, ""), **asked(path, report.name)}
            seconds, found = timed(path, report.sql, values)
            every = found[0][-1] if found else 0
            print(f"{seconds:8.3f} {len(found):8,} {every:12,}  {report.name}")
        for name, (sql, like) in VIEWS.items():
            seconds, found = timed(path, sql, asked(path, like))
            print(f"{seconds:8.3f} {len(found):8,} {'':>12}  {name}")


if __name__ == "__main__":
    main()
