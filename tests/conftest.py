"""What the tests share: accounts served by the real sandbox, collected by the real collector."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from iaminsights.collect import collect, utc_now
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import EARLIER_BY, Account, Sandbox, earlier_sample_account, sample_account

from . import browser as browsers
from . import direct
from .sandbox_client import Caller

_VARIABLES = ("IBMCLOUD_", "IC_")

# The files that take longest. They begin first, or a core waits at the end for the last of them.
_LONGEST = (
    "test_quality.py",
    "test_takeover.py",
    "test_publishing.py",
    "test_incomplete.py",
    "test_install.py",
    "test_browser.py",
    "test_refresh.py",
    "test_site.py",
    "test_any_object.py",
    "test_findings.py",
    "test_graph.py",
    "test_effective_access.py",
    "test_faults.py",
    "test_group_reports.py",
    "test_administrators.py",
    "test_people_reports.py",
    "test_collect.py",
    "test_report_pages.py",
    "test_cis.py",
    "test_site_files.py",
    "test_home.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; `--no-loadscope-reorder` has them begin in this order."""
    place = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(autouse=True)
def _no_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own token, endpoints and proxies never reach a test."""
    for name in list(os.environ):
        if name.startswith(_VARIABLES) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def collect_from(sandbox: Sandbox, account: Account, path: Path, *, over_http=False, **options):
    """Collect one account of a running sandbox into the file; returns the summary.

    Not `over_http`, the collector gets every answer without a connection.
    """
    environment = sandbox.environment_for(account)
    with closing(Client(find_credential(None, environment), environment)) as client:
        if not over_http:
            direct.connect(client, sandbox)
        return collect(client, path, **options)


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., Path]:
    """A function that collects accounts, in order, into one file and returns its path."""

    def build(*accounts: Account, deny=(), hide=(), path: Path | None = None, **options) -> Path:
        path = path or tmp_path / "iaminsights.sqlite3"
        with Sandbox(accounts, deny=deny, hide=hide) as sandbox:
            for account in accounts:
                collect_from(sandbox, account, path, **options)
        return path

    return build


@pytest.fixture
def opened() -> Iterator[Callable[[Path], sqlite3.Connection]]:
    """A function that opens a file read-only; every connection is closed after the test."""
    connections = []

    def connect(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        connections.append(connection)
        return connection

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample account as the demo has it; a test that changes it works on a copy."""
    path = tmp_path_factory.mktemp("sample") / "iaminsights.sqlite3"
    for account, ago in ((earlier_sample_account(), EARLIER_BY), (sample_account(), timedelta())):
        with Sandbox(account) as sandbox:
            moment = utc_now() - ago
            collect_from(sandbox, account, path, reports=all_reports(), now=lambda at=moment: at)
    return path


@pytest.fixture
def serve() -> Iterator[Callable[..., Caller]]:
    """A function that serves accounts and returns a caller for the first one."""
    with ExitStack() as stack:

        def start(*accounts: Account, **options) -> Caller:
            caller = Caller(stack.enter_context(Sandbox(accounts, **options)))
            stack.callback(caller.close)
            return caller

        yield start


@pytest.fixture(scope="module")  # while one runs, the thread has an event loop: asyncio.run fails
def browser() -> Iterator[BrowserContext]:
    with browsers.opened() as context:
        yield context


@pytest.fixture
def acme() -> Account:
    return Account("Acme", owner="Olga Owner")
