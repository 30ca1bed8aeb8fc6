"""The account of proposed.py as a collected file."""

from __future__ import annotations

from pathlib import Path

import pytest

from iaminsights.sandbox import Sandbox

from ..conftest import collect_from
from .proposed import acme


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of Acme; nothing changes it."""
    path = tmp_path_factory.mktemp("check") / "acme.sqlite3"
    account = acme()
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
    return path
