"""A user's machine: an empty environment, an empty folder, and the commands of the README."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from .site_helpers import Site, served

PROJECT = Path(__file__).parent.parent
PAGES = ("/", "/iaminsights", "/iaminsights/policies_by_last_permit", "/iaminsights/users")


class Machine:
    """An environment with IAM insights installed in one way, and an empty folder to work in.

    Where there is one `like` it, everything else that is installed is copied from there.
    """

    def __init__(self, root: Path, *how: str, like: Machine | None = None) -> None:
        self.bin, self.folder = root / "venv" / "bin", root / "work"
        self.folder.mkdir(parents=True)
        if like:
            shutil.copytree(like.bin.parent, self.bin.parent, symlinks=True)
            there, here = (bytes(machine.bin.parent) for machine in (like, self))
            for script in self.bin.iterdir():
                if not script.is_symlink():  # such as python itself
                    script.write_bytes(script.read_bytes().replace(there, here))
        else:
            subprocess.run([sys.executable, "-m", "venv", self.bin.parent], check=True)
        self.run("python", "-m", "pip", "--quiet", "install", *how)

    def run(self, program: str, *arguments: str) -> str:
        """Standard output of an installed program, which must succeed."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.bin.parent)}

    def served(self) -> AbstractContextManager[Site]:
        """What `datasette iaminsights.sqlite3 -m metadata.yml` serves."""
        return served(
            "iaminsights.sqlite3",
            metadata=Path("metadata.yml"),
            command=[str(self.bin / "datasette")],
            folder=self.folder,
            **self.environment,
        )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files without what a build or an earlier run left among them."""
    target = tmp_path_factory.mktemp("source") / "iaminsights"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in tracked.stdout.splitlines():
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    return target


@pytest.fixture(scope="module")
def ordinary(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("ordinary"), str(source))
    shutil.rmtree(source / "build", ignore_errors=True)
    machine.run("iaminsights", "demo")
    return machine


@pytest.fixture(scope="module")
def editable(ordinary: Machine, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    root = tmp_path_factory.mktemp("editable")
    machine = Machine(root, "--editable", str(source), like=ordinary)
    machine.run("iaminsights", "demo")
    return machine


@pytest.fixture(scope="module")
def ordinary_site(ordinary: Machine) -> Iterator[Site]:
    with ordinary.served() as site:
        yield site


@pytest.fixture(scope="module")
def editable_site(editable: Machine) -> Iterator[Site]:
    with editable.served() as site:
        yield site


def test_three_commands_work_from_an_empty_folder(ordinary, ordinary_site):
    assert sorted(path.name for path in ordinary.folder.iterdir()) == [
        "iaminsights.sqlite3",
        "metadata.yml",
    ]
    assert "Lumen Harbour Logistics" in ordinary_site.page("/")
    rows = ordinary_site.page("/iaminsights/users_not_in_access_group.json?_shape=array")
    assert rows.count('"login"') == 11


@pytest.mark.parametrize("path", PAGES)
def test_both_ways_of_installing_give_the_same_site(ordinary_site, editable_site, path):
    assert plain(ordinary_site, path) == plain(editable_site, path)


def plain(site: Site, path: str) -> str:
    """A page without its own address, times, and rows, which a busy machine does not count."""
    page = site.page(path).replace(site.url, "").replace("%3A", ":")
    page = re.sub(r"[\d.]+ms|\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:]+Z", "", page)
    return re.sub(r'="number">[\w,]+ rows?<', "", page)


def assert_each_is_registered_once(plugins: str) -> None:
    """One plugin for each file, by whichever name it was found; the one for safety among them."""
    ours = [plugin for plugin in json.loads(plugins) if plugin["name"].startswith("iaminsights")]
    files = [one["name"].removeprefix("iaminsights_plugins.").removesuffix(".py") for one in ours]
    assert sorted(files) == sorted(path.stem for path in (PROJECT / "plugins").glob("*.py"))
    (safety,) = (one["hooks"] for one in ours if "safety" in one["name"])
    assert {"asgi_wrapper", "extra_js_urls"} <= {*safety}


@pytest.mark.parametrize("machine", ["ordinary", "editable"])
def test_each_plugin_is_registered_once(machine, request):
    plugins = request.getfixturevalue(machine).run("datasette", "plugins")
    assert_each_is_registered_once(plugins)
    assert plugins.count("datasette_vega") + plugins.count("datasette-vega") >= 1


def test_checkout_served_as_a_folder_registers_each_plugin_once(editable, source):
    shutil.copy2(editable.folder / "iaminsights.sqlite3", source)
    assert_each_is_registered_once(
        editable.run("datasette", str(source), "--get", "/-/plugins.json")
    )
    assert "Lumen Harbour Logistics" in editable.run("datasette", str(source), "--get", "/")


def test_metadata_in_an_empty_folder_is_the_bundled_one(ordinary):
    ordinary.run("iaminsights", "metadata", "--check")
    (ordinary.folder / "metadata.yml").unlink()
    ordinary.run("iaminsights", "metadata")
    assert (ordinary.folder / "metadata.yml").read_text() == (PROJECT / "metadata.yml").read_text()


def test_packages_agree_with_each_other(ordinary):
    ordinary.run("python", "-m", "pip", "check")
