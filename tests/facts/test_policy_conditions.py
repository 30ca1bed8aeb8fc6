"""When the condition of a policy can hold, and that nothing comes from one that no longer can."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import derive
from iaminsights.sandbox import Account

from ..database_file import blank_file, facts_behind
from ..report_rows import days_ago, rows

ACCOUNT = "a" * 32
NOW = "2026-06-15T12:00:00Z"
DATE_TIME = "{{environment.attributes.current_date_time}}"
DATE = "{{environment.attributes.current_date}}"
DAY = "{{environment.attributes.day_of_week}}"
TIME = "{{environment.attributes.current_time}}"
PATH = "{{resource.attributes.path}}"
ASKED = facts_behind("policy_conditions", "policy_targets", "policy_descriptions")


def one(operator, value, key=DATE_TIME):
    return {"key": key, "operator": operator, "value": value}


def every(*conditions):
    return {"operator": "and", "conditions": list(conditions)}


def some(*conditions):
    return {"operator": "or", "conditions": list(conditions)}


def between(start, end):
    return every(one("dateTimeGreaterThanOrEquals", start), one("dateTimeLessThanOrEquals", end))


MONDAY = one("dayOfWeekEquals", 1, DAY)
PAST = between("2026-01-01T00:00:00+00:00", "2026-02-01T08:30:00+00:00")
COMING = between("2026-07-01T00:00:00+00:00", "2026-08-01T00:00:00+00:00")
OVER = "2026-02-01T08:30:00Z"


@pytest.mark.parametrize(
    ("rule", "starts", "ends", "has_ended"),
    [
        (PAST, "2026-01-01T00:00:00Z", OVER, 1),
        (COMING, "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z", 0),
        (one("dateTimeLessThan", "2026-06-15T11:59:59Z"), None, "2026-06-15T11:59:59Z", 1),
        (one("dateTimeLessThan", "2026-06-15T12:00:01Z"), None, "2026-06-15T12:00:01Z", 0),
        # The same moment elsewhere.
        (one("dateTimeLessThan", "2026-06-15T16:00:00+05:00"), None, "2026-06-15T11:00:00Z", 1),
        (one("dateTimeLessThan", "2026-06-15T11:00:00-05:00"), None, "2026-06-15T16:00:00Z", 0),
        (one("dateTimeGreaterThan", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z", None, 0),
        # A day lasts until the next.
        (one("dateLessThanOrEquals", "2026-06-14", DATE), None, "2026-06-15T00:00:00Z", 1),
        (one("dateLessThanOrEquals", "2026-06-15", DATE), None, "2026-06-16T00:00:00Z", 0),
        (one("dateLessThan", "2026-06-15", DATE), None, "2026-06-15T00:00:00Z", 1),
        (one("dateLessThan", "2026-06-16+02:00", DATE), None, "2026-06-15T22:00:00Z", 0),
        # Of conditions of which all must hold the first end counts; of which one, the last.
        (every(MONDAY, PAST), "2026-01-01T00:00:00Z", OVER, 1),
        (some(PAST, COMING), "2026-01-01T00:00:00Z", "2026-08-01T00:00:00Z", 0),
        (some(PAST, MONDAY), None, None, 0),
        (some(PAST, PAST), "2026-01-01T00:00:00Z", OVER, 1),
        # What comes again, and what nobody knows, never ends.
        (MONDAY, None, None, 0),
        (one("timeLessThan", "08:00:00+00:00", TIME), None, None, 0),
        (one("stringMatch", "2020-*", PATH), None, None, 0),
        (one("dateTimeLessThan", "2020-01-01T00:00:00Z", PATH), None, None, 0),
        (one("dateTimeLessThan", "soon"), None, None, 0),
        ({"conditions": []}, None, None, 0),
        ({}, None, None, 0),
        ("no rule at all", None, None, 0),
    ],
)
def test_when_a_condition_can_hold(tmp_path, rule, starts, ends, has_ended):
    path = blank_file(tmp_path / "file.sqlite3", ACCOUNT, NOW)
    with closing(sqlite3.connect(path)) as database:
        database.execute("insert into accounts (account_id) values (?)", (ACCOUNT,))
        database.executemany(
            "insert into collections (id, account_id, started_at, finished_at, status) "
            "values (?, ?, ?, ?, 'ok')",
            [(1, ACCOUNT, "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"), (2, ACCOUNT, NOW, NOW)],
        )
        database.execute(
            "insert into policies (id, account_id, type, state, rule) "
            "values ('p', ?, 'access', 'active', ?)",
            (ACCOUNT, rule if isinstance(rule, str) else json.dumps(rule)),
        )
        derive(database, ASKED)
        asked = "select starts_at, ends_at, has_ended from policy_conditions"
        assert database.execute(asked).fetchall() == [(starts, ends, has_ended)]
        (granting,) = database.execute("select count(*) from granting_policies").fetchone()
        (targets,) = database.execute("select count(*) from policy_targets").fetchone()
        (words,) = database.execute("select condition from policy_descriptions").fetchone()
    assert granting == targets == (not has_ended)
    assert words.endswith("UTC, expired") == has_ended
    if ends and not has_ended:
        assert ends[:16].replace("T", " ") in words


ENDED = between(days_ago(60), days_ago(30))
TO_END = between(days_ago(60), days_ago(-30))
FULL = (({"service_type": "service"}, ["Administrator", "Manager"]),)


def test_nothing_comes_from_a_condition_that_has_run_out(collected, opened):
    """Whoever had access until last month has none today; whoever has until next month has."""
    acme = Account("Acme")
    past, present = acme.user("Past"), acme.user("Present")
    groups = [acme.group("Was", [past]), acme.group("Is", [present])]
    keys = acme.instance("keys", "kms")
    robot = acme.service_id("robot")
    acme.policy(robot, ["Administrator"], service_type="platform_service")
    for who, group, rule in ((past, groups[0], ENDED), (present, groups[1], TO_END)):
        acme.policy(who, ["Manager"], instance=keys, rule=rule)
        acme.policy(who, ["Administrator"], service_type="platform_service", rule=rule)
        acme.policy(group, ["Administrator", "Manager"], service_type="service", rule=rule)
        acme.policy(group, ["Operator"], service="iam-identity", rule=rule)
    path = collected(acme)
    database = opened(path)
    for view in ("effective_access", "effective_account_access"):
        found = database.execute(f"select distinct iam_id, scope from {view}").fetchall()
        people = {tuple(row) for row in found if row["iam_id"] != robot["iam_id"]}
        assert people == {(present["iam_id"], "conditional")}, view
    steps = database.execute("select distinct source from escalation_steps").fetchall()
    assert past["iam_id"] not in {row["source"] for row in steps}
    found = database.execute("select iam_id from shortest_escalation_paths").fetchall()
    assert {row["iam_id"] for row in found} == {present["iam_id"], robot["iam_id"]}
    privileged = database.execute("select count(*), sum(is_conditional) from privileged_policies")
    assert tuple(privileged.fetchone()) == (3, 2)
    assert [row[0] for row in rows(path, "user_no_access", "login")] == [past["user_id"]]
    for name, parameters in (
        ("what_can_identity_do", {"identity": past["iam_id"]}),
        ("all_services_write", {}),
    ):
        identities = {row[0] for row in rows(path, name, "iam_id", **parameters)}
        assert past["iam_id"] not in identities, name
    (condition,) = {
        row[0]
        for row in rows(path, "what_can_identity_do", "condition", identity=present["iam_id"])
    }
    assert condition.startswith("from ") and " until " in condition
