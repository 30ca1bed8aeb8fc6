"""Whether a check lets pass what a trial shows as gained, and how long it takes.

    python benchmarks/check.py [PROPOSALS] [FIRST]

Checks random policies (1,000 by default, numbered from FIRST) against random small accounts, in
which policies have every attribute, operator, wildcard, tag, condition, state, and type. What a
trial shows as gained or widened to the whole of a target has to be new, and whoever gets a path to
full control has to be told, and nobody else. Prints the counts, and what does not agree.

    python benchmarks/check.py FILE

Measures the checks of fifty policies against a file that was collected before, such as one of a
generated account, in processor seconds.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from iaminsights.check.reach import Reaches
from iaminsights.check.rules import Rule
from iaminsights.check.running import Checks, read_proposals, run
from iaminsights.trial.trial import Trial
from tests.database_file import blank_file
from tests.facts.test_policy_reach import ACCOUNT
from tests.trial.random_changes import as_json, some_account, some_policy, store

ACCOUNTS_EVERY = 10  # proposals for each account
LIKE_THE_FILE = 0.7  # how many ask for much the same as a policy of the account


def agrees(path: Path, folder: Path, number: int, proposed: dict) -> Counter[str]:
    """What a check and a trial say of one policy, by kind of agreement."""
    file = folder / "it.json"
    file.write_text(json.dumps(proposed), encoding="utf-8")
    checks = Checks(no_new_access=True, no_escalation=True)
    found = run(read_proposals([file]), checks, path, ACCOUNT).violations
    if any(one.check == "input" for one in found):
        return Counter({"not understood": 1})
    said = {one.check for one in found}
    with closing(sqlite3.connect(path)) as database:
        before = {one for (one,) in database.execute("select id from escalation_distances")}
    with Trial(path, ACCOUNT) as trial:
        trial.add_policy(proposed)
        gained = any(
            row["change"] == "gained" or row["scope_after"] == "full"
            for row in trial.access.rows("gained", "widened")
        )
        after = trial.whole({"escalation_distances"}).execute(
            "select id from escalation_distances where id in "
            "(select iam_id from identities union select id from access_groups)"
        )
        opened = {one for (one,) in after} - before
    wrong = []
    if gained and "new-access" not in said:
        wrong.append("gained, but not new")
    if bool(opened) != ("escalation" in said):
        wrong.append(f"escalation: {'not ' * (not opened)}opened")
    for one in wrong:
        print(f"{number}: {one}: {json.dumps(proposed)}")
    return Counter(wrong or ["new" if "new-access" in said else "nothing new"]) + Counter(
        {"escalation": "escalation" in said}
    )


def narrowed(chance: random.Random, there: dict, other: dict) -> dict:
    """Much of what a policy has, with some of what another one has."""
    attributes = [
        *there["attributes"],
        *(one for one in other["attributes"] if chance.random() < 0.3),
    ]
    return {
        "type": there["type"],
        "subject": there["subject"],
        "roles": there["roles"] or other["roles"],
        "rule": there["rule"] if chance.random() < 0.8 else other["rule"],
        "tags": [*there["tags"], *other["tags"]],
        "attributes": attributes if chance.random() < 0.8 else attributes[1:],
    }


def compare(proposals: int, first: int) -> None:
    """Compare checks and trials, and print how many agree."""
    # A trial compares roles by name.
    Reaches._allowed = lambda self, role: {}
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = blank_file(folder / "blank.sqlite3", ACCOUNT)
        for number in range(first, first + proposals):
            chance = random.Random(f"check {number}")
            if number == first or number % ACCOUNTS_EVERY == 0:
                account = some_account(random.Random(f"account {number // ACCOUNTS_EVERY}"))
                path = store(folder / "account.sqlite3", blank, account)
            policy = some_policy(chance, "proposed", account["groups"])
            if chance.random() < LIKE_THE_FILE:
                policy |= narrowed(chance, chance.choice(account["policies"]), policy)
            policy["version"] = chance.choice(("v1", "v2"))
            # A trial takes the time of the last collection, and a check today.
            if policy["state"] == "active" and "current_date" not in str(policy["rule"]):
                counted += agrees(path, folder, number, as_json(policy))
    print(dict(counted))


def fifty(path: Path) -> list[dict]:
    """Policies of an account's access groups, broad and narrow."""
    with closing(sqlite3.connect(path)) as database:
        (account,) = database.execute("select account_id from accounts").fetchone()
        groups = database.execute("select id from access_groups where is_public = 0").fetchall()
        instances = database.execute(
            "select service_name, guid from resource_service_instances order by id"
        ).fetchall()
    roles = ("role:Viewer", "role:Editor", "role:Administrator", "serviceRole:Manager")
    found = []
    for number in range(50):
        service, guid = instances[number * 7]
        named = {"accountId": account, "serviceName": service, "serviceInstance": guid}
        attributes = [
            {"key": key, "operator": "stringEquals", "value": named[key]}
            for key in list(named)[: 1 + number % 3]
        ]
        group = {"key": "access_group_id", "value": groups[number % len(groups)][0]}
        role = {"role_id": f"crn:v1:bluemix:public:iam::::{roles[number % 4]}"}
        found.append(
            {
                "type": "access",
                "subject": {"attributes": [group]},
                "resource": {"attributes": attributes},
                "control": {"grant": {"roles": [role]}},
            }
        )
    return found


def measure(path: Path) -> None:
    """Print the processor seconds of each check."""
    rules = (Rule(1, "", 1, {"manager": "Manager"}), Rule(2, "", 1, actions=("kms.*",)))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "it.json"
        file.write_text(json.dumps(fifty(path)), encoding="utf-8")
        for what, checks in (
            ("--not-granted, without the file", Checks(rules)),
            ("--not-granted", Checks(rules)),
            ("--no-public-access", Checks(no_public_access=True)),
            ("--no-new-access", Checks(no_new_access=True)),
            ("--no-escalation", Checks(no_escalation=True)),
            ("all", Checks(rules, True, True, True)),
        ):
            begin = time.process_time()
            database = None if "without" in what else path
            found = run(read_proposals([file]), checks, database)
            print(f"{time.process_time() - begin:.2f} s {what}: {len(found.violations)} violations")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        measure(Path(sys.argv[1]))
    else:
        compare(*map(int, [*sys.argv[1:], *("1000", "0")[len(sys.argv) - 1 :]]))
