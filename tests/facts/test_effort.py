"""How much work a report is, in steps of SQLite: a measure that no busy machine changes."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import astuple
from itertools import islice

import pytest

from iaminsights.check.overlay import overlay_of
from iaminsights.check.rules import Rule
from iaminsights.check.running import Checks, outcome_of, read_proposals
from iaminsights.facts import bits, chokes, networks
from iaminsights.facts.derived import FACTS, derive
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Sandbox, generated_account
from iaminsights.sandbox.generated.account import SIZES, Size
from iaminsights.trial.access import LOST
from iaminsights.trial.trial import Trial
from iaminsights.why.answer import ask

from ..check.proposed import policy
from ..conftest import collect_from
from ..report_rows import ASKED

REPORTS = {report.name: report for report in all_reports()}
# Thousands of steps for the generated account of medium size. A report that selects from facts
# takes tens or hundreds of them; one that works out again what policies mean takes many more.
MOST = 430
# Those whose answer has thousands of rows there.
LONG = {
    "service_access_by_iam_id": 950,
    "who_administers_account": 1_100,
    "who_can_do_action": 750,
}
# Those that once worked out something for all in order to show it for a few.
FEW = {
    "limit_headroom": 225,
    "find": 10,
    "policy_redundant": 215,
    "sensitive_data_reach": 200,
    "sensitive_services_without_cbr": 100,
    "service_id_no_key": 115,
    "user_no_access": 75,
}
MOST_GROUPS = (
    "select members.iam_id from access_group_members as members join policies "
    "on policies.access_group_id = group_id group by 1 order by count(*) desc limit 1"
)
# Such as (a, b) not in (select ...).
PAIRS_LOOKED_THROUGH = re.compile(r"(?<!\w)\([^()]*,[^()]*\)\s+not in\s*\(\s*select")


@pytest.fixture(scope="module")
def medium(tmp_path_factory):
    path = tmp_path_factory.mktemp("medium") / "iaminsights.sqlite3"
    account = generated_account("medium")
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
    return path


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_report_works_out_again_what_policies_mean(medium, name):
    report, steps = REPORTS[name], 0

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(f"{medium.as_uri()}?mode=ro", uri=True)) as database:
        values = {**dict.fromkeys(report.parameters, ""), **ASKED.get(name, {})}
        database.execute("select 1 from accounts")
        database.set_progress_handler(count, 1000)
        database.execute(report.sql, values).fetchall()
    assert steps <= {**LONG, **FEW}.get(name, MOST)


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_report_looks_through_a_list_of_pairs_for_each_row(name):
    """SQLite does for "not in", since a part of a pair could be null; "not exists" asks by key."""
    assert not PAIRS_LOOKED_THROUGH.search(REPORTS[name].sql)


def test_facts_weigh_little_beside_what_they_are_made_from(medium):
    """Long texts in every row, and indexes that no question is asked through, show here."""
    # What is searched for is text: it repeats names by its nature.
    facts = {fact.name for fact in FACTS} - {"search"}
    weights = {True: 0, False: 0}
    with closing(sqlite3.connect(medium)) as database:
        for table, weight in database.execute(
            "select objects.tbl_name, sum(pages.pgsize) from dbstat as pages "
            "join sqlite_master as objects on objects.name = pages.name group by 1"
        ):
            weights[table in facts] += weight
    assert weights[True] <= 0.65 * weights[False]


# What the explorers are asked about, of which there is much to tell, and how many thousands of
# steps the first page of the answer takes at most.
FIRST_PAGES = {
    "find": ({"text": "a"}, 110),
    "what_can_identity_do": ({"identity": MOST_GROUPS}, 105),
    "who_can_access_instance": ({"instance": "select max(id) from resource_service_instances"}, 75),
    "who_can_do_action": ({"role_or_action": "Administrator"}, 80),
    "who_administers_account": ({}, 90),
}


@pytest.mark.parametrize("name", sorted(FIRST_PAGES))
def test_the_first_page_of_an_explorer_takes_few_steps(medium, name):
    report, steps = REPORTS[name], 0
    asked, most = FIRST_PAGES[name]

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(f"{medium.as_uri()}?mode=ro", uri=True)) as database:
        values = {
            parameter: database.execute(value).fetchone()[0] if " " in value else value
            for parameter, value in asked.items()
        }
        database.set_progress_handler(count, 1000)
        page = f"select * from ({report.sql}) limit 101"
        found = database.execute(page, {**dict.fromkeys(report.parameters, ""), **values})
        assert len(found.fetchall()) > 80
    assert steps <= most


@pytest.mark.parametrize("name", ["who_administers_account", "who_can_do_action"])
def test_the_first_rows_of_an_explorer_are_there_before_the_others_are_made(medium, name):
    report, steps = REPORTS[name], 0

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(f"{medium.as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        values = {**dict.fromkeys(report.parameters, ""), **ASKED.get(name, {})}
        database.execute("select 1 from accounts")
        database.set_progress_handler(count, 1000)
        found = database.execute(report.sql, values)
        first = found.fetchmany(100)
        at_first = steps
        rest = found.fetchall()
    assert len(rest) > 1000
    assert first[0]["report_rows"] == len(first) + len(rest)
    assert at_first <= 0.2 * steps


def test_a_check_of_fifty_policies_takes_few_steps(medium, tmp_path):
    with closing(sqlite3.connect(medium)) as database:
        (account,) = database.execute("select account_id from accounts").fetchone()
        groups = database.execute("select id from access_groups where is_public = 0").fetchall()
        instances = database.execute(
            "select service_name, guid from resource_service_instances order by id"
        ).fetchall()
    roles = ("role:Viewer", "role:Editor", "role:Administrator", "serviceRole:Manager")
    proposed = []
    for number in range(50):
        service, guid = instances[number * 7]
        named = {"accountId": account, "serviceName": service, "serviceInstance": guid}
        kept = list(named)[: 1 + number % 3]
        item = policy(
            groups[number % len(groups)][0],
            f"crn:v1:bluemix:public:iam::::{roles[number % 4]}",
            attributes={key: named[key] for key in kept},
        )
        proposed.append(item)
    (tmp_path / "it.json").write_text(json.dumps(proposed))
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    rules = (Rule(1, "", 1, {"manager": "Manager"}), Rule(2, "", 1, actions=("kms.*",)))
    with overlay_of(medium) as overlay:
        overlay.connection.set_progress_handler(count, 1000)
        proposals = read_proposals([tmp_path / "it.json"])
        found = outcome_of(overlay, proposals, Checks(rules, True, True, True))
    assert found.checked["policies"] == 50
    assert {one.check for one in found.violations} == {"new-access", "not-granted", "escalation"}
    assert steps <= 3_200, steps


# Walks through all that leads to something: thousands of steps, in all.
WALKS = [
    ("paths_between", {"target": "full control"}, 330),
    ("paths_between", {"target": "select max(id) from resource_service_instances"}, 400),
    ("who_reaches", {"target": "select max(id) from resource_service_instances"}, 480),
]


@pytest.mark.parametrize(("name", "asked", "most"), WALKS)
def test_a_walk_visits_each_thing_once(medium, name, asked, most):
    report, steps = REPORTS[name], 0

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(f"{medium.as_uri()}?mode=ro", uri=True)) as database:
        asked = {"source": "select min(iam_id) from shortest_escalation_paths", "role": ""} | asked
        values = {
            parameter: database.execute(value).fetchone()[0] if value[:7] == "select " else value
            for parameter, value in asked.items()
        }
        database.set_progress_handler(count, 1000)
        assert database.execute(report.sql, values).fetchall()
    assert steps <= most


def test_deriving_all_facts_takes_few_steps(medium, tmp_path):
    """Thousands of them; each fact asks others instead of working out the same again."""
    copy, steps = tmp_path / "copy.sqlite3", 0
    shutil.copy(medium, copy)

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(copy)) as database:
        database.set_progress_handler(count, 1000)
        derive(database)
    assert steps <= 7_300


@pytest.mark.parametrize(
    ("role_or_action", "target", "most"),
    [
        ("Viewer", "select max(id) from resource_service_instances", 45),
        ("iam.policy.create", "select max(id) from resource_service_instances", 45),
        ("Viewer", "select 'service:billing'", 75),
        ("Viewer", "select 'service:kms'", 80),
        ("Viewer", "select 'account'", 75),
        ("Viewer", "select max(resource_group_id) from resource_service_instances", 75),
    ],
)
def test_an_answer_to_why_takes_few_steps(medium, role_or_action, target, most):
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(f"{medium.as_uri()}?mode=ro", uri=True)) as database:
        (who,) = database.execute(MOST_GROUPS).fetchone()
        (what,) = database.execute(target).fetchone()
        database.set_progress_handler(count, 1000)
        found = ask(database, who, role_or_action, what)
    assert len(found.ways) + found.near + found.others > 40
    assert steps <= most, steps


def test_what_a_change_would_do_takes_few_steps(medium):
    """Those whom it touches are looked at, not a million rows of access."""
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(medium)) as database:
        (largest,) = database.execute(
            "select group_id from access_group_members group by 1 order by count(*) desc, 1"
        ).fetchone()
    with Trial(medium) as trial:
        trial.before.set_progress_handler(count, 1000)
        trial.remove_group(largest)
        assert trial.access.count(*LOST) > 100_000
        assert len(list(islice(trial.access.rows(*LOST), 100))) == 100
    assert steps <= 100


# So many accounts of an eighth of medium size in one file. Six times the rows are six times the
# work, and somewhat more for deeper indexes and since no two accounts are the same; to look through
# all rows for each of them is 36 times the work.
ACCOUNTS = 6
AT_MOST = 8
SPARE = 5  # thousand steps, for what is next to nothing with one account


@pytest.fixture(scope="module")
def one_and_six(tmp_path_factory):
    """A file with one account, and one with that account and five others."""
    folder = tmp_path_factory.mktemp("accounts")
    one, six = folder / "one.sqlite3", folder / "six.sqlite3"
    with pytest.MonkeyPatch.context() as patched:
        size = Size(*(max(1, number // 8) for number in astuple(SIZES["medium"])))
        patched.setitem(SIZES, "an eighth", size)
        accounts = [generated_account("an eighth", seed) for seed in range(ACCOUNTS)]
    with Sandbox(accounts) as sandbox:
        for account in accounts:
            collect_from(sandbox, account, six)
            if account is accounts[0]:
                shutil.copy(six, one)
    return one, six


def test_with_more_accounts_in_a_file_the_work_grows_as_they_do(one_and_six):
    selects = {fact.name: (fact.sql, {}) for fact in FACTS}
    selects |= {
        name: (report.sql, dict.fromkeys(report.parameters, "")) for name, report in REPORTS.items()
    }
    steps = 0

    def count():
        nonlocal steps
        steps += 0.1

    taken = []
    for path in one_and_six:
        taken.append({})
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            bits.register(database)
            chokes.register(database)
            networks.register(database)
            database.execute("select 1 from accounts")
            database.set_progress_handler(count, 100)
            for name, (sql, values) in selects.items():
                steps = 0
                database.execute(sql, values).fetchall()
                taken[-1][name] = round(steps)
    with_one, with_six = taken
    assert {
        name: (with_one[name], steps)
        for name, steps in with_six.items()
        if steps > AT_MOST * (with_one[name] + SPARE)
    } == {}
