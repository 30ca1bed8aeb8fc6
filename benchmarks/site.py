"""How long pages take, against the same pages of a Datasette without our plugin and templates.

    python benchmarks/site.py [FILE]

Serves the sample account, or a file that was collected before, twice: by Datasette as installed,
and by a bare one with datasette-vega and the same metadata.yml. Asks both for the same page in
turn, many times, and prints the medians and their ratio: one run, side by side, on the same
machine.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import requests
from datasette.utils import tilde_encode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from iaminsights.collect import collect
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Sandbox, sample_account
from tests.site_helpers import AS_INSTALLED, BARE_DATASETTE, served

ROUNDS = 40

# Ours shows a page of a report's rows, where Datasette shows all: the same page has the same.
SAME_ROWS = ("--setting", "max_returned_rows", 100)

# Pages of one kind each; of rows the first of their table that has most to tell.
ROWS = {
    "users": "select id from users order by id limit 1",
    "serviceids": "select id from serviceids order by id limit 1",
    "trustedprofiles": "select id from trustedprofiles order by id limit 1",
    "access_groups": "select access_group_id from policies where access_group_id is not null "
    "group by 1 order by count(*) desc limit 1",
    "policies": "select id from policies where type = 'access' order by id limit 1",
    "resource_service_instances": "select id from resource_service_instances order by id limit 1",
}
PAGES = (
    "/",
    "/iaminsights",
    "/iaminsights/policies",
    "/iaminsights/user_contact_missing",
    "/iaminsights/users_not_in_access_group",
    "/iaminsights/policies_by_last_permit",
    "/iaminsights/findings_summary",
    "/iaminsights/find?text=adm",
    "/iaminsights?sql=select+*+from+users+limit+100",
    "/iaminsights/users_not_in_access_group.json",
)


def collected_sample(folder: Path) -> Path:
    path = folder / "iaminsights.sqlite3"
    with Sandbox(sample_account()) as sandbox:
        environment = sandbox.environment
        with closing(Client(find_credential(None, environment), environment)) as client:
            collect(client, path, reports=all_reports())
    return path


def pages(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        rows = [
            f"/iaminsights/{table}/{tilde_encode(str(database.execute(sql).fetchone()[0]))}"
            for table, sql in ROWS.items()
        ]
    return [*PAGES, *rows]


def timed(session: requests.Session, url: str) -> float:
    started = time.perf_counter()
    session.get(url).raise_for_status()
    return time.perf_counter() - started


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else collected_sample(folder)
        ours = stack.enter_context(served(path, command=AS_INSTALLED)).url
        bare = stack.enter_context(served(path, *SAME_ROWS, command=BARE_DATASETTE)).url
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        print(f"{'ours ms':>8} {'bare ms':>8} {'ratio':>6}  page of {path.name}")
        for page in pages(path):
            times: dict[str, list[float]] = {ours: [], bare: []}
            for _ in range(ROUNDS):
                for site in times:
                    times[site].append(timed(session, site + page))
            mine, other = (1000 * statistics.median(times[site]) for site in (ours, bare))
            print(f"{mine:8.1f} {other:8.1f} {mine / other:6.2f}  {page[:70]}")


if __name__ == "__main__":
    main()
