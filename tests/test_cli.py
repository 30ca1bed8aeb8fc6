"""The commands as a user types them: output, exit codes, and a clear sentence for bad input."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.collect import PARTS
from iaminsights.ibmcloud.endpoints import SERVICES
from iaminsights.sandbox import Account, Sandbox

from .scripted import Answer, scripted
from .tokens import make_token

PROGRAM = str(Path(sys.executable).with_name("iaminsights"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs a command in an empty folder, with only the variables it is given."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, **environ):
        return CliRunner().invoke(main, arguments, env=environ)

    return invoke


@pytest.fixture
def sandbox():
    account = Account("Acme", owner="Olga Owner")
    account.group("Developers", members=[account.user("Ada Lovelace")])
    with Sandbox(account) as running:
        yield running


def refused(result, *said, code=1):
    """Whether a command ended with the code, the words, no traceback and an untouched folder."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Error: ") and "Traceback" not in result.output
    for words in said:
        assert words in result.stderr
    assert result.stdout == ""


def test_collect_into_the_default_file(run, sandbox, tmp_path):
    result = run("collect", **sandbox.environment)
    assert result.exit_code == 0, result.output
    assert re.match(
        r"Collected Acme into iaminsights\.sqlite3: \d+ rows, \d+ requests, [\d.]+ seconds\.\n"
        r"To view the site, run: datasette iaminsights\.sqlite3 -m metadata\.yml\n$",
        result.stdout,
    )
    lines = result.stderr.splitlines()
    assert len(lines) == len(PARTS)
    assert any(re.fullmatch(r"users +2 rows +1 page", line) for line in lines)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["iaminsights.sqlite3", "metadata.yml"]


def test_collect_with_an_api_key_in_a_file_and_quietly(run, sandbox, tmp_path):
    environ = {**sandbox.environment, "IBMCLOUD_TOKEN": "", "IBMCLOUD_API_KEY": "wrong"}
    key = tmp_path / "key.json"
    key.write_text(f'{{"apikey": "{sandbox.environment["IBMCLOUD_API_KEY"]}"}}')
    result = run("collect", "--credentials", "key.json", "--quiet", "mine.sqlite3", **environ)
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "metadata.yml").exists()  # the next command in the README asks for it
    with closing(sqlite3.connect(tmp_path / "mine.sqlite3")) as db:
        assert db.execute("select name from accounts").fetchall() == [("Acme",)]


def test_several_key_files_collect_each_account(run, tmp_path):
    accounts = [Account("Acme"), Account("Bolt")]
    for account in accounts:
        (tmp_path / f"{account.name}.json").write_text(f'{{"apikey": "{account.api_key}"}}')
    with Sandbox(accounts) as running:
        options = ("--credentials", "Acme.json", "--credentials", "Bolt.json")
        result = run("collect", *options, **running.environment)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("Collected ") == 2
    with closing(sqlite3.connect(tmp_path / "iaminsights.sqlite3")) as db:
        assert db.execute("select name from accounts order by 1").fetchall() == [
            ("Acme",),
            ("Bolt",),
        ]


def test_only_one_part(run, sandbox):
    assert run("collect", "--only", "users", **sandbox.environment).exit_code == 0
    result = run("collect", "--only", "nonsense", **sandbox.environment)
    assert result.exit_code == 2 and "'nonsense' is not one of" in result.stderr


def test_denied_part_is_named_with_its_role(run):
    with Sandbox(Account("Acme"), deny=["users"]) as running:
        result = run("collect", **running.environment)
        quiet = run("collect", "--quiet", **running.environment)
    for output in (result, quiet):
        assert output.exit_code == 4
        assert "Denied: users. It needs Viewer on User Management.\n" in output.stderr
        assert "/users answered 403: " in output.stderr
    assert re.match(r"Collected Acme .* seconds; denied: users\.\n", result.stdout)


def test_verbose_shows_requests_without_the_token(run, sandbox):
    result = run("collect", "--verbose", **sandbox.environment)
    assert re.search(r"^GET http://\S+/iam/v2/groups 200 \d+ ms$", result.stderr, re.MULTILINE)
    assert sandbox.environment["IBMCLOUD_TOKEN"].split(".")[1] not in result.output


def test_no_token(run):
    refused(run("collect"), "no token and no API key", "ibmcloud iam oauth-tokens")


def test_token_that_is_no_token(run):
    refused(run("collect", IBMCLOUD_TOKEN="hunter2"), "IBMCLOUD_TOKEN does not contain")
    assert "hunter2" not in run("collect", IBMCLOUD_TOKEN="hunter2").output


def test_expired_token(run):
    token = make_token(exp=1_700_000_000)
    refused(run("collect", IBMCLOUD_TOKEN=token), "expired at 2023-11-14 22:13 UTC", "ibmcloud iam")


def test_api_key_that_iam_refuses(run, sandbox):
    environ = {**sandbox.environment, "IBMCLOUD_TOKEN": "", "IBMCLOUD_API_KEY": "hunter2"}
    result = run("collect", **environ)
    refused(result, "does not accept the API key in IBMCLOUD_API_KEY", "could not be found")
    assert "hunter2" not in result.output


def test_key_file_that_is_none(run, tmp_path):
    refused(run("collect", "--credentials", "absent.json"), "absent.json cannot be read")
    (tmp_path / "key.json").write_text("hunter2")
    result = run("collect", "--credentials", "key.json")
    refused(result, "key.json is not a key file")
    assert "hunter2" not in result.output


def test_nobody_listens(run):
    with scripted(lambda target: Answer({})) as server:
        url = server.url
    environ = {"IBMCLOUD_API_KEY": "hunter2", "IBMCLOUD_IAM_API_ENDPOINT": url}
    result = run("collect", **environ)
    refused(result, "could not be read: Connection refused", "Check the network")
    assert "hunter2" not in result.output


def test_folder_that_is_not_there(run, sandbox):
    result = run("collect", "no/such/folder.sqlite3", **sandbox.environment)
    refused(result, "no/such does not exist")
    assert sandbox.requests == []


def test_folder_and_file_that_are_not_writable(run, sandbox, tmp_path, monkeypatch):
    if os.geteuid() == 0:  # root may write anywhere: go by the mode alone, as for anybody else
        monkeypatch.setattr(
            os, "access", lambda path, mode: os.stat(path).st_mode >> 6 & mode == mode
        )
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "old.sqlite3").touch(mode=0o400)
    refused(run("collect", "locked/old.sqlite3", **sandbox.environment), "is not writable")
    folder.chmod(0o500)
    refused(run("collect", "locked/new.sqlite3", **sandbox.environment), "is not writable")
    assert sandbox.requests == []


def test_file_that_is_not_sqlite(run, sandbox, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam, this is no database at all.\n" * 40)
    before = (tmp_path / "letter.txt").read_bytes()
    refused(run("collect", "letter.txt", **sandbox.environment), "is not a SQLite file")
    assert (tmp_path / "letter.txt").read_bytes() == before
    assert sandbox.requests == []


def test_file_that_is_not_ours(run, sandbox, tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as db:
        db.execute("create table precious (data)")
    before = (tmp_path / "other.sqlite3").read_bytes()
    result = run("collect", "other.sqlite3", **sandbox.environment)
    refused(result, "was not created by IAM insights")
    assert (tmp_path / "other.sqlite3").read_bytes() == before
    assert sandbox.requests == []


def test_file_of_a_later_version(run, sandbox, tmp_path):
    assert run("collect", **sandbox.environment).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "iaminsights.sqlite3")) as db:
        db.execute("pragma user_version = 99")
    refused(run("collect", **sandbox.environment), "created by a later version")


def test_wrong_usage(run):
    for arguments in (("collect", "--concurrency", "0"), ("collect", "a", "b"), ("nonsense",)):
        assert run(*arguments).exit_code == 2


def test_demo_collects_the_sample_account(run, tmp_path):
    result = run("demo", IBMCLOUD_TOKEN="hunter2")  # a real token is neither needed nor touched
    assert result.exit_code == 0, result.output
    assert "Collected Lumen Harbour Logistics" in result.stdout
    assert "To view the site, run: datasette iaminsights.sqlite3 -m metadata.yml" in result.stdout
    assert run("demo", "--quiet").output == ""


def moment_of(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S%z")


def test_the_collects_of_the_demo_are_weeks_apart(run, tmp_path):
    """So that what is drawn over time has dates; the last one is of now, as every collect is."""
    before = datetime.now(timezone.utc).replace(microsecond=0)
    assert run("demo", "--quiet").exit_code == 0
    after = datetime.now(timezone.utc)
    with closing(sqlite3.connect(tmp_path / "iaminsights.sqlite3")) as database:
        runs = database.execute("select started_at, finished_at from collections order by id")
        earlier, last = [tuple(map(moment_of, run)) for run in runs]
        steps = database.execute(
            "select distinct substr(started_at, 1, 10), substr(finished_at, 1, 10) "
            "from collection_steps where collection_id = 1"
        ).fetchall()
        (moments,) = database.execute(
            "select count(distinct changed_at) from finding_history"
        ).fetchone()
    assert before <= last[0] <= last[1] <= after
    assert before - timedelta(weeks=3) <= earlier[0] <= earlier[1] <= after - timedelta(weeks=3)
    assert {day for step in steps for day in step} <= {str(at.date()) for at in earlier}
    assert moments == 2


def test_demo_does_not_mix_with_a_real_account(run, sandbox):
    assert run("collect", **sandbox.environment).exit_code == 0
    refused(run("demo"), "contains Acme", "Specify another file")


def test_sandbox_prints_exports_then_serves_until_interrupted(tmp_path):
    environ = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [PROGRAM, "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environ,
    ) as process:
        exports = [process.stdout.readline() for _ in range(len(SERVICES) + 2)]
        process.stderr.readline()
        script = "".join(exports) + f'"{PROGRAM}" collect --quiet && echo done'
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout.read() == process.stderr.read() == ""
    assert all(re.fullmatch(r"export IBMCLOUD_[A-Z_]+=\S+( \S+)?\n", line) for line in exports)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.parametrize("form", ["table", "csv", "json", "sarif", "markdown", "sh"])
def test_names_that_a_terminal_cannot_write_stop_nothing(collected, form):
    account = Account("Łódź")
    account.add_api_key(account.service_id("漢字 → 🗝"), "for ever")
    words = [PROGRAM, "report", str(collected(account)), "api_key_no_expiry", "--format", form]
    written = {}
    for encoding in ("utf-8", "iso8859-9"):
        environ = {"PYTHONIOENCODING": encoding, "COLUMNS": "500"}
        done = subprocess.run(words, env=environ, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        written[encoding] = done.stdout
    assert "漢字 → 🗝" in written["utf-8"].decode()
    if form == "table":  # for people, in their terminal's encoding
        assert rb"\u6f22\u5b57 \u2192 \U0001f5dd" in written["iso8859-9"]
    else:  # for programs
        assert written["iso8859-9"] == written["utf-8"]


def test_sandbox_says_when_its_port_is_taken(run, sandbox):
    port = sandbox.url.rpartition(":")[2]
    refused(run("sandbox", "--port", port), f"Port {port} cannot be used", "--port")


def test_metadata_is_assembled_here(run, tmp_path):
    assert run("metadata").exit_code == 0
    assert run("metadata", "--check").exit_code == 0
    target = tmp_path / "metadata.yml"
    whole = target.read_text()
    target.write_text(whole.replace("severity: ", "severity:  ", 1))
    stale = run("metadata", "--check")
    assert stale.exit_code == 1
    assert re.search(r"^- +severity:  \w", stale.stdout, re.MULTILINE)
    assert "is stale; run: iaminsights metadata" in stale.stderr
    assert run("metadata").exit_code == 0 and target.read_text() == whole


def test_a_report_of_ones_own_joins_the_bundled_ones(run, tmp_path):
    header = [f"-- {key}: x." for key in ("title", "question", "category", "why", "remediation")]
    own = "\n".join([*header, "-- severity: low", "select 1 as report_rows", ""])
    (tmp_path / "canned_queries").mkdir()
    (tmp_path / "canned_queries" / "mine.sql").write_text(own)
    assert run("metadata").exit_code == 0
    whole = (tmp_path / "metadata.yml").read_text()
    assert "      mine:\n" in whole and "      policies_by_last_permit:\n" in whole
    (tmp_path / "canned_queries" / "mine.sql").write_text(own.replace("severity: low", "sev: low"))
    refused(run("metadata"), "mine.sql, line 6: unknown key sev")
    assert (tmp_path / "metadata.yml").read_text() == whole
