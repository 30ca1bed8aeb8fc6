"""Whether what a trial says is what collecting the changed account from scratch says.

    python benchmarks/whatif.py [CHANGES] [FIRST]

Makes random changes (10,000 by default, numbered from FIRST) of random small accounts, in which
policies have every attribute, operator, wildcard, tag, condition, state, and type. Each time the
changed account is stored and derived from scratch as well. Compared are the rows of access gained
and lost; every fourth time all tables and facts; every twentieth time all findings of all reports.
Prints how many agree, and each one that does not.

    python benchmarks/whatif.py FILE

Measures the comparison of access in a file that was collected before, such as one of a generated
account: processor seconds until the number of rows is known, for one change of each kind.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from iaminsights.facts.derived import FACTS, needed
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Earlier, count
from iaminsights.trial.access import GAINED, LOST
from iaminsights.trial.trial import REACH, Trial
from tests.database_file import blank_file
from tests.facts.test_policy_reach import ACCOUNT
from tests.trial.random_changes import (
    access_of,
    changed,
    content,
    expected,
    some_account,
    store,
    told,
)

FACTS_EVERY, FINDINGS_EVERY = 4, 20


def differences(folder: Path, blank: Path, number: int, reports) -> tuple[list[str], int]:
    """What does not agree, by name, and the number of rows of access that change."""
    chance = random.Random(f"whatif {number}")
    account = some_account(chance)
    path = store(folder / "before.sqlite3", blank, account, needed(REACH))
    with Trial(path, ACCOUNT) as trial:
        facts = needed(REACH) if number % FACTS_EVERY else FACTS
        after = store(folder / "after.sqlite3", blank, changed(chance, account, trial), facts)
        rows = told(trial)
        wrong = [] if rows == expected(access_of(path), access_of(after)) else ["access"]
        if number % FACTS_EVERY:
            return wrong, len(rows)
        whole = trial.whole()
        with closing(sqlite3.connect(after)) as scratch:
            if number % FINDINGS_EVERY == 0:
                for database in (whole, scratch):
                    count(database, reports, (), None, Earlier())
            ours, theirs = content(whole), content(scratch)
        wrong += [table for table in ours if ours[table] != theirs[table]]
    return wrong, len(rows)


def agreement(changes: int, first: int) -> None:
    reports, agreed, rows = all_reports(), 0, 0
    wrong: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = blank_file(folder / "blank.sqlite3", ACCOUNT)
        for number in range(first, first + changes):
            found, gone = differences(folder, blank, number, reports)
            rows += gone
            agreed += not found
            wrong.update(found)
            if found:
                print(f"change {number} differs in {', '.join(found)}", flush=True)
            if (number + 1 - first) % 500 == 0 or number + 1 == first + changes:
                done = number + 1 - first
                print(f"{agreed:,} of {done:,} agree; {rows:,} rows of access changed", flush=True)
    for table, times in wrong.most_common():
        print(f"{times:6,}  {table}")


def measure(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        (group,) = database.execute(
            "select group_id from access_group_members group by 1 order by count(*) desc, 1"
        ).fetchone()
        (policy,) = database.execute(
            "select min(id) from policies where access_group_id = ? and type = 'access'", (group,)
        ).fetchone()
        (member,) = database.execute(
            "select min(iam_id) from access_group_members where group_id = ?", (group,)
        ).fetchone()
        (other,) = database.execute(
            "select min(iam_id) from users where iam_id not in "
            "(select iam_id from access_group_members where group_id = ?)",
            (group,),
        ).fetchone()

    def everywhere(subject: str) -> dict:
        named = [{"key": "access_group_id", "operator": "stringEquals", "value": subject}]
        place = [{"key": "serviceType", "operator": "stringEquals", "value": "service"}]
        role = {"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}
        return {
            "type": "access",
            "subject": {"attributes": named},
            "resource": {"attributes": place},
            "control": {"grant": {"roles": [role]}},
        }

    changes = {
        "remove a policy of the largest group": lambda trial: trial.remove_policy(policy),
        "remove the largest group": lambda trial: trial.remove_group(group),
        "remove a member of it": lambda trial: trial.remove_member(group, member),
        "add a member to it": lambda trial: trial.add_member(group, other),
        "give it Viewer everywhere": lambda trial: trial.add_policy(everywhere(group)),
        "give everybody Viewer everywhere": lambda trial: trial.add_policy(
            everywhere("AccessGroupId-PublicAccess")
        ),
    }
    print(f"{'seconds':>8} {'gained':>12} {'lost':>12}  change, in {path}")
    for words, make in changes.items():
        started = time.process_time()
        with Trial(path) as trial:
            make(trial)
            found = trial.access.count(*GAINED), trial.access.count(*LOST)
        print(f"{time.process_time() - started:8.2f} {found[0]:12,} {found[1]:12,}  {words}")


def main() -> None:
    given = sys.argv[1:]
    if given and not given[0].isdecimal():
        measure(Path(given[0]))
    else:
        agreement(int(given[0]) if given else 10_000, int(given[1]) if len(given) > 1 else 0)


if __name__ == "__main__":
    main()
