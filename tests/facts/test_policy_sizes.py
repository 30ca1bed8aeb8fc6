"""What is proposed for policies: on random accounts it takes nothing that somebody used."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import derive, needed
from iaminsights.trial.access import GAINED, LOST
from iaminsights.trial.grants import SCOPES
from iaminsights.trial.trial import REACH, Trial

from ..database_file import blank_file
from ..trial.random_changes import GROUPS, PUBLIC, ROLES, TELLING, some_account, some_policy, store
from .test_policy_reach import ACCOUNT, COLLECTED_AT

# A day before the account was collected, the period's last moment, just before it, and long ago.
USES = ("2025-12-31", "2025-10-03T00:00:01Z", "2025-10-03T00:00:00Z", "2025-01-01", None)
MADE = ("2025-12-01T00:00:00Z", "2025-01-02T00:00:00Z", "2024-06-01T00:00:00Z", None)
PARTS = (
    *("policies", "users", "serviceids", "trustedprofiles", "access_groups", "resources"),
    *("access_group_members", "access_group_rules", "resource_groups"),
    "resource_service_instances",
)
# What policies of one holder have in common, and what some of them ask for besides.
COMMON = (
    *TELLING,
    [("serviceName", "stringEquals", "kms")],
    [("serviceType", "stringEquals", "service")],
    [("resourceGroupId", "stringEquals", "rg-1")],
    [("serviceName", "stringExists", "true")],
    [("region", "stringEquals", "eu-de")],
    [("serviceInstance", "stringEqualsAnyOf", '["1111-aaaa","gone","2222-a?b"]')],
    [],
)
BESIDES = (
    [],
    [],
    [("region", "stringEquals", "eu-de")],
    [("resourceType", "stringEquals", "bucket")],
    [("serviceInstance", "stringEqualsAnyOf", '["1111-bbbb","gone"]')],
    [("serviceType", "stringEquals", "service")],
)
ONE_BY_ONE = 4  # every so many accounts
COVERED = ("expired", "empty group", "nothing left", "covered", "roles covered", "names gone")


def some_sized_account(chance: random.Random) -> dict:
    """Few holders with many similar policies, of which some were used."""
    account = some_account(chance)
    holders = chance.sample(("IBMid-ada", "IBMid-gone", "iam-ServiceId-1", PUBLIC, *GROUPS), 3)
    for number in range(12):
        policy = some_policy(chance, f"sized-{number}", GROUPS)
        policy["type"] = "access"
        policy["subject"] = chance.choice(holders)
        policy["roles"] = chance.sample(ROLES, chance.choice((1, 2, 3)))
        if chance.random() < 0.8:
            policy["attributes"] = chance.choice(COMMON[-7:]) + chance.choice(BESIDES)
        account["policies"].append(policy)
    for policy in account["policies"]:
        policy["last_permit_at"] = chance.choice(USES)
        policy["created_at"] = chance.choice(MADE)
    return account


def store_sized(path, blank, account):
    store(path, blank, account, [])
    with closing(sqlite3.connect(path)) as database:
        database.executemany(
            "insert into collection_steps (collection_id, part, status, finished_at) "
            "values (9, ?, 'ok', ?)",
            [(part, COLLECTED_AT) for part in PARTS],
        )
        database.executemany(
            "update policies set last_permit_at = :last_permit_at, created_at = :created_at "
            "where id = :id",
            account["policies"],
        )
        derive(database, needed(["policy_sizes", *REACH]))
        database.commit()
    return path


def proposals(path) -> list[dict]:
    """Each policy that is not kept, with its replacements."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return [
            dict(row) | {"added": json.loads(row["replacements"] or "[]")}
            for row in database.execute(
                "select sizes.*, replacements.replacements from policy_sizes as sizes "
                "left join policy_replacements as replacements using (policy_id) "
                "where recommendation <> 'keep' order by policy_id"
            )
        ]


def follow(trial: Trial, proposal: dict) -> None:
    """Delete a policy, put another one in its place, or several new ones."""
    key = {"id": proposal["policy_id"]} if proposal["recommendation"] == "narrow" else {}
    if not key:
        trial.remove_policy(proposal["policy_id"])
    for policy in proposal["added"]:
        trial.add_policy(policy | key)


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    return blank_file(tmp_path_factory.mktemp("blank") / "blank.sqlite3", ACCOUNT)


def access_in(database) -> set[tuple]:
    """Identity, role, target, policy, and scope of everything that policies give."""
    return {
        row
        for select in (
            "select iam_id, role_id, instance_id, policy_id, scope from effective_access",
            "select iam_id, role_id, service_name, policy_id, scope from effective_account_access",
        )
        for row in database.execute(select)
    }


@pytest.mark.parametrize("seed", range(24))
def test_nobody_loses_what_a_policy_that_was_used_gives(blank, tmp_path, seed):
    """Though all proposals are followed; and each does, by itself, what it says."""
    account = some_sized_account(random.Random(f"sizes {seed}"))
    path = store_sized(tmp_path / "file.sqlite3", blank, account)
    used = {p["id"] for p in account["policies"] if (p["last_permit_at"] or "") > USES[2]}
    found = proposals(path)
    with Trial(path, ACCOUNT) as trial:
        before = access_in(trial.before)
        for proposal in found:
            follow(trial, proposal)
        after = access_in(trial.whole(REACH))
    left = {(*row[:3], row[4]) for row in after}
    for *what, policy, scope in before:
        if policy in used:
            # Whatever takes the place of a condition has the same one or none.
            enough = (scope, "full") if scope != "conditional" else SCOPES
            assert any((*what, one) in left for one in enough), (what, policy, scope)
    assert left <= {(*row[:3], row[4]) for row in before}
    for proposal in found if seed % ONE_BY_ONE == 0 else ():
        with Trial(path, ACCOUNT) as trial:
            follow(trial, proposal)
            access = trial.access
            if proposal["recommendation"] == "split":
                assert access.count("lost") == access.count("gained") == 0
            else:
                assert access.count(*LOST) == proposal["access_rows"]
                assert access.count(*GAINED) == 0
            if proposal["reason"] in COVERED:
                assert access.count("lost") == 0
