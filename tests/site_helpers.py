"""Serves databases with a real Datasette process, as a user would."""

from __future__ import annotations

import atexit
import copy
import html
import json
import re
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from os import environ
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import requests

from iaminsights.facts.headers import read_yaml
from iaminsights.files import METADATA, project_file

from . import datasette_process
from .report_rows import ASKED_OF_SAMPLE

CHECKOUT = Path(__file__).resolve().parent.parent
_SETTINGS = read_yaml(project_file(METADATA).read_text(encoding="utf-8"))
REPORTS = _SETTINGS["databases"]["iaminsights"]["queries"]

# A report with as many rows as its parameter says.
LONG = """
with recursive numbers (number) as (
  select 1 union all select number + 1 from numbers where number < cast(:rows as integer)
)
select number, '' as iam_id, count(*) over () as report_rows from numbers order by number
"""

DATASETTE = (sys.executable, "-m", "datasette")
READ_AT_IMPORT = {"DATASETTE_LOAD_PLUGINS", "PYTHONPATH"}


def _datasette_with(*plugins: str) -> tuple[str, ...]:
    """Datasette with these modules as its only plugins, by the names that they are known by.

    It loads no installed plugin when it is told that it is being tested.
    """
    lines = [
        "import sys; sys._called_from_test = True",
        "from datasette.cli import cli",
        "from datasette.plugins import pm",
    ]
    for module in plugins:
        name = f"{module.rpartition('.')[2]}.py" if "." in module else module
        lines.append(f"import {module}; pm.register(sys.modules['{module}'], '{name}')")
    return (sys.executable, "-c", "\n".join([*lines, "cli()"]))


# What a user has installed, without what the tests need beside it.
AS_INSTALLED = _datasette_with("datasette_vega", "iaminsights_plugins.iaminsights")
BARE_DATASETTE = _datasette_with("datasette_vega")


def axes(fragment: str) -> tuple[str, str]:
    """The column that says where a bar or point is, and the one that says how much it is."""
    chart = {key: value[0] for key, value in parse_qs(fragment).items()}
    turned = chart["g.x_type"] == "quantitative"
    return tuple(chart[f"g.{axis}_column"] for axis in ("yx" if turned else "xy"))


@dataclass
class Site:
    """A served database: `get` fails on every answer but 200."""

    url: str
    log: list[str] = field(default_factory=list)
    followed: set[str] = field(default_factory=set)

    def get(self, path: str, status: int = 200) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            response = session.get(self.url + path)
        assert response.status_code == status, f"{path}: {response.status_code}\n{self.log[-5:]}"
        return response

    def page(self, path: str) -> str:
        return self.get(path).text

    def text(self, path: str) -> str:
        """What a reader sees on the page, in one line."""
        return text_of(self.page(path))

    def follow(self, link: str) -> None:
        """Fail if a link as it stands on a page leads nowhere; each is tried once."""
        if link not in self.followed:
            self.get(html.unescape(link))
            self.followed.add(link)


def text_of(page: str) -> str:
    """What a reader sees on the page, in one line."""
    seen = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(seen).split())


@cache
def _metadata_as_json() -> Path:
    """The project's metadata.yml in the form that Datasette reads in no time."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "metadata.json"
    path.write_text(json.dumps(_SETTINGS))
    return path


@contextmanager
def served(
    *arguments: object,
    metadata: Path | None = None,
    command: Sequence[str] = (),
    folder: Path | None = None,
    **variables: str,
) -> Iterator[Site]:
    """Serve with what metadata.yml says, or another, on a free port of this machine.

    A new interpreter does it with a `command` and with variables that count when Datasette is
    imported, else one that has it imported.
    """
    metadata = metadata or _metadata_as_json()
    told = ["serve", *map(str, arguments), "--metadata", str(metadata), "--port", "0"]
    environment = {**environ, **variables}
    if command or variables.keys() & READ_AT_IMPORT:
        lines, end = datasette_process.run([*(command or DATASETTE), *told], environment, folder)
    else:
        lines, end = datasette_process.fork(told, environment, folder)
    site = Site("")
    reader = threading.Thread(target=site.log.extend, args=(lines,))
    try:
        for line in lines:
            site.log.append(line)
            if running := re.search(r"running on (http://\S+)", line):
                site.url = running[1]
                break
        assert site.url, "Datasette did not start:\n" + "".join(site.log)
        reader.start()
        yield site
    finally:
        end()
        if reader.ident:
            reader.join()
        lines.close()


def queries_file(folder: Path, **queries: dict[str, str]) -> Path:
    """Write a metadata file with these canned queries and nothing else."""
    path = folder / "metadata.json"
    path.write_text(json.dumps({"databases": {"iaminsights": {"queries": queries}}}))
    return path


def metadata_hiding(folder: Path, *names: str) -> Path:
    """Write the project's metadata, in which nobody may see these tables and reports."""
    settings = copy.deepcopy(_SETTINGS)
    database = settings["databases"]["iaminsights"]
    for name in names:
        kind = "queries" if name in REPORTS else "tables"
        database[kind].setdefault(name, {})["allow"] = False
    path = folder / f"without {', '.join(names)}.json"
    path.write_text(json.dumps(settings))
    return path


def address(name: str, extension: str = "", **query: str) -> str:
    """The path of a report of the sample account, about something if it must be asked so."""
    asked = urlencode({**query, **ASKED_OF_SAMPLE.get(name, {})})
    return f"/iaminsights/{name}{extension}" + (f"?{asked}" if asked else "")
