"""What changed between collects: rows added, removed and changed, and nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from iaminsights.cli import main
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account, Sandbox

from ..report_rows import rows

ALL = all_reports()


@pytest.fixture
def on_day(collected) -> Callable[..., Path]:
    """Collects accounts as on a day of 2026, of January unless it says otherwise."""

    def collect(day: int, *accounts: Account, month: int = 1, **options) -> Path:
        at = datetime(2026, month, day, tzinfo=timezone.utc)
        return collected(*accounts, reports=ALL, now=lambda: at, **options)

    return collect


def changes(path: Path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return [
            (what, name, change, json.loads(before or "null"), json.loads(after or "null"))
            for what, name, change, before, after in database.execute(
                "select what, name, change, before, after from changes order by id"
            )
        ]


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"select count(*) from {table}").fetchone()[0]


def test_the_first_collect_changes_nothing(on_day):
    account = Account("Acme")
    account.policy(account.user("Ada Lovelace"), ["Viewer"], service="kms")
    path = on_day(1, account)
    assert changes(path) == []
    assert changes(on_day(2, account)) == []
    # Nor does what moves by itself.
    account.policies[0]["last_permit_at"] = "2026-01-01T00:00:00Z"
    assert changes(on_day(3, account)) == []


def test_what_is_added_removed_and_changed(on_day):
    account = Account("Acme")
    ada, ben = account.user("Ada Lovelace"), account.user("Ben Burnell")
    team = account.group("Team", members=[ada])
    kept = account.policy(team, ["Viewer"], service="kms", description="kept")
    gone = account.policy(ada, ["Viewer"], service="logs", description="gone")
    on_day(1, account)
    account.policies.remove(gone)
    account.add_member(team, ben)
    account.policies.remove(kept)
    account.policy(team, ["Viewer", "Editor"], service="kms", description="kept", id=kept["id"])
    account.identity_settings(mfa="LEVEL3")
    ada["state"] = "SUSPENDED"
    path = on_day(2, account)
    found = {(what, name): rest for what, name, *rest in changes(path)}
    assert set(found) == {
        ("access_group_members", "Ben Burnell"),
        ("policies", "kept"),
        ("policies", "gone"),
        ("account_settings", "settings"),
        ("users", ada["user_id"]),
    }
    assert found["access_group_members", "Ben Burnell"] == ["added", None, {"type": "user"}]
    assert found["users", ada["user_id"]] == [
        *("changed", {"state": "ACTIVE"}, {"state": "SUSPENDED"})
    ]
    change, before, after = found["policies", "kept"]
    assert (change, list(before), list(after)) == ("changed", ["roles"], ["roles"])
    assert "role:Editor" in after["roles"] and "role:Editor" not in before["roles"]
    change, before, after = found["policies", "gone"]
    assert (change, after) == ("removed", None)
    assert before["resources"].endswith("serviceName stringEquals logs")
    # The report shows the last ones only.
    assert len(rows(path, "changes_since_last_collect", "name")) == 5
    assert rows(on_day(3, account), "changes_since_last_collect", "name") == []
    assert len(changes(path)) == 5


REPORT = "changes_since_last_collect"


def compared(path: Path, first: object = "", last: object = "") -> list[tuple]:
    """The report on what differs between two collections, by their numbers."""
    return [
        (what, name, change, json.loads(before or "null"), json.loads(after or "null"))
        for what, name, change, before, after in rows(
            *(path, REPORT, "what", "name", "change", "before", "after"),
            from_collection=str(first),
            to_collection=str(last),
        )
    ]


def test_any_two_collections_can_be_compared(on_day):
    account = Account("Acme")
    team = account.group("Team")
    brief = {"id": "AccessGroupId-brief"}
    robot = account.service_id("robot", description="old")
    on_day(1, account)  # 1
    account.group("Brief", **brief)
    team["name"] = "Crew"
    on_day(2, account)  # 2
    account.groups = [group for group in account.groups if group["id"] != brief["id"]]
    team["description"] = "people"
    robot["description"] = "new"
    on_day(3, account)  # 3
    team["name"] = "Team"
    added = account.group("Late")
    on_day(4, account)  # 4
    added["name"] = "Later"
    account.service_ids.remove(robot)
    path = on_day(5, account)  # 5
    late = ("access groups", "Later", "added", None, {"name": "Later"})
    people = {"description": None}, {"description": "people"}
    gone = ("serviceids", "robot", "removed", {"name": "robot", "description": "old"}, None)
    # The last two, as ever; what is asked for by number, or by what the form offers.
    assert compared(path) == [
        ("access groups", "Later", "changed", {"name": "Late"}, {"name": "Later"}),
        ("serviceids", "robot", "removed", {"name": "robot", "description": "new"}, None),
    ]
    assert compared(path, 4, 5) == compared(path)
    assert compared(path, "4: Acme, 2026-01-04 00:00:00Z") == compared(path)
    # Brief came and went, and Team has its first name again: neither is a difference.
    assert compared(path, 1) == [late, ("access groups", "Team", "changed", *people), gone]
    assert compared(path, 5, 1) == compared(path, 1, 5)
    assert compared(path, 2, 3) == [
        ("access groups", "Brief", "removed", {"name": "Brief"}, None),
        ("access groups", "Team", "changed", *people),
        ("serviceids", "robot", "changed", {"description": "old"}, {"description": "new"}),
    ]
    assert compared(path, "", 2) == [
        ("access groups", "Brief", "added", None, {"name": "Brief"}),
        ("access groups", "Team", "changed", {"name": "Team"}, {"name": "Crew"}),
    ]
    assert compared(path, 3, 3) == compared(path, 99) == compared(path, "", 99) == []
    assert [row[0] for row in rows(path, REPORT, "difference", from_collection="2")] == [
        "name: Brief",
        "name: Later",
        "description: nothing → people; name: Crew → Team",
        "description: old; name: robot",
    ]


def test_what_is_removed_and_added_again_is_compared_with_what_it_was(on_day):
    account = Account("Acme")
    account.group("Same")
    other = account.group("Other", description="was")
    on_day(1, account)
    groups, account.groups = account.groups, []
    on_day(2, account)
    account.groups = groups
    other["description"] = ""
    path = on_day(3, account)
    assert {change[2] for change in changes(path)} == {"added", "removed"}
    assert compared(path, 1, 3) == [
        ("access groups", "Other", "changed", {"description": "was"}, {"description": None})
    ]


def test_a_collection_is_compared_within_its_account_only(on_day):
    acme, bolt = Account("Acme"), Account("Bolt")
    on_day(1, acme, bolt)  # 1 and 2
    acme.group("New")
    bolt.group("Own")
    path = on_day(2, acme, bolt)  # 3 and 4
    with closing(sqlite3.connect(path)) as database:
        accounts = dict(
            database.execute("select id, name from collections join accounts using (account_id)")
        )
    first = min(number for number, name in accounts.items() if name == "Acme")
    last = max(number for number, name in accounts.items() if name == "Bolt")
    assert [change[1] for change in compared(path, first)] == ["New"]
    assert [change[1] for change in compared(path, "", last)] == ["Own"]
    assert compared(path, first, last) == []


def test_each_account_has_its_own_changes(on_day):
    acme, bolt = Account("Acme"), Account("Bolt")
    on_day(1, acme, bolt)
    acme.group("New")
    path = on_day(2, bolt)
    assert changes(path) == []
    path = on_day(3, acme)
    assert [change[:3] for change in changes(path)] == [("access_groups", "New", "added")]
    assert rows(path, "changes_since_last_collect", "account", "name") == [("Acme", "New")]


def test_what_could_not_be_read_is_neither_removed_nor_added(on_day):
    account = Account("Acme")
    account.group("Team")
    on_day(1, account)
    assert changes(on_day(2, account, deny=("groups",))) == []
    assert changes(on_day(3, account)) == []
    other = Account("Bolt")
    other.group("Team")
    on_day(4, other, deny=("groups",))
    assert changes(on_day(5, other)) == []


def test_members_by_rule_come_and_go_without_a_change(on_day):
    account = Account("Acme")
    team, ada = account.group("Team"), account.user("Ada Lovelace")
    on_day(1, account)
    account.add_member(team, ada, membership_type="dynamic")
    assert changes(on_day(2, account)) == []


def test_counts_are_kept_only_where_they_change(on_day):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    on_day(1, account)
    path = on_day(2, account)
    before = count(path, "finding_history")
    assert before == count(path, "report_counts")
    assert count(path, "(select distinct report from finding_history)") == len(
        [report for report in ALL if report.identifiers]
    )
    account.add_api_key(ada, "for ever", created_at="2026-01-02")
    path = on_day(3, account)
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(
            "select changed_at, rows from finding_history where report = 'api_key_no_expiry' "
            "order by 1"
        ).fetchall()
    assert found == [("2026-01-01T00:00:00Z", 0), ("2026-01-03T00:00:00Z", 1)]
    over_time = rows(path, "findings_over_time", "at", "severity", "open")
    low = {at[:10]: open_ for at, severity, open_ in over_time if severity == "low"}
    assert set(low) == {"2026-01-01", "2026-01-03"}
    assert low["2026-01-03"] == low["2026-01-01"] + 1


def test_new_administrators(on_day):
    account = Account("Acme")

    def administrator(name):
        robot = account.service_id(name)
        account.policy(robot, ["Administrator", "Manager"], service_type="service")
        account.policy(robot, ["Administrator"], service_type="platform_service")

    administrator("old")
    on_day(1, account)
    administrator("new")
    path = on_day(2, account)
    found = rows(path, "new_administrators", "administrator", "first_seen")
    assert {name for name, _ in found} == {"new"}
    assert {at for _, at in found} == {"2026-01-02T00:00:00Z"}
    path = on_day(20, account)
    assert rows(path, "new_administrators", "administrator", "first_seen") == found
    assert rows(path, "new_administrators", "administrator", days="10") == []
    path = on_day(20, account, month=2)
    assert rows(path, "new_administrators", "administrator") == []


def test_a_finding_that_could_not_be_looked_for_before_is_not_new(on_day):
    account = Account("Acme")
    account.policy(account.service_id("r"), ["Administrator"], service_type="platform_service")
    on_day(1, account, deny=("v1_policies", "v2_policies"))
    path = on_day(2, account)
    assert count(path, "findings where report = 'service_id_admins'") > 0
    assert rows(path, "new_administrators", "administrator") == []


def test_old_history_is_forgotten(on_day):
    account = Account("Acme")
    on_day(1, account)
    account.group("New")
    on_day(2, account)
    account.group("Newer")
    path = on_day(20, account)
    assert [name for _, name, *_ in changes(path)] == ["New", "Newer"]
    path = on_day(25, account, keep_history=10)
    assert [name for _, name, *_ in changes(path)] == ["Newer"]
    reports = len([report for report in ALL if report.identifiers])
    assert count(path, "(select distinct report from finding_history)") == reports
    assert count(path, "collections") == 2  # of day 20 and 25
    assert count(path, "collected_parts where status <> 'ok'") == 0


def test_what_the_newest_good_run_of_a_part_was_is_not_forgotten(on_day):
    account = Account("Acme")
    on_day(1, account)
    path = on_day(25, account, deny=("groups",), keep_history=10)
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(
            "select status, read_at from collected_parts where part = 'access_groups'"
        ).fetchall()
    assert found == [("denied", "2026-01-01T00:00:00Z")]


def test_the_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Sandbox(Account("Acme")) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(main, ["collect", "--keep-history", "0"])
        assert result.exit_code == 2
        result = CliRunner().invoke(main, ["collect", "--keep-history", "7"])
        assert result.exit_code == 0, result.output
