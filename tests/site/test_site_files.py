"""A site whose file was left half replaced, or was made by another version."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from iaminsights.sandbox import Account, Sandbox, account_of_size
from iaminsights.store.schema import SCHEMA_VERSION

from ..collecting.test_refresh import POWERLESS, Collector, killed_while_publishing
from ..database_file import assert_sound
from ..schema_versions import file_of, pins, unpacked
from ..site_helpers import served

DATASETTE_ITSELF = "from datasette.cli import cli; cli()"
POWERLESS_DATASETTE = (sys.executable, "-c", POWERLESS, DATASETTE_ITSELF)
EARLIER = sorted(set(pins()) - {SCHEMA_VERSION})
SENTENCE = (
    "iaminsights was created by an earlier version of IAM insights; collect into it again to "
    "update it. Its data is kept."
)

# Writes into the file as SQLite does while a collect replaces it, says so and waits to be killed.
WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("pragma cache_size = 1")
db.execute("begin exclusive")
db.execute("update users set user_id = 'half'")
db.execute("delete from collections")
db.execute("create table filler as select randomblob(100000) from pragma_function_list limit 50")
print("writing", flush=True)
sys.stdin.read()
"""


def killed_while_writing(path: Path) -> None:
    """Leave a hot journal: a process that writes the file is killed for good."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"writing\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    with pytest.raises(sqlite3.OperationalError, match="readonly"), closing(read_only(path)) as db:
        db.execute("select 1 from users").fetchall()


def read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


@pytest.fixture
def path(collected) -> Path:
    account = Account("Acme")
    account.user("Ada Lovelace")
    return collected(account)


# --- Half a publication --------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/", "/iaminsights", "/iaminsights/users", "/-/versions.json"])
def test_a_site_that_is_up_mends_itself_at_the_next_request(path, page):
    people = "/iaminsights/users.json?_shape=array"
    with served(path) as site:
        before = site.get(people).json()
        killed_while_writing(path)
        site.get(page)
        assert site.get(people).json() == before
        assert {row["user_id"] for row in before} != {"half"}
        killed_while_writing(path)  # and again
        assert site.get(people).json() == before
    assert_sound(path)
    assert os.listdir(path.parent) == [path.name]


def test_a_site_mends_the_file_of_a_collect_that_was_killed(tmp_path):
    path, account = tmp_path / "iaminsights.sqlite3", account_of_size("medium")
    with Sandbox(account) as sandbox, closing(Collector(sandbox)) as collector:
        collector.finish(path)
        with served(path) as site:
            for _ in range(10):
                users = len(account.users)
                account.users.pop()
                if killed_while_publishing(collector, path):
                    break
                collector.finish(path)
            else:
                raise AssertionError("no kill came while the file was written")
            found = site.get("/iaminsights/users.json?_shape=array&_size=max").json()
            assert len(found) == users
            # What the killed collect left beside the file goes with the next one.
            assert (tmp_path / f".{path.name}.collecting").exists()
            collector.finish(path)
            found = site.get("/iaminsights/users.json?_shape=array&_size=max").json()
            assert len(found) == users - 1
    assert os.listdir(tmp_path) == [path.name]


def test_another_file_of_the_site_is_mended_too(path, tmp_path):
    other = Path(shutil.copy(path, tmp_path / "other.sqlite3"))
    with served(path, other) as site:
        killed_while_writing(other)
        site.get("/iaminsights/users")
        site.get("/other/users")


@pytest.mark.skipif(sys.platform != "linux", reason="takes a right from root as Linux does")
def test_where_the_site_may_not_write_it_says_what_to_do(path):
    folder = path.parent
    with served(path, command=POWERLESS_DATASETTE) as site:
        site.get("/iaminsights/users")
        killed_while_writing(path)
        folder.chmod(0o555)
        path.chmod(0o444)
        try:
            said = site.get("/iaminsights/users.json", status=503).json()["error"]
            assert said == (
                "A collection was killed while it replaced iaminsights, and this site has no "
                "permission to write there and undo it. Collect again, or run iaminsights report "
                "on it, as a user with permission."
            )
            assert said in site.get("/", status=503).text
        finally:
            folder.chmod(0o755)
            path.chmod(0o644)
        site.get("/iaminsights/users")


def test_a_writer_that_is_still_at_it_is_left_alone(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("update users set user_id = 'not yet'")
        assert path.with_name(f"{path.name}-journal").exists()
        with served(path) as site:
            assert "not yet" not in site.get("/iaminsights/users.json").text
            writer.execute("commit")
            assert "not yet" in site.get("/iaminsights/users.json").text


def test_an_immutable_file_is_not_touched(path):
    killed_while_writing(path)
    journal = path.with_name(f"{path.name}-journal")
    before = path.read_bytes(), journal.read_bytes()
    # It has half of each: what it shows, and whether Datasette can start at all, is chance.
    with suppress(AssertionError), served("--immutable", path) as site:
        site.get("/iaminsights/users")
    assert (path.read_bytes(), journal.read_bytes()) == before


# --- Files of other versions ---------------------------------------------------------------------


@pytest.mark.parametrize("version", [v for v in EARLIER if file_of(v).exists()])
def test_an_earlier_file_says_what_to_do(version, tmp_path, path):
    present = Path(shutil.copy(path, tmp_path / "present.sqlite3"))
    unpacked(version, path)
    with served(path, present) as site:
        for page in ("", "/api_key_no_expiry", "/users", "?sql=select+1"):
            assert SENTENCE in site.get(f"/iaminsights{page}", status=503).text
        said = site.get("/iaminsights/api_key_no_expiry.json", status=503).json()
        assert (said["ok"], said["error"]) == (False, SENTENCE)
        assert SENTENCE in site.text("/")  # beside the other, which is as it was
        site.get("/present/api_key_no_expiry.json")
        # A collect takes it over while the site is up.
        with closing(sqlite3.connect(present)) as made, closing(sqlite3.connect(path)) as live:
            made.backup(live)
        site.get("/iaminsights/api_key_no_expiry.json")


def test_a_later_file_says_what_to_do(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    with served(path) as site:
        said = site.get("/iaminsights/api_key_no_expiry", status=503).text
        assert "created by a later version of IAM insights; serve it with that version." in said


def test_a_file_that_is_not_ours_has_no_version(tmp_path):
    diary = tmp_path / "diary.sqlite3"
    with closing(sqlite3.connect(diary)) as database:
        database.execute("create table days (day text)")
    with served(diary) as site:
        site.get("/diary/days")


def test_who_may_not_see_a_file_is_not_told_of_its_version(tmp_path):
    path = unpacked(EARLIER[-1], tmp_path / "iaminsights.sqlite3")
    metadata = tmp_path / "closed.json"
    metadata.write_text('{"allow": {"id": "root"}}')
    with served(path, metadata=metadata) as site:
        assert "version" not in site.get("/iaminsights/users", status=403).text


def test_what_a_later_collect_could_not_read_is_said_at_once(collected):
    account = Account("Acme", owner="Olga Owner")
    path = collected(account)
    report = "/iaminsights/api_key_no_expiry"
    with served(path) as site:
        assert "Some data is missing" not in site.page(report)
        collected(account, path=path, deny=["api_keys"])
        assert "Some data is missing" in site.page(report)
        collected(account, path=path)
        assert "Some data is missing" not in site.page(report)
