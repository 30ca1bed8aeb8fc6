"""Refreshes of a file that is in use, interrupted, out of space or fought over."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import requests
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.errors import DatabaseError
from iaminsights.sandbox import Account, Sandbox, account_of_size, sample_account
from iaminsights.store import draft
from iaminsights.store.draft import Draft
from iaminsights.store.schema import APPLICATION_ID

from ..conftest import collect_from
from ..database_file import assert_sound, content_of, wait_until
from ..site_helpers import served


class Changing:
    """An account that a call of `change` makes over: every row says of which generation it is."""

    def __init__(self):
        self.account = Account("Changing")
        self.robots = [self.account.service_id(f"robot {n}") for n in range(100)]
        self.group = self.account.group("Robots", members=self.robots)
        self.generation = 0
        self.change()

    def change(self):
        self.generation += 1
        newcomer = self.account.service_id(f"newcomer {self.generation}")
        self.account.members[self.group["id"]].append(
            {**self.account.members[self.group["id"]][0], "iam_id": newcomer["iam_id"]}
        )
        self.robots.append(newcomer)
        for item in (*self.robots, self.group):
            item["description"] = str(self.generation)

    @staticmethod
    def size_of(generation):
        """How many service IDs, all of them members of the group, there are in a generation."""
        return 100 + generation


@pytest.fixture
def changing():
    return Changing()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "iaminsights.sqlite3"


# While the site is up

# One row: what three tables say at the same moment, and the number of the collect.
MOMENT = """
select count(*) as members, min(robot.description) as oldest, max(robot.description) as newest,
  min(access_groups.description) as of_group, (select count(*) from serviceids) as robots,
  (select max(id) from collections) as number
from access_group_members as member join access_groups on access_groups.id = member.group_id
join serviceids as robot on robot.iam_id = member.iam_id
"""


class Reader(threading.Thread):
    """Reads pages of a site in turn until it is told to stop; notes what each of them says."""

    def __init__(self, site, robot):
        super().__init__()
        self.asked = 0
        self.generations = [0]
        self.failures = []
        self.stop = threading.Event()
        self._session = requests.Session()
        self._session.trust_env = False
        base = f"{site.url}/iaminsights"
        self._pages = {
            f"{base}/serviceids.json?_shape=array&_size=max": self._table,
            f"{base}.json?{urlencode({'_shape': 'array', 'sql': MOMENT})}": self._moment,
            f"{base}/serviceids/{quote(robot['id'])}.json?_shape=array": self._row,
        }

    def run(self):
        with self._session:
            while not self.stop.is_set():
                for url, generation_in in self._pages.items():
                    try:
                        answer = self._session.get(url, timeout=30)
                        assert answer.status_code == 200, answer.text
                        generation = generation_in(answer.json())
                        assert generation >= self.generations[-1], "it went back"
                        self.generations.append(generation)
                    except Exception as error:
                        self.failures.append(error)
                    self.asked += 1

    def _table(self, rows):
        (generation,) = {int(row["description"]) for row in rows}
        assert len(rows) == Changing.size_of(generation)
        return generation

    def _moment(self, rows):
        (row,) = rows
        generation = row["number"]
        assert row["oldest"] == row["newest"] == row["of_group"] == str(generation)
        assert row["members"] == row["robots"] == Changing.size_of(generation)
        return generation

    def _row(self, body):
        (row,) = body
        return int(row["description"])


def test_site_stays_up_through_ten_refreshes_and_shows_each(changing, path):
    with Sandbox(changing.account) as sandbox:
        collect_from(sandbox, changing.account, path)
        with served(path) as site:
            readers = [Reader(site, changing.robots[0]) for _ in range(3)]
            for reader in readers:
                reader.start()
            try:
                for _ in range(10):
                    before = [reader.asked for reader in readers]
                    changing.change()
                    collect_from(sandbox, changing.account, path)
                    for reader, asked in zip(readers, before, strict=True):
                        wait_until(
                            lambda r=reader: r.generations[-1] == changing.generation or r.failures
                        )
                        wait_until(lambda r=reader, n=asked: r.asked > n)
                wait_until(lambda: sum(reader.asked for reader in readers) >= 200)
            finally:
                for reader in readers:
                    reader.stop.set()
                for reader in readers:
                    reader.join()
    for reader in readers:
        assert reader.failures == []
        assert set(reader.generations) == set(range(12))


# Killed

# Collects into the file that a line names, in a child that the test can kill; says when it
# begins and when it publishes. The next line asks how it ended: until then its number is its own.
COLLECTOR = """
import os, sys
from pathlib import Path
from iaminsights.ibmcloud.client import Client
from iaminsights.collect import collect
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.store.draft import Draft

def say(*words):
    print(*words, flush=True)

def publish(draft, publish=Draft.publish):
    say("publishing")
    publish(draft)

Draft.publish = publish
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        client = Client(find_credential(None, os.environ), os.environ)
        say("begun", os.getpid())
        try:
            collect(client, Path(line.rstrip()))
        except BaseException as error:
            say("failed", repr(error))
            os._exit(1)
        os._exit(0)
    sys.stdin.readline()
    say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


class Collector:
    """Runs collects in processes of their own, one after the other."""

    def __init__(self, sandbox):
        self._process = subprocess.Popen(
            [sys.executable, "-c", COLLECTOR],
            env={**os.environ, **sandbox.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, path):
        """Start a collect and return the number of its process."""
        self._tell(path)
        return int(self.await_("begun"))

    def await_(self, word):
        """What is said after the word, when it is said."""
        for line in self._process.stdout:
            said, _, rest = line.strip().partition(" ")
            if said == word:
                return rest
            assert said != "failed", rest
        raise AssertionError(f"it ended and never said {word}")

    def ended(self):
        """Wait for the end of the collect; returns its exit code, -9 if it was killed."""
        self._tell("")
        return int(self.await_("ended"))

    def finish(self, path):
        """Collect to the end; returns how long it took, and how long of it to publish."""
        self.begin(path)
        begun = time.monotonic()
        self.await_("publishing")
        publishing = time.monotonic()
        assert self.ended() == 0
        return time.monotonic() - begun, time.monotonic() - publishing

    def close(self):
        self._process.communicate(timeout=30)

    def _tell(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


def copied(path, folder):
    """A copy of the file and, if there is one, of its journal, as the killed process left them."""
    folder.mkdir()
    for name in (path.name, f"{path.name}-journal"):
        with suppress(FileNotFoundError):
            shutil.copy(path.with_name(name), folder)
    return folder / path.name


@pytest.fixture
def collector_of():
    """A function that starts a Collector for a sandbox; it ends with the test."""
    with ExitStack() as stack:
        yield lambda sandbox: stack.enter_context(closing(Collector(sandbox)))


def test_killed_at_twenty_moments_leaves_the_old_file_or_the_new(
    changing, path, tmp_path, collector_of
):
    moments = random.Random(20)
    exit_codes = []
    with Sandbox(changing.account, latency=0.005) as sandbox:
        collector = collector_of(sandbox)
        collector.finish(path)
        changing.change()
        duration, publishing = collector.finish(path)
        for number in range(20):
            before = content_of(path)
            changing.change()
            process = collector.begin(path)
            if number % 4:
                time.sleep(moments.uniform(0, duration))
            else:
                collector.await_("publishing")
                time.sleep(moments.uniform(0, publishing))
            os.kill(process, signal.SIGKILL)
            exit_codes.append(collector.ended())
            # Looked at in a copy: the next collect finds what the killed one left behind.
            copy = copied(path, tmp_path / f"copy {number}")
            assert_sound(copy)
            duration, publishing = collector.finish(path)  # the machine may do more by now, or less
            after = content_of(path)
            assert before != after
            assert content_of(copy) in (before, after)
            assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [path.name]
    assert set(exit_codes) <= {0, -9} and exit_codes.count(-9) >= 10


def read_only(path):
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return db.execute("select count(*) from users").fetchone()[0]


def killed_while_publishing(collector, path):
    """Kill a collect while SQLite is writing the file; whether it was hit."""
    journal = path.with_name(f"{path.name}-journal")
    process = collector.begin(path)
    collector.await_("publishing")
    # SQLite fills in the journal's first bytes when it begins to write the file itself.
    begin, end = b"", time.monotonic() + 3
    while begin in (b"", b"\0") and time.monotonic() < end:
        with suppress(FileNotFoundError), journal.open("rb") as file:
            begin = file.read(1)
    os.kill(process, signal.SIGKILL)
    return collector.ended() == -9 and journal.exists()


def test_killed_while_publishing_is_undone(path, tmp_path, collector_of):
    account = account_of_size("medium")
    with Sandbox(account) as sandbox:
        collector = collector_of(sandbox)
        collector.finish(path)
        before, users = content_of(path), len(account.users)
        account.users.pop()
        attempts = 1
        while not killed_while_publishing(collector, path):
            collector.finish(path)
            attempts += 1
            assert attempts < 10, "no kill came while the file was written"
            before, users = content_of(path), len(account.users)
            account.users.pop()
        undone = copied(path, tmp_path / "undone")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            read_only(undone)
        with served(copied(path, tmp_path / "served")) as site:  # the site's plugin undoes it
            assert len(site.get(f"/{path.stem}/users.json?_shape=array&_size=max").json()) == users
        with closing(sqlite3.connect(undone)) as writable:  # SQLite undoes it by itself
            writable.execute("pragma schema_version")
        assert read_only(undone) == users and content_of(undone) == before
        assert_sound(undone)

        collector.finish(path)
        assert read_only(path) == users - 1
        assert_sound(path)


# No space


# Runs the command with a limit to the size of the files that it may write.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from iaminsights.cli import main
main(sys.argv[2:])
"""


def failed_collect(command, sandbox):
    """What a collect says that must fail with exit code 1; it is one line."""
    result = subprocess.run(
        command, env={**os.environ, **sandbox.environment}, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_no_more_space_leaves_the_old_file(sample_file, path, share):
    shutil.copy(sample_file, path)
    before = path.read_bytes()
    limit = str(int(len(before) * share))
    with Sandbox(sample_account()) as sandbox:
        command = [sys.executable, "-c", LIMITED, limit, "collect", str(path), "--quiet"]
        said = failed_collect(command, sandbox)
    assert said.startswith(f"Error: {path} could not be written: ")
    assert said.endswith(". It was not changed.\n")
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_no_more_space_at_the_first_collect_leaves_nothing(sample_file, path):
    limit = str(sample_file.stat().st_size // 2)
    with Sandbox(sample_account()) as sandbox:
        failed_collect(
            [sys.executable, "-c", LIMITED, limit, "collect", str(path), "--quiet"], sandbox
        )
    assert os.listdir(path.parent) == []


@contextmanager
def small_disk(folder, size):
    """A file system of so many bytes; skips the test where none may be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "files", [pytest.param(1.5, id="no room to collect"), pytest.param(2.1, id="to publish")]
)
def test_full_disk_leaves_the_old_file(sample_file, tmp_path, files):
    size = sample_file.stat().st_size
    with (
        small_disk(tmp_path / "disk", int(size * files)) as disk,
        Sandbox(sample_account()) as sandbox,
    ):
        path = Path(shutil.copy(sample_file, disk / "iaminsights.sqlite3"))
        before = path.read_bytes()
        command = [sys.executable, "-c", LIMITED, "-1", "collect", str(path), "--quiet"]
        said = failed_collect(command, sandbox)
        assert f"{path} could not be written: database or disk is full. It was not changed." in said
        assert path.read_bytes() == before
        assert os.listdir(disk) == [path.name]


# Fought over


def test_second_collect_says_so_and_the_first_finishes(changing, path):
    held = threading.Event()

    def wait_for_the_second(step, finished):
        assert held.wait(30)

    with Sandbox(changing.account) as sandbox:
        first = threading.Thread(
            target=collect_from,
            args=(sandbox, changing.account, path),
            kwargs={"progress": wait_for_the_second},
        )
        first.start()
        wait_until(lambda: sandbox.requests)
        result = CliRunner().invoke(main, ["collect", str(path)], env=sandbox.environment)
        assert first.is_alive()
        held.set()
        first.join()
    assert result.exit_code == 1
    said = f"Error: Another collection is writing {path}; wait until it finishes.\n"
    assert result.stderr == said
    assert content_of(path)["users"]
    assert_sound(path)
    assert os.listdir(path.parent) == [path.name]


def begin_at_the_same_moment(path, number):
    """What came of so many drafts: 1 for each that was held, and the errors of the others."""
    outcomes = []
    start, end = threading.Barrier(number), threading.Barrier(number)

    def attempt():
        start.wait(30)
        try:
            with Draft(path):
                outcomes.append(1)
                end.wait(30)
        except DatabaseError as error:
            outcomes.append(str(error))
            end.wait(30)

    threads = [threading.Thread(target=attempt) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("left_behind", [False, True])
def test_of_many_that_begin_at_the_same_moment_one_gets_the_file(path, left_behind):
    others = [f"Another collection is writing {path}; wait until it finishes."] * 5
    for _ in range(20):
        if left_behind:
            path.with_name(f".{path.name}.collecting").write_bytes(b"half a file")
        outcomes = begin_at_the_same_moment(path, 6)
        assert sorted(outcomes, key=str) == [1, *others]
        assert os.listdir(path.parent) == []


@contextmanager
def reading(path):
    """A reader in the middle of reading: it holds its lock until the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("begin")
        db.execute("select count(*) from users").fetchone()
        yield db


def test_long_reader_only_delays_publishing(changing, path, monkeypatch):
    publishing = threading.Event()
    publish = Draft.publish

    def announced(draft):
        publishing.set()
        publish(draft)

    with Sandbox(changing.account) as sandbox:
        collect_from(sandbox, changing.account, path)
        before = content_of(path)
        changing.change()
        monkeypatch.setattr(Draft, "publish", announced)
        collecting = threading.Thread(target=collect_from, args=(sandbox, changing.account, path))
        with reading(path):
            collecting.start()
            assert publishing.wait(30)
            for _ in range(8):  # others go on reading, each within SQLite's usual five seconds
                assert content_of(path) == before
            assert collecting.is_alive()
        collecting.join()
    assert content_of(path) != before
    assert_sound(path)


def test_reader_that_does_not_end_is_named_as_the_reason(changing, path, monkeypatch):
    monkeypatch.setattr(draft, "_PATIENCE_WITH_READERS", 0)
    began, given_up = threading.Event(), threading.Event()

    def read():
        with reading(path):
            began.set()
            given_up.wait(20)

    with Sandbox(changing.account) as sandbox:
        collect_from(sandbox, changing.account, path)
        before = content_of(path)
        changing.change()
        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert began.wait(10)
            with pytest.raises(DatabaseError, match="another program has been using it for 0 sec"):
                collect_from(sandbox, changing.account, path)
            assert content_of(path) == before
            assert os.listdir(path.parent) == [path.name]
        finally:
            given_up.set()
            reader.join()
        collect_from(sandbox, changing.account, path)
    assert content_of(path) != before


# Kept and refused


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_file_mode_is_kept(changing, path, mode):
    with Sandbox(changing.account) as sandbox:
        collect_from(sandbox, changing.account, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(mode)
        collect_from(sandbox, changing.account, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def not_sqlite(path):
    path.write_bytes(b"Dear diary, " * 1000)


def not_ours(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table diary (day text)")


def of_a_later_version(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute("pragma user_version = 99")
        db.execute("create table users (id text)")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (not_sqlite, "is not a SQLite file; specify another file."),
        (not_ours, "was not created by IAM insights; specify another file."),
        (of_a_later_version, "was created by a later version of IAM insights; use that version"),
    ],
)
def test_file_that_is_not_ours_is_refused_before_anything_is_asked(changing, path, made, said):
    made(path)
    before = path.read_bytes()
    with Sandbox(changing.account) as sandbox:
        environ = {**sandbox.environment, "IBMCLOUD_TOKEN": ""}  # a key would be exchanged first
        result = CliRunner().invoke(main, ["collect", str(path)], env=environ)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {path} {said}")
    assert sandbox.requests == []
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


# Runs the command without root's right to write everywhere (CAP_DAC_OVERRIDE, 1).
POWERLESS = """
import ctypes, os, sys
if os.geteuid() == 0:
    drop = ctypes.CDLL(None).prctl
    drop(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""
COLLECT = "import sys; from iaminsights.cli import main; main(sys.argv[1:])"


@pytest.mark.skipif(sys.platform != "linux", reason="takes a right from root as Linux does")
def test_folder_that_is_not_writable_is_refused_before_anything_is_asked(
    changing, tmp_path, sample_file
):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = Path(shutil.copy(sample_file, folder))
    before = path.read_bytes()
    folder.chmod(0o555)
    try:
        with Sandbox(changing.account) as sandbox:
            for name in (path, folder / "new.sqlite3"):
                command = [sys.executable, "-c", POWERLESS, COLLECT, "collect", str(name)]
                said = failed_collect(command, sandbox)
                assert said == (
                    f"Error: The folder {folder} is not writable; specify a file in another "
                    "folder.\n"
                )
    finally:
        folder.chmod(0o755)
    assert sandbox.requests == []
    assert path.read_bytes() == before
    assert os.listdir(folder) == [path.name]
