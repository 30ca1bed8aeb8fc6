"""CSV is handed over as a file that says what it holds; its bytes are those of Datasette."""

from __future__ import annotations

import re
import shutil
import sqlite3

import pytest
from datasette.app import Datasette

from iaminsights.sandbox import Account
from iaminsights.site.downloads import attachment, file_name

from ..site_helpers import BARE_DATASETTE, CHECKOUT, metadata_hiding, served


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as site:
        yield site


@pytest.fixture(scope="module")
def day(sample_file):
    with sqlite3.connect(sample_file) as database:
        (found,) = database.execute("select max(finished_at) from collections").fetchone()
    database.close()
    return found[:10]


def headers(site, path):
    found = site.get(path).headers
    return found.get("content-type"), found.get("content-disposition")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("user_direct_policies.csv", "user_direct_policies"),
        ("user_direct_policies.csv?_search=a", "user_direct_policies"),
        ("users.csv", "users"),
        ("users.csv?_dl=on", "users"),
        ("users.csv?_stream=on&_size=max", "users"),
        ("findings_to_fix.csv?severity=high", "findings_to_fix"),
    ],
)
def test_csv_is_a_file_named_by_report_account_and_day(sample, day, path, what):
    name = f"{what}-Lumen-Harbour-Logistics-{day}.csv"
    assert headers(sample, f"/iaminsights/{path}") == (
        "text/csv; charset=utf-8",
        f'attachment; filename="{name}"',
    )


@pytest.mark.parametrize(
    "path",
    [
        "/iaminsights/users",
        "/iaminsights/users.json",
        "/iaminsights.csv?sql=select+1",
        "/iaminsights/users.csv?_trace=1",
    ],
)
def test_nothing_else_is_a_file(sample_file, path):
    with served(sample_file, "--setting", "trace_debug", "1") as site:
        kind, disposition = headers(site, path)
    assert disposition is None and not kind.startswith("text/csv")


def test_what_cannot_be_given_is_no_file(sample):
    for path, status in (("none.csv", 404), ("user_direct_policies.csv?colour=red", 400)):
        answer = sample.get(f"/iaminsights/{path}", status=status)
        assert "content-disposition" not in answer.headers


def test_bytes_are_those_of_a_bare_datasette(sample, sample_file):
    with served(sample_file, command=BARE_DATASETTE) as bare:
        for path in ("users.csv?_stream=on", "user_direct_policies.csv"):
            ours, theirs = (site.get(f"/iaminsights/{path}") for site in (sample, bare))
            assert ours.content == theirs.content and len(ours.content) > 100
            assert "content-disposition" not in theirs.headers


def test_who_may_not_see_the_accounts_gets_the_name_of_the_database(sample_file, tmp_path):
    with served(sample_file, metadata=metadata_hiding(tmp_path, "accounts")) as site:
        _, disposition = headers(site, "/iaminsights/users.csv")
    assert disposition == 'attachment; filename="users-iaminsights.csv"'


def test_several_accounts_have_the_name_of_the_database(collected, tmp_path):
    path = collected(Account("Acme"), Account("Bolt"))
    renamed = tmp_path / "prod.sqlite3"
    shutil.copy(path, renamed)
    with served(renamed) as site:
        _, disposition = headers(site, "/prod/users.csv")
    assert re.fullmatch(r'attachment; filename="users-prod-\d{4}-\d\d-\d\d\.csv"', disposition)


def test_a_database_of_others_is_left_alone(tmp_path):
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as other:
        other.execute("create table things (iam_id text)")
    other.close()
    with served(path) as site:
        assert headers(site, "/other/things.csv") == ("text/plain; charset=utf-8", None)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("users-Acme.csv", 'attachment; filename="users-Acme.csv"'),
        (
            "users-Bücher-2026-01-02.csv",
            'attachment; filename="users-B-cher-2026-01-02.csv"; '
            "filename*=UTF-8''users-B%C3%BCcher-2026-01-02.csv",
        ),
        (
            "users-東京.csv",
            "attachment; filename=\"users-.csv\"; filename*=UTF-8''users-%E6%9D%B1%E4%BA%AC.csv",
        ),
    ],
)
def test_a_name_in_any_writing_is_kept(name, header):
    assert attachment(name) == header


async def name_of(path, database):
    scope = {"type": "http", "path": database, "raw_path": b"", "headers": []}
    return await file_name(Datasette([str(path)]), scope)


@pytest.mark.parametrize("name", ['a"; x="/../b\r\n', "../../etc", "x" * 300])
def test_a_hostile_name_ends_no_header_and_leaves_no_folder(collected, name):
    import asyncio

    path = collected(Account(name))
    found = asyncio.run(name_of(path, f"/{path.stem}/users.csv"))
    assert re.fullmatch(r"users-[\w-]{1,60}-\d{4}-\d\d-\d\d\.csv", found)


def test_the_documented_server_compresses_whatever_the_site_answers(sample):
    page = (CHECKOUT / "docs" / "publishing.md").read_text(encoding="utf-8")
    named = re.search(r"gzip_types ([^;]+);", page)
    compressed = {"text/html", *named[1].split()}
    report = sample.page("/iaminsights/user_direct_policies")
    files = set(re.findall(r'(?:src|href|content)="(/-/[^"]+\.(?:js|css|svg)[^"]*)"', report))
    data = [f"/iaminsights/{name}" for name in ("users", "users.json", "users.csv")]
    data += ["/iaminsights/findings_to_fix.sh", "/iaminsights.csv?sql=select+1"]
    kinds = {path: sample.get(path).headers["content-type"] for path in (*files, *data)}
    assert len({kind.partition(";")[0] for kind in kinds.values()}) > 6
    assert {
        path for path, kind in kinds.items() if kind.partition(";")[0] not in compressed
    } == set()
