"""Allowed is what the views say, row for row, and what is said to fail does fail."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from iaminsights.resolve import (
    ACCOUNT as THE_ACCOUNT,
)
from iaminsights.resolve import (
    GROUP,
    IDENTITY,
    INSTANCE,
    MANAGEMENT,
    RESOURCE_GROUP,
    ROLE,
    SERVICE,
    Thing,
)
from iaminsights.why.asked import Asked
from iaminsights.why.holders import policies_of
from iaminsights.why.misses import failing
from iaminsights.why.targets import described, reached

from ..bitsets import Bitsets, fits_service
from ..database_file import blank_file
from ..facts.test_effective_access import EVERYBODY, GROUPS, PUBLIC, ROLES, some_account, store
from ..facts.test_policy_reach import ACCOUNT, COMPARED, OVER, holds

BLOCKS, ACCOUNTS = 2, 12
MANAGEMENT_SERVICES = ("billing", "iam-groups", "iam-identity")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A writable file that holds nothing but tables and views."""
    path = blank_file(tmp_path_factory.mktemp("empty") / "empty.sqlite3", ACCOUNT)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database


def thing(kind, key):
    return Thing(kind, key, key, ACCOUNT, "", key)


def answers(database, target, who):
    """For each role the policies of somebody with what of them fails, and how much is reached."""
    policies = policies_of(database, who, ACCOUNT)
    reaches = reached(database, target, policies)
    for role in ROLES:
        asked = Asked(thing(ROLE, role), frozenset({(role, None)}))
        fails = failing(database, target, asked, list(policies.values()), reaches)
        yield role, fails, reaches


def rows_of(database, sql, *values):
    """Rows of a view as a set for each identity and role: policies with their scopes."""
    found = {}
    for who, role, policy, scope in database.execute(sql, values):
        found.setdefault((who, role), set()).add((policy, scope))
    return found


BY_INSTANCE = "select iam_id, role_id, policy_id, scope from effective_access where instance_id = ?"
BY_SERVICE = (
    "select iam_id, role_id, policy_id, scope from effective_account_access where service_name = ?"
)
OF_GROUPS = (
    "select access_group_id, role_id, policies.id, scope from {reached} as reached "
    "join policies on policies.id = reached.policy_id "
    "join policy_roles on policy_roles.policy_id = policies.id "
    "where access_group_id is not null and {column} = ?"
)


def fails_of_instance(policy, instance):
    """Whether an attribute of a policy, or a tag, does not fit an instance."""

    def fails(failed):
        if failed.side == "tag":
            name, operator, value = policy["tags"][failed.position]
            carried = [
                tag.partition(":")[2] for tag in instance["tags"] if tag.startswith(f"{name}:")
            ]
            return not any(holds(operator, value, one) for one in carried)
        name, operator, value = policy["attributes"][failed.position]
        if name in COMPARED:
            return not holds(operator, value, instance[name] or None)
        return not Bitsets.common(name, operator, value)

    return fails


def fails_of_service(policy, service, is_management):
    def fails(failed):
        if failed.side == "tag":
            return is_management
        name, operator, value = policy["attributes"][failed.position]
        if failed.names_nothing:
            return not {"serviceName", "serviceType"} & {one[0] for one in policy["attributes"]}
        if is_management:
            return not fits_service(name, operator, value, ACCOUNT, service, service[:3] == "iam")
        if name in ("serviceName", "accountId"):
            return not holds(operator, value, service if name == "serviceName" else ACCOUNT)
        return not Bitsets.common(name, operator, value)

    return fails


@pytest.mark.parametrize("block", range(BLOCKS))
def test_allowed_is_what_the_views_say_and_what_is_named_as_failing_fails(empty, block):
    seen = {"allowed": 0, "near": 0, "attributes": set(), "others": set()}
    for seed in range(ACCOUNTS):
        policies, instances, members = some_account(random.Random(f"why {block}/{seed}"))
        by_id = {policy["id"]: policy for policy in policies}
        empty.execute("begin")
        try:
            store(empty, policies, instances, members)
            subjects = [
                *(thing(IDENTITY, who) for who in EVERYBODY),
                *(thing(GROUP, group) for group in (*GROUPS, PUBLIC)),
            ]
            asked = [
                *(
                    (thing(INSTANCE, one["id"]), one, BY_INSTANCE, "policy_instances")
                    for one in instances
                    if one["accountId"] == ACCOUNT
                ),
                *(
                    (thing(MANAGEMENT, one), one, BY_SERVICE, "policy_account_services")
                    for one in MANAGEMENT_SERVICES
                ),
                *(
                    (thing(SERVICE, one), one, None, "policy_services")
                    for one in sorted({one["serviceName"] for one in instances} - {"iam-groups"})
                ),
            ]
            for about, one, view, by_policy in asked:
                target = described(empty, about)
                column = "instance_id" if about.kind == INSTANCE else "service_name"
                by_group = OF_GROUPS.format(reached=by_policy, column=column)
                if about.kind == SERVICE:
                    by_group += " and service_type = 'service'"
                    view = by_group.replace("access_group_id", "iam_id")
                allowed = rows_of(empty, view, about.id)
                allowed |= rows_of(empty, by_group, about.id)
                for who in subjects:
                    if about.kind == SERVICE and who.kind == IDENTITY:
                        continue  # no view has them through groups
                    for role, fails, reaches in answers(empty, target, who):
                        granted = {key for key, failed in fails.items() if not failed}
                        scopes = {(key, reaches[key].scope) for key in granted}
                        assert scopes == allowed.get((who.id, role), set()), (block, seed, about)
                        seen["allowed"] += len(granted)
                        for key, failed in fails.items():
                            check(by_id[key], role, failed, about.kind, one, seen)
        finally:
            empty.execute("rollback")
    assert seen["allowed"] > 100 and seen["near"] > 500
    assert seen["others"] == {"role", "state", "time"}
    assert seen["attributes"] >= {
        *("accountId", "serviceName", "serviceInstance", "resourceGroupId", "region", "tag"),
        *("serviceType", "service_group_id", "resourceType"),
    }


def check(policy, role, failed, kind, one, seen):
    """See that each thing that is said to fail does."""
    if kind == INSTANCE:
        fails = fails_of_instance(policy, one)
    else:
        fails = fails_of_service(policy, one, kind == MANAGEMENT)
    seen["near"] += len(failed) == 1
    for each in failed:
        if each.side:
            seen["attributes"].add(each.name)
            assert fails(each), (policy, one, each)
        else:
            seen["others"].add(each.name)
            assert {
                "role": role not in policy["roles"],
                "state": policy["state"] != "active",
                "time": policy["rule"] == OVER,
            }.get(each.name), (policy, one, each)


def test_what_reaches_a_whole_resource_group_reaches_every_instance_in_it(empty):
    """No other fact tells of groups: what reaches a group is held against its instances."""
    full = part = 0
    for seed in range(24):
        policies, instances, members = some_account(random.Random(f"group {seed}"))
        empty.execute("begin")
        try:
            store(empty, policies, instances, members)
            target = described(empty, thing(RESOURCE_GROUP, "rg-1"))
            reaches = reached(empty, target, {policy["id"] for policy in policies})
            inside = {
                one["id"]
                for one in instances
                if one["resourceGroupId"] == "rg-1"
                and one["accountId"] == ACCOUNT
                # A policy for any region is one for all that has one.
                and one["region"]
                and one["serviceInstance"]
            }
            by_policy = {}
            for policy, instance in empty.execute(
                "select policy_id, instance_id from policy_instances"
            ):
                by_policy.setdefault(policy, set()).add(instance)
            for policy in policies:
                its = by_policy.get(policy["id"], set()) & inside
                reach = reaches.get(policy["id"])
                if reach is None:
                    assert not its, policy
                elif reach.scope == "full":
                    assert its == inside, policy
                    full += 1
                else:
                    part += 1
        finally:
            empty.execute("rollback")
    assert full > 10 and part > 10


def test_the_account_is_reached_by_what_reaches_a_service_that_manages_it(empty):
    whole = 0
    for seed in range(15):
        policies, instances, members = some_account(random.Random(f"account {seed}"))
        empty.execute("begin")
        try:
            store(empty, policies, instances, members)
            target = described(empty, thing(THE_ACCOUNT, ACCOUNT))
            reaches = reached(empty, target, {policy["id"] for policy in policies})
            services = {}
            for policy, service in empty.execute(
                "select policy_id, service_name from policy_account_services"
            ):
                services.setdefault(policy, set()).add(service)
            assert {key: set(reach.services) for key, reach in reaches.items()} == services
            every = {name for (name,) in empty.execute("select service_name from account_services")}
            for key, reach in reaches.items():
                if reach.scope == "full":
                    assert services[key] == every
                    whole += 1
        finally:
            empty.execute("rollback")
    assert whole > 5
