"""Eight pages requested at once, from a real Datasette: how long each takes, and whether one fails.

    python benchmarks/eight.py [FILE]

Serves a file that was collected before, or collects the account with as much access as can be, and
asks for every report's page, eight at a time, then for their JSON. Prints the slowest, and whatever
was not answered: Datasette gives a query one second, and the eight share its threads and the
processor.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reports import asked, collected

from iaminsights.reports.catalogue import all_reports
from tests.site_helpers import AS_INSTALLED, served

AT_ONCE = 8


def answered(url: str) -> tuple[float, str, int, str]:
    """Seconds, address, status and, if it is none, what was said."""
    with requests.Session() as session:
        session.trust_env = False
        started = time.perf_counter()
        answer = session.get(url)
        seconds = time.perf_counter() - started
    refused = answer.status_code != 200 or "SQL query took too long" in answer.text
    return seconds, url, answer.status_code, answer.text[:200] if refused else ""


def told(kind: str, urls: Iterable[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = sorted(pool.map(answered, urls), reverse=True)
    refused = [one for one in found if one[3]]
    print(f"{len(found)} {kind}, {AT_ONCE} at once: {len(refused)} refused; the slowest:")
    for seconds, url, _, _ in found[:5]:
        print(f"{seconds:8.2f} s  {url.partition('/iaminsights/')[2] or url}")
    for _, url, status, said in refused:
        print(f"refused: {url} {status} {said}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "iaminsights.sqlite3"
        if not path.exists():
            collected("limits", path)
        with served(path, command=AS_INSTALLED) as site:
            pages = [
                (f"{site.url}/{path.stem}/{report.name}", urlencode(asked(path, report.name)))
                for report in all_reports()
            ]
            told("pages", (f"{page}?{query}" for page, query in pages))
            told("answers as JSON", (f"{page}.json?{query}" for page, query in pages))


if __name__ == "__main__":
    main()
