"""Random accounts, random changes of them, and what collecting the changed accounts would give.

An account is plain data. It is changed twice: as data, by a few lines of Python, and in a trial.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path

from iaminsights.facts.derived import ALL_TABLES, FACTS, derive
from iaminsights.store.filling import add_identities, name_roles
from iaminsights.store.table import Table
from iaminsights.trial.trial import Trial

from ..facts.test_policy_reach import (
    ACCOUNT,
    COLLECTED_AT,
    OTHER,
    some_attribute,
    some_instances,
    some_tags,
)

USERS = ("IBMid-ada", "IBMid-bob", "IBMid-both")
SERVICE_IDS = ("iam-ServiceId-1", "iam-ServiceId-2")
PROFILES = ("iam-Profile-1", "iam-Profile-2")
GHOSTS = ("IBMid-gone",)
EVERYBODY = (*USERS, *SERVICE_IDS, *PROFILES, *GHOSTS)
NEW = ("IBMid-new", *EVERYBODY)
PUBLIC = "AccessGroupId-PublicAccess"
GROUPS = tuple(f"AccessGroupId-{number}" for number in range(3))
ROLES = tuple(
    f"crn:v1:bluemix:public:iam::::{name}"
    for name in ("role:Viewer", "role:Editor", "role:Administrator", "serviceRole:Manager")
)
RULES = (
    {"key": "{{environment.attributes.day_of_week}}", "operator": "dayOfWeekEquals", "value": 1},
    *(
        {
            "key": "{{environment.attributes.current_date_time}}",
            "operator": "dateTimeLessThanOrEquals",
            "value": moment,
        }
        for moment in ("2025-12-31T23:59:59+00:00", "2026-01-01T00:30:00-01:00")
    ),
)
# What leads to more access, beside what policies of random attributes do.
TELLING = (
    [("accountId", None, ACCOUNT)],
    [("accountId", None, ACCOUNT), ("serviceType", "stringEquals", "service")],
    [("accountId", None, ACCOUNT), ("serviceType", "stringEquals", "platform_service")],
    [("serviceName", "stringEquals", "iam-groups")],
    [("serviceName", "stringEquals", "iam-identity")],
    [("service_group_id", "stringEquals", "IAM")],
    [("serviceName", "stringEquals", "iam-groups"), ("resource", "stringEquals", GROUPS[1])],
)


def some_policy(chance: random.Random, key: str, groups) -> dict:
    attributes = [some_attribute(chance) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))]
    return {
        "id": key,
        "type": "authorization" if chance.random() < 0.05 else "access",
        "state": "deleted" if chance.random() < 0.03 else "active",
        "rule": chance.choice(RULES) if chance.random() < 0.15 else None,
        "tags": some_tags(chance) if chance.random() < 0.1 else [],
        "attributes": chance.choice(TELLING) if chance.random() < 0.5 else attributes,
        "subject": chance.choice((*EVERYBODY, *groups, *groups, PUBLIC)),
        "roles": chance.sample(ROLES, chance.choice((0, 1, 1, 2))),
    }


def some_account(chance: random.Random) -> dict:
    """People, machines, groups, policies, and instances of two accounts; of the second only few."""
    return {
        "groups": list(GROUPS),
        "suspended": set(),
        "policies": [
            some_policy(chance, f"policy-{number}", GROUPS)
            for number in range(chance.randint(1, 10))
        ],
        "instances": list(some_instances(chance, 5)),
        "members": {
            (chance.choice(EVERYBODY), chance.choice(GROUPS), chance.choice(("static", "dynamic")))
            for _ in range(7)
        },
        "assumable": {(chance.choice(USERS), chance.choice(PROFILES)) for _ in range(2)},
        "rules": [group for group in GROUPS if chance.random() < 0.3],
    }


def changed(chance: random.Random, account: dict, trial: Trial) -> dict:
    """Make one to four changes in a trial, and give the account as they leave it."""
    after = deepcopy(account)
    for number in range(chance.randint(1, 4)):
        chance.choice(CHANGES)(chance, account, after, trial, number)
    return after


def _add_policy(chance, account, after, trial, number):
    policy = some_policy(chance, f"new-{number}", after["groups"])
    policy["version"] = chance.choice(("v1", "v2"))
    after["policies"].append(policy)
    trial.add_policy(as_json(policy))


def _replace_policy(chance, account, after, trial, number):
    there = [one["id"] for one in after["policies"]]
    if there:
        policy = some_policy(chance, chance.choice(there), after["groups"])
        policy["version"] = "v2"
        after["policies"] = [one for one in after["policies"] if one["id"] != policy["id"]] + [
            policy
        ]
        trial.add_policy(as_json(policy))


def _remove_policy(chance, account, after, trial, number):
    there = [one["id"] for one in account["policies"] if one in after["policies"]]
    if there:
        key = chance.choice(there)
        after["policies"] = [one for one in after["policies"] if one["id"] != key]
        trial.remove_policy(key)


def _add_group(chance, account, after, trial, number):
    group = f"AccessGroupId-new-{number}"
    after["groups"].append(trial.add_group(group, group))


def _remove_group(chance, account, after, trial, number):
    # What was added to a group that is removed is no case: it would be refused.
    there = [
        group
        for group in account["groups"]
        if group in after["groups"]
        and [one for one in after["policies"] if one["subject"] == group]
        == [
            one
            for one in account["policies"]
            if one["subject"] == group and one in after["policies"]
        ]
        and {one for one in after["members"] if one[1] == group} <= account["members"]
    ]
    if there:
        gone = chance.choice(there)
        trial.remove_group(gone)
        after["groups"].remove(gone)
        after["rules"] = [group for group in after["rules"] if group != gone]
        after["members"] = {one for one in after["members"] if one[1] != gone}
        after["policies"] = [one for one in after["policies"] if one["subject"] != gone]


def _add_member(chance, account, after, trial, number):
    who, group = chance.choice(NEW), chance.choice(after["groups"] or [None])
    if group and (who, group, "static") not in {*account["members"], *after["members"]}:
        trial.add_member(group, who)
        after["members"].add((who, group, "static"))


def _remove_member(chance, account, after, trial, number):
    there = sorted(one for one in after["members"] if one in account["members"])
    if there:
        who, group, kind = chance.choice(there)
        trial.remove_member(group, who, kind)
        after["members"].remove((who, group, kind))


def _suspend(chance, account, after, trial, number):
    who = chance.choice(USERS)
    trial.suspend_user(who)
    after["suspended"].add(who)


CHANGES = (
    *(_add_policy, _add_policy, _replace_policy, _remove_policy, _add_group, _remove_group),
    *(_add_member, _remove_member, _suspend),
)


def as_json(policy: dict) -> dict:
    """A policy as IBM Cloud's API lists it."""
    name = "name" if policy["version"] == "v1" else "key"
    rows = {
        key: [{name: a, "operator": b, "value": c} for a, b, c in policy[key]]
        for key in ("attributes", "tags")
    }
    column = "access_group_id" if policy["subject"].startswith("AccessGroupId") else "iam_id"
    subject = [{name: column, "value": policy["subject"]}]
    roles = [{"role_id": role} for role in policy["roles"]]
    about = {key: policy[key] for key in ("id", "type", "state", "rule")}
    about |= {"created_at": None, "last_modified_at": None}
    if policy["version"] == "v1":
        target = {"attributes": rows["attributes"], "tags": rows["tags"]}
        return about | {
            "subjects": [{"attributes": subject}],
            "roles": roles,
            "resources": [target],
        }
    return about | {
        "subject": {"attributes": subject},
        "resource": {"attributes": rows["attributes"], "tags": rows["tags"]},
        "control": {"grant": {"roles": roles}},
    }


def store(path: Path, blank: Path, account: dict, facts=FACTS) -> Path:
    """A file with the account, as if it had just been collected."""
    shutil.copy(blank, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("begin")
        for table, rows in _rows(account):
            for row in rows:
                names, places = ", ".join(row), ", ".join("?" * len(row))
                database.execute(
                    f"insert into {table} ({names}) values ({places})", list(row.values())
                )
        add_identities(database)
        name_roles(database)
        derive(database, facts)
        database.execute("commit")
    return path


def _rows(account: dict) -> Iterator[tuple[str, list[dict]]]:
    of = {"account_id": ACCOUNT}
    yield (
        "accounts",
        [of | {"name": "A", "owner": "IBMid-owner"}, {"account_id": OTHER, "name": "B"}],
    )
    yield (
        "collections",
        [
            of | {"id": 9, "started_at": COLLECTED_AT, "finished_at": COLLECTED_AT, "status": "ok"},
        ],
    )
    people = [(f"{who}-m", who, ACCOUNT) for who in USERS]
    people += [("both-m2", "IBMid-both", OTHER), ("other-m", "IBMid-other", OTHER)]
    yield (
        "users",
        [
            {
                "id": key,
                "iam_id": who,
                "account_id": where,
                "state": "SUSPENDED"
                if who in account["suspended"] and where == ACCOUNT
                else "ACTIVE",
            }
            for key, who, where in people
        ],
    )
    yield "serviceids", [of | {"id": who, "iam_id": who, "name": who} for who in SERVICE_IDS]
    yield "trustedprofiles", [of | {"id": who, "iam_id": who, "name": who} for who in PROFILES]
    yield (
        "trustedprofile_identities",
        [
            {"tp_id": profile, "iam_id": who, "identifier": who, "type": "user"}
            for who, profile in sorted(account["assumable"])
        ],
    )
    named = {one["subject"] for one in account["policies"] if one["subject"].startswith("Access")}
    yield (
        "access_groups",
        [
            *(
                of
                | {"id": group, "name": group, "is_public": 0, "is_federated": 0, "listed": 1}
                | {"created_at": COLLECTED_AT}
                for group in account["groups"]
            ),
            of | {"id": PUBLIC, "name": "Public Access", "is_public": 1, "listed": 1},
            {"account_id": OTHER, "id": f"{PUBLIC}/{OTHER}", "is_public": 1, "listed": 1},
        ],
    )
    assert named <= {*account["groups"], PUBLIC}
    yield (
        "access_group_members",
        [
            {
                "iam_id": who,
                "group_id": group,
                "membership_type": kind,
                "created_at": COLLECTED_AT,
                "type": "service"
                if who.startswith("iam-S")
                else "profile"
                if who.startswith("iam-P")
                else "user",
            }
            for who, group, kind in sorted(account["members"])
        ],
    )
    yield (
        "access_group_rules",
        [of | {"id": f"rule-{group}", "group_id": group} for group in account["rules"]],
    )
    yield (
        "resource_groups",
        [of | {"resource_group_id": one, "listed": 1} for one in ("rg-1", "rg-2", "rg*3")],
    )
    yield (
        "resource_service_instances",
        [
            {
                "id": one["id"],
                "account_id": one["accountId"],
                "service_name": one["serviceName"],
                "guid": one["serviceInstance"],
                "resource_group_id": one["resourceGroupId"],
                "region_id": one["region"],
            }
            for one in account["instances"]
        ],
    )
    yield (
        "tag_attachments",
        [
            {
                "crn": one["id"],
                "kind": "access",
                "name": tag,
                "account_id": one["accountId"],
                "instance_id": one["id"],
            }
            for one in account["instances"]
            for tag in one["tags"]
        ],
    )
    yield (
        "roles",
        [
            {
                "role_id": role,
                "display_name": role.rpartition(":")[2],
                "kind": "platform",
                "listed": 1,
            }
            for role in ROLES
        ],
    )
    for policy in account["policies"]:
        yield from _policy_rows(policy)


def _policy_rows(policy: dict) -> Iterator[tuple[str, list[dict]]]:
    own = {"policy_id": policy["id"]}
    is_group = policy["subject"].startswith("AccessGroupId")
    column = "access_group_id" if is_group else "iam_id"
    yield (
        "policies",
        [
            {
                "id": policy["id"],
                "account_id": ACCOUNT,
                "type": policy["type"],
                "state": policy["state"],
                "version": policy.get("version"),
                "rule": policy["rule"] and json.dumps(policy["rule"], separators=(",", ":")),
                column: policy["subject"],
            }
        ],
    )
    yield "policy_roles", [own | {"role_id": role} for role in policy["roles"]]
    yield "policy_subjects", [own | {"position": 0, "name": column, "value": policy["subject"]}]
    for table, key in (
        ("policy_resource_attributes", "attributes"),
        ("policy_resource_tags", "tags"),
    ):
        yield (
            table,
            [
                own | {"position": place, "name": name, "operator": operator, "value": value}
                for place, (name, operator, value) in enumerate(policy[key])
            ],
        )


ACCESS = {
    "effective_access": "iam_id, instance_id, role_id, policy_id, scope",
    "effective_account_access": "iam_id, service_name, role_id, policy_id, scope",
}


def access_of(path: Path) -> set[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return {
            row
            for view, columns in ACCESS.items()
            for row in database.execute(f"select {columns} from {view}")
        }


def expected(before: set[tuple], after: set[tuple]) -> dict[tuple, set[str]]:
    """By change, IAM ID, role and target the policies of the rows, from lists of all access."""
    found: dict[tuple, set[str]] = {}
    for rows, there, words in (
        (after - before, before, ("gained", "widened", "added path")),
        (before - after, after, ("lost", "narrowed", "removed path")),
    ):
        scopes: dict[tuple, set[str]] = {}
        for who, what, role, _, scope in there:
            scopes.setdefault((who, role, what), set()).add(scope)
        for who, what, role, policy, _ in rows:
            have = scopes.get((who, role, what), set())
            word = words[0] if not have else words[2] if "full" in have else words[1]
            found.setdefault((word, who, role, what), set()).add(policy)
    return found


def told(trial: Trial) -> dict[tuple, set[str]]:
    """The same as the trial tells it."""
    access = trial.access
    words = ("gained", "widened", "added path", "lost", "narrowed", "removed path")
    rows = list(access.rows(*words))
    found = {
        (row["change"], row["iam_id"], row["role_id"], row["instance_id"] or row["service"]): {
            *row["policy_ids"].split(", ")
        }
        for row in rows
    }
    assert len(found) == len(rows) == access.count(*words)
    return found


def content(database: sqlite3.Connection) -> dict[str, list[str]]:
    """All rows of all tables but those that tell of the file itself, by table.

    Without numbers that follow the order in which rows were written.
    """
    return {
        table.name: sorted(
            map(repr, database.execute(f"select {_columns(table)} from [{table.name}]"))
        )
        for table in ALL_TABLES
        if table.name not in ("facts", "collections")
    }


def _columns(table: Table) -> str:
    numbered = table.name in ("search", "escalation_steps")
    return ", ".join(f"[{c.name}]" for c in table.columns if not numbered or c.name != table.key[0])
