"""The state of each part of each account, told from the steps of all collects."""

from __future__ import annotations

from contextlib import closing

import pytest

from iaminsights.facts.derived import FACTS, derive, empty_database

EARLIER = "An earlier version of IAM insights read it, without "
AGAIN = ": collect again to complete it."
STATES = [fact for fact in FACTS if fact.name == "collected_parts"]


@pytest.fixture
def database():
    with closing(empty_database()) as connection:
        yield connection


def collects(database, account: str, *runs: dict[str, tuple]) -> None:
    """Collects of an account, one a day, each with the status (message, lacks) of its parts."""
    database.execute("insert into accounts (account_id) values (?)", (account,))
    for day, steps in enumerate(runs, 1):
        run = database.execute(
            "insert into collections (account_id, status, started_at, finished_at) "
            "values (?, 'ok', ?, ?)",
            (account, f"day {day}", f"day {day}"),
        ).lastrowid
        database.executemany(
            "insert into collection_steps "
            "(collection_id, part, status, finished_at, message, lacks) "
            "values (?, ?, ?, ?, ?, ?)",
            [
                (run, part, status, f"day {day}", *rest, *[None] * (2 - len(rest)))
                for part, (status, *rest) in steps.items()
            ],
        )


def states(database) -> set[tuple]:
    derive(database, STATES)
    return set(
        database.execute(
            "select account_id, part, status, finished_at, read_at, lacks, message, is_older "
            "from collected_parts"
        )
    )


def test_the_newest_collect_that_asked_for_a_part_tells_its_state(database):
    collects(
        database,
        "acme",
        {"users": ("ok",), "roles": ("partial", "Two are missing."), "policies": ("ok",)},
        {"users": ("denied", "No."), "roles": ("ok",), "apikeys": ("failed", "Twice.")},
        {"users": ("denied", "Still no.")},
    )
    collects(database, "bolt", {"users": ("ok",)})
    database.execute("insert into accounts (account_id) values ('never collected')")
    assert states(database) == {
        ("acme", "users", "denied", "day 3", "day 1", None, "Still no.", 0),
        ("acme", "roles", "ok", "day 2", "day 2", None, None, 1),
        ("acme", "policies", "ok", "day 1", "day 1", None, None, 1),
        ("acme", "apikeys", "failed", "day 2", None, None, "Twice.", 1),
        ("bolt", "users", "ok", "day 1", "day 1", None, None, 0),
    }


def test_what_an_earlier_version_did_not_know_is_said_until_it_is_read_again(database):
    collects(
        database,
        "acme",
        {
            "users": ("ok", None, "users.email users.state"),
            "roles": ("ok", None, "role_actions.*"),
            "policies": ("ok", None, "policies.rule"),
        },
        {"users": ("denied", "No."), "policies": ("ok",)},
    )
    assert states(database) == {
        ("acme", "users", "denied", "day 2", "day 1", "users.email users.state", "No.", 0),
        (
            *("acme", "roles", "partial", "day 1", "day 1", "role_actions.*"),
            *(f"{EARLIER}role_actions{AGAIN}", 1),
        ),
        ("acme", "policies", "ok", "day 2", "day 2", None, None, 0),
    }


def test_earlier_collects_cost_nothing(database):
    """Each collect asks for it: a year of collects must not make it slow."""

    def steps() -> int:
        count = 0

        def counted():
            nonlocal count
            count += 1

        database.set_progress_handler(counted, 10)
        database.execute(STATES[0].sql).fetchall()
        database.set_progress_handler(None, 0)
        return count

    parts = [f"part {number}" for number in range(30)]
    run = {part: ("ok",) for part in parts}
    collects(database, "few", *[run] * 20)
    few = steps()
    database.execute("delete from collection_steps")
    database.execute("delete from collections")
    collects(database, "many", *[run] * 200)
    database.execute("delete from accounts where account_id = 'few'")
    assert steps() < 5 * few
