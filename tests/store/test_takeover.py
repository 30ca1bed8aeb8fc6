"""Files of other versions: the next collect takes over what an earlier one left."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights import __version__
from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account, Sandbox
from iaminsights.store.schema import NO_PARTS, SCHEMA_VERSION, TABLES

from .. import schema_versions
from ..conftest import collect_from
from ..database_file import assert_sound
from ..schema_versions import accounts_of, file_of, pins, unpacked

# The files were made on days that are past: their history is not to be forgotten for its age.
FOR_EVER = {"keep_history": 100_000}

ALL = all_reports()
EARLIER = sorted(set(pins()) - {SCHEMA_VERSION})


def asked(path: Path, sql: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql, values).fetchall()


def collect(path: Path, *accounts: Account, **options) -> None:
    with Sandbox(accounts) as sandbox:
        for account in accounts:
            collect_from(sandbox, account, path, **options)


@pytest.fixture(params=EARLIER)
def earlier(request, tmp_path) -> Path:
    """A copy of the small file of each earlier version."""
    return unpacked(request.param, tmp_path / "iaminsights.sqlite3")


# --- Every version has its fingerprint and its file ----------------------------------------------


def test_a_change_of_the_schema_needs_another_version():
    assert max(pins()) == SCHEMA_VERSION, schema_versions.HOW
    pinned, present = pins()[SCHEMA_VERSION]["shape"], schema_versions.present_shape()
    changed = {name for name in {*pinned, *present} if pinned.get(name) != present.get(name)}
    assert not changed, f"{', '.join(sorted(changed))}: {schema_versions.HOW}"


def test_every_released_version_has_a_small_file():
    for version, pin in pins().items():
        if version < SCHEMA_VERSION or pin["release"] != __version__:
            assert file_of(version).exists(), "run: python -m tests.schema_versions --record"


@pytest.mark.parametrize("version", [v for v in sorted(pins()) if file_of(v).exists()])
def test_a_small_file_is_of_its_version(version, tmp_path):
    path = unpacked(version, tmp_path / "small.sqlite3")
    assert asked(path, "pragma user_version") == [(version,)]
    with closing(sqlite3.connect(path)) as database:
        held = schema_versions.shape_of(database)
    assert held == {name: pins()[version]["shape"][name] for name in held}


def test_fingerprints_see_each_kind_of_change():
    def shape(*statements):
        with closing(sqlite3.connect(":memory:")) as database:
            for statement in statements:
                database.execute(statement)
            return schema_versions.shape_of(database)

    table = "create table a (b text, c text, primary key (b))"
    view = "create view v as select b from a"
    assert shape(table, view) == shape(table, "create view v as  select b\nfrom a -- as it is")
    for other in (
        "create table a (b text, c text, d text, primary key (b))",
        "create table a (b text, primary key (b))",
        "create table a (b text, c integer, primary key (b))",
        "create table a (b text, c text not null, primary key (b))",
        "create table a (b text, c text, primary key (b, c))",
        "create table a (b text, c text references a, primary key (b))",
    ):
        assert shape(other, view).keys() == shape(table, view).keys()
        assert shape(other, view) != shape(table, view), other
    assert shape(table, "create view v as select c as b from a") != shape(table, view)


# --- Files of earlier versions, as these made them -----------------------------------------------


KEPT = {
    "collections": "select id, account_id, started_at, status from collections",
    "changes": "select * from changes",
    "finding_history": "select account_id, report, changed_at, rows, acknowledged "
    "from finding_history",
    "acknowledgements": "select report, identifiers, reason, expires from acknowledgements",
    "first_seen": "select report, account_id, finding, first_seen from findings "
    "where first_seen is not null",
    "accepted": "select report, account_id, finding, acknowledgement_id from findings "
    "where acknowledgement_id is not null",
    "the other account": "select id, email, state from users where account_id = :bolt "
    "union all select id, name, crn from serviceids where account_id = :bolt "
    "union all select id, description, access_group_id from policies where account_id = :bolt",
    "its keys": "select id, name, expires_at from apikeys where account_id = :bolt",
}


def kept(path: Path) -> dict[str, set[tuple]]:
    bolt = accounts_of(2)[1].account_id
    return {what: set(had(path, sql.replace(":bolt", f"'{bolt}'"))) for what, sql in KEPT.items()}


def had(path: Path, sql: str) -> list[tuple]:
    """What a file of any version answers; nothing of a table that it does not have."""
    try:
        return asked(path, sql)
    except sqlite3.OperationalError as error:
        assert "no such table" in str(error)
        return []


def test_the_next_collect_takes_over_all_that_a_file_has(earlier):
    before = kept(earlier)
    assert before["collections"] and before["the other account"]
    assert all(before.values()) or asked(earlier, "pragma user_version") < [(3,)]
    collect(earlier, accounts_of(2)[0], reports=ALL, **FOR_EVER)
    after = kept(earlier)
    assert {what for what in KEPT if not before[what] <= after[what]} == set()
    assert after["changes"] == before["changes"]  # nothing had changed
    assert after["acknowledgements"] == before["acknowledgements"]
    assert asked(earlier, "pragma user_version") == [(SCHEMA_VERSION,)]
    assert_sound(earlier)
    # Nor has it for the other account, whose rows stood in two versions' files meanwhile.
    collect(earlier, accounts_of(2)[1], reports=ALL, **FOR_EVER)
    assert kept(earlier)["changes"] == before["changes"]
    assert asked(earlier, "select * from collected_parts where lacks is not null") == []


def test_what_has_changed_meanwhile_is_a_change(earlier):
    acme = accounts_of(2)[0]
    acme.groups[-1]["name"] = "Band"
    acme.policies.clear()
    before = len(had(earlier, "select id from changes"))
    collect(earlier, acme, reports=ALL)
    found = asked(earlier, "select what, name, change from changes where id > ?", before)
    assert sorted(found) == [
        ("access_groups", "Band", "changed"),
        ("policies", "read keys", "removed"),
    ]


def test_parts_that_are_not_asked_for_are_kept(earlier):
    sql = "select id, name from serviceids order by 1"
    before = asked(earlier, sql)
    assert len(before) == 2
    collect(earlier, accounts_of(2)[0], only=("users",), reports=ALL)
    assert asked(earlier, sql) == before
    assert_sound(earlier)


def test_what_an_earlier_version_could_not_find_is_not_new(earlier):
    acme = accounts_of(2)[0]
    acme.add_api_key(acme.service_ids[0], "newest", id="ApiKey-newest")
    counted = had(earlier, "select * from findings")
    collect(earlier, acme, reports=ALL)
    sql = "select first_seen from findings where report = 'api_key_no_expiry' and finding = ?"
    # Its reports rested on other views: whether they would have found it, nobody can tell.
    assert asked(earlier, sql, "ApiKey-newest") == [(None,)]
    assert asked(earlier, sql, "ApiKey-new") == [("2026-01-02T00:00:00Z" if counted else None,)]


# --- Files that lack any table or column at all --------------------------------------------------


def forget(path: Path, *names: str) -> None:
    """Make the file as if its version had not known these tables (table.*) and columns."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("begin")  # hundreds of statements, each of which changes the schema
        for name, kind in database.execute(
            "select name, type from sqlite_master where type in ('view', 'trigger')"
        ).fetchall():
            database.execute(f"drop {kind} [{name}]")
        for name in names:
            table, column = name.split(".")
            others = [
                f"[{other}]"
                for (other,) in database.execute("select name from pragma_table_info(?)", (table,))
                if other != column
            ]
            if column != "*":
                chosen = ", ".join(others)
                database.execute(f"create table other as select {chosen} from [{table}]")
            database.execute(f"drop table [{table}]")
            if column != "*":
                database.execute(f"alter table other rename to [{table}]")
        database.execute(f"pragma user_version = {SCHEMA_VERSION - 1}")
        database.execute("commit")


MADE_ANEW = {"identities", "acknowledgements", "findings", "report_counts", "reports", "search"}
# What no file can be without: who collected what, and keys.
NEEDED = {"accounts", "collections", "collection_steps", "identities"}


def rich_account() -> Account:
    account = Account("Acme")
    robot, ada = account.service_id("robot"), account.user("Ada Lovelace")
    account.add_api_key(robot, "key")
    team = account.group("Team", members=[ada])
    account.policy(team, ["Viewer"], service="kms", description="read keys")
    account.profile("Profile")
    return account


@pytest.fixture(scope="module")
def rich_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("rich") / "iaminsights.sqlite3"
    collect(path, rich_account(), reports=ALL)
    return path


@pytest.fixture
def rich(rich_file, tmp_path) -> Path:
    """A file with the rich account, to be made older."""
    return Path(shutil.copy(rich_file, tmp_path / "iaminsights.sqlite3"))


@pytest.mark.parametrize("table", [table.name for table in TABLES if table.name not in NEEDED])
def test_a_file_without_a_table_is_taken_over(rich, table):
    path = rich
    forget(path, f"{table}.*")
    collect(path, rich_account())
    assert asked(path, "select what, name, change from changes") == []
    assert_sound(path)


@pytest.mark.parametrize("table", [table for table in TABLES if table.name not in NO_PARTS])
def test_a_file_without_a_column_is_taken_over(rich, table):
    path = rich
    free = [c.name for c in table.columns if c.name != "account_id" and c.name not in table.key]
    without = [f"{table.name}.{name}" for name in free if not table.column(name).required]
    forget(path, *without)
    account = rich_account()
    collect(path, account, only=("accounts",))
    assert_sound(path)
    if without:
        lacks = asked(path, "select lacks from collected_parts where part = ?", table.filled_by)
        assert table.name == "accounts" or lacks == [(" ".join(without),)]
    collect(path, account)
    assert asked(path, "select what, name, change, before, after from changes") == []
    assert asked(path, "select * from collected_parts where lacks is not null") == []


def test_a_table_that_was_not_known_is_not_read_until_it_is_collected(collected):
    account, other = rich_account(), Account("Bolt")
    path = collected(account, other, reports=ALL)
    forget(path, "policy_resource_attributes.*", "access_group_rules.*")
    collect(path, other, reports=ALL)
    status = "select status, lacks from collected_parts where account_id = ? and part = ?"
    lacks = "policy_resource_attributes.*"
    assert asked(path, status, account.account_id, "policies") == [("partial", lacks)]
    assert asked(path, status, account.account_id, "users") == [("ok", None)]
    assert asked(path, status, other.account_id, "policies") == [("ok", None)]
    unread = dict(
        asked(
            path,
            "select account_id, unread from report_counts where report = 'all_services_write'",
        )
    )
    assert "policies" in unread[account.account_id] and unread[other.account_id] is None
    result = CliRunner().invoke(main, ["report", str(path), "all_services_write"])
    assert "policies of Acme could not be read in full" in result.stderr
    collect(path, account, reports=ALL)
    assert asked(path, status, account.account_id, "policies") == [("ok", None)]
    assert asked(path, "select * from changes") == []


def test_a_part_that_was_not_known_is_not_read(collected):
    account = rich_account()
    path = collected(account)
    forget(path, "apikeys.*")
    with closing(sqlite3.connect(path)) as database:
        database.execute("delete from collection_steps where part = 'apikeys'")
        database.execute(
            "insert into collection_steps (collection_id, part, status) "
            "select max(id), 'gone', 'ok' from collections"
        )
        database.commit()
    collect(path, account, only=("users",))
    assert asked(path, "select * from collected_parts where part in ('apikeys', 'gone')") == []
    collect(path, account)
    assert asked(path, "select * from changes") == []


def test_a_required_column_that_is_added_has_a_default(earlier):
    for table in (table for table in TABLES if table.name not in MADE_ANEW):
        known = asked(earlier, f"select name from pragma_table_info('{table.name}')")
        for column in table.columns if known else ():
            if column.required and not {(column.name,), (column.was,)} & set(known):
                assert column.default is not None, f"{table.name}.{column.name}"


# --- What is said of other versions --------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("users_not_in_access_group",), ("--format", "json")])
def test_reports_on_an_earlier_file_say_what_to_do(earlier, arguments):
    result = CliRunner().invoke(main, ["report", str(earlier), *arguments])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {earlier} was created by an earlier version of IAM insights; collect into it "
        "again to update it. Its data is kept.\n"
    )


def test_acknowledging_on_an_earlier_file(earlier, tmp_path):
    entries = tmp_path / "accepted.yml"
    entries.write_text(
        "- report: api_key_no_expiry\n  identifiers: {apikey_id: ApiKey-new}\n"
        "  reason: Kept.\n  expires: 2099-01-01\n"
    )
    with Sandbox(accounts_of(2)[:1]) as sandbox:
        command = ["collect", str(earlier), "--acknowledge", str(entries)]
        result = CliRunner().invoke(main, command, env=sandbox.environment)
    assert result.exit_code == 0, result.output
    sql = "select finding from findings where acknowledgement_id is not null"
    assert asked(earlier, sql) == [("ApiKey-new",)]


@pytest.mark.parametrize("command", ["collect", "report"])
def test_a_later_file_is_refused(collected, command):
    account = Account("Acme")
    path = collected(account)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with Sandbox(account) as sandbox:
        result = CliRunner().invoke(main, [command, str(path)], env=sandbox.environment)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {path} was created by a later version of IAM insights; use that version, or "
        "specify another file.\n"
    )
    assert path.read_bytes() == before


def test_findings_of_an_earlier_file_are_not_counted_anew(earlier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = earlier.read_bytes()
    result = CliRunner().invoke(main, ["metadata"])
    assert result.exit_code == 0
    assert "created by an earlier version of IAM insights" in result.stderr
    assert earlier.read_bytes() == before
