"""The view effective_access, row for row against the same rules written down in Python."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from itertools import product

import pytest

from ..bitsets import Bitsets, account_services, services_about
from ..database_file import blank_file
from .test_policy_reach import ACCOUNT, OTHER, fill, grants, reaches, some_instances, some_policies

USERS = ("IBMid-ada", "IBMid-bob", "IBMid-both")
SERVICE_IDS = ("iam-ServiceId-1", "iam-ServiceId-2")
PROFILES = ("iam-Profile-1",)
GHOSTS = ("IBMid-gone", "iam-ServiceId-gone")
EVERYBODY = (*USERS, *SERVICE_IDS, *PROFILES, *GHOSTS)
GROUPS = ("group-1", "group-2", "group-empty")
PUBLIC = "AccessGroupId-PublicAccess"
ROLES = ("role-viewer", "role-writer", "role-manager")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A writable file that holds nothing but tables and views."""
    path = blank_file(tmp_path_factory.mktemp("empty") / "empty.sqlite3", ACCOUNT)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database


def some_account(chance: random.Random):
    """Policies with their subjects and roles, instances, and members of groups."""
    policies = list(some_policies(chance, 12))
    for policy in policies:
        policy["subject"] = chance.choice((*EVERYBODY, *GROUPS, *GROUPS, PUBLIC))
        policy["roles"] = chance.sample(ROLES, chance.choice((0, 1, 1, 2)))
    members = {
        (chance.choice(EVERYBODY), chance.choice(GROUPS[:2]), chance.choice(("static", "dynamic")))
        for _ in range(6)
    }
    return policies, list(some_instances(chance, 6)), sorted(members)


def brute_force(policies, instances, members):
    """Every way in, from nested loops over everything."""
    rows = set()
    for policy, instance in product(policies, instances):
        scope = reaches(policy, instance) if instance["accountId"] == ACCOUNT else None
        if scope is None:
            continue
        subject = policy["subject"]
        if subject in EVERYBODY:
            group, identities = None, {subject}
        elif subject == PUBLIC:  # everybody of the account itself, but no trusted profile
            group, identities = subject, {*USERS, *SERVICE_IDS}
        else:
            group, identities = subject, {who for who, where, _ in members if where == subject}
        for identity, role in product(identities, policy["roles"]):
            rows.add((identity, instance["id"], role, policy["id"], group, scope))
    return rows


def store(database, policies, instances, members):
    fill(database, policies, instances)
    people = [(f"{who}-m", who, ACCOUNT) for who in USERS]
    # The same person in another account, and one who is only there.
    people += [("both-m2", "IBMid-both", OTHER), ("other-m", "IBMid-other", OTHER)]
    database.executemany("insert into users (id, iam_id, account_id) values (?, ?, ?)", people)
    for table, ids in (("serviceids", SERVICE_IDS), ("trustedprofiles", PROFILES)):
        database.executemany(
            f"insert into {table} (id, iam_id, account_id) values (?, ?, ?)",
            [(who, who, ACCOUNT) for who in ids],
        )
    database.executemany(
        "insert into access_groups (id, account_id, is_public, listed) values (?, ?, ?, 1)",
        [
            *((group, ACCOUNT, 0) for group in GROUPS),
            (PUBLIC, ACCOUNT, 1),
            (f"{PUBLIC}/{OTHER}", OTHER, 1),
        ],
    )
    database.executemany(
        "insert into access_group_members (iam_id, group_id, membership_type) values (?, ?, ?)",
        members,
    )
    for policy in policies:
        column = "iam_id" if policy["subject"] in EVERYBODY else "access_group_id"
        database.execute(
            f"update policies set {column} = ? where id = ?", (policy["subject"], policy["id"])
        )
        database.executemany(
            "insert into policy_roles (policy_id, role_id) values (?, ?)",
            [(policy["id"], role) for role in policy["roles"]],
        )


ACCOUNTS = 100  # in each of ten blocks
COLUMNS = "iam_id, instance_id, role_id, policy_id, access_group_id, scope"


@pytest.mark.parametrize("block", range(10))
def test_every_way_in_of_random_accounts(empty, block):
    """Each attribute, operator, wildcard, tag, rule, state and type; two oracles say the same."""
    seen = 0
    services = dict(empty.execute("select service_name, is_iam from account_services"))
    for seed in range(ACCOUNTS):
        chance = random.Random(f"{block}/{seed}")
        policies, instances, members = some_account(chance)
        expected = brute_force(policies, instances, members)
        empty.execute("begin")
        try:
            store(empty, policies, instances, members)
            found = empty.execute(f"select {COLUMNS} from effective_access").fetchall()
            assert len(found) == len(set(found))
            assert set(found) == expected, (block, seed)
            other = Bitsets(instances, ACCOUNT)
            granting = [policy for policy in policies if grants(policy)]
            assert set(empty.execute("select policy_id, instance_id from policy_instances")) == {
                (policy["id"], instance)
                for policy in granting
                for instance in other.reached(policy)
            }, (block, seed)
            assert set(
                empty.execute("select policy_id, service_name from policy_account_services")
            ) == {
                (policy["id"], service)
                for policy in granting
                for service in account_services(policy, ACCOUNT, services)
            }, (block, seed)
            about = empty.execute(
                "select policy_id, service_name from policy_services where service_type = 'service'"
            ).fetchall()
            known = {one["serviceName"] for one in instances} | {"atracker", "logs-router"}
            assert {row for row in about if row[1] in known} == {
                (policy["id"], service)
                for policy in granting
                for service in services_about(policy, ACCOUNT, known)
            }, (block, seed)
            who, where = chance.choice(EVERYBODY), instances[0]["id"]
            for column, place, value in (("iam_id", 0, who), ("instance_id", 1, where)):
                some = empty.execute(
                    f"select {COLUMNS} from effective_access where {column} = ?", (value,)
                ).fetchall()
                assert set(some) == {row for row in expected if row[place] == value}
            seen += len(expected)
        finally:
            empty.execute("rollback")
    assert seen > 500  # the accounts are not about nothing


def test_the_random_accounts_have_every_form():
    scopes, groups, kinds = set(), set(), set()
    for block, seed in product(range(10), range(ACCOUNTS)):
        account = some_account(random.Random(f"{block}/{seed}"))
        for row in brute_force(*account):
            scopes.add(row[5])
            groups.add(row[4])
            kinds.add(row[0])
    assert scopes == {"full", "part", "conditional"}
    assert groups == {None, "group-1", "group-2", PUBLIC}
    assert kinds == set(EVERYBODY)


def test_whose_policies_count_for_an_identity_is_told_both_ways_alike(sample_file, opened):
    """By identity, for reports that go through identities, and by group, as the other views."""
    database = opened(sample_file)
    holders = [
        tuple(row)
        for row in database.execute("select iam_id, holder_id, membership from identity_holders")
    ]
    itself = [
        (row["iam_id"], row["iam_id"], None)
        for row in database.execute("select iam_id from identities")
    ]
    groups = [
        tuple(row)
        for row in database.execute(
            "select iam_id, access_group_id, membership_type from access_group_identities"
        )
    ]
    assert {"static", "dynamic", "public"} == {membership for _, _, membership in groups}
    assert sorted(holders, key=str) == sorted(itself + groups, key=str)


def test_the_lists_of_members_hold_what_the_view_tells(sample_file, opened):
    database = opened(sample_file)
    listed = database.execute(
        "select lists.access_group_id, identities.iam_id, lists.membership "
        "from membership_lists as lists, json_each(lists.members) as member "
        "join identity_facts as identities on identities.number = member.value"
    )
    told = database.execute(
        "select access_group_id, iam_id, membership_type from access_group_identities"
    )
    assert sorted(map(tuple, listed)) == sorted(map(tuple, told))


def test_the_ways_to_each_instance_are_those_of_the_view(sample_file, opened):
    database = opened(sample_file)
    counted = database.execute(
        "select facts.instance_id, reached.ways from instance_ways as reached "
        "join instance_facts as facts on facts.number = reached.instance where reached.ways > 0"
    )
    told = database.execute(
        "select instance_id, count(*) from effective_access "
        "where access_group_id is not null group by instance_id"
    )
    assert sorted(map(tuple, counted)) == sorted(map(tuple, told)) != []
