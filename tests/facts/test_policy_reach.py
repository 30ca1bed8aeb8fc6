"""What the view policy_instances says, against the same rules written down in Python."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import derive

from ..database_file import blank_file, facts_behind

ACCOUNT, OTHER = "a" * 32, "b" * 32
SERVICES = ("kms", "KMS", "cloud-object-storage", "k[m]s", "databases-for-redis", "iam-groups")
REGIONS = ("eu-de", "eu-gb", "global", "", None)
GROUPS = ("rg-1", "rg-2", "rg*3", None)
GUIDS = ("1111-aaaa", "1111-bbbb", "2222-a?b", "2222-a*b", "[1]-x", "1-x", "ünïcode-1", "", None)
PATTERNS = (
    *("*", "**", "?*", "1111-*", "1111-????", "1111-?", "*a", "2222-a{{?}}b", "2222-a{{*}}b"),
    *("{{*}}", "2222-a?b", "[1]-*", "[12]-x", "k[m]s", "K*", "k*", "eu-*", "*-??", "rg{{*}}3"),
    *(
        "ünïcode-?",
        "?nïcode*",
        "%",
        "rg_1",
        "",
        "service",
        "serv*",
        "iam-*",
        "*service",
        "platform_*",
        "[IAM]*",
    ),
)
TRUTHS = ("true", "false", "1", "yes", None)
OPERATORS = (
    *("stringEquals", None, "stringMatch", "stringExists", "stringEqualsAnyOf"),
    *("stringMatchAnyOf", "stringNotEquals"),
)
VALUES = {
    "accountId": (ACCOUNT, ACCOUNT, ACCOUNT, OTHER, "*"),
    "serviceName": (*SERVICES, "*", "gone"),
    "serviceInstance": (*filter(None, GUIDS), "*", "gone"),
    "resourceGroupId": ("rg-1", "rg-2", "rg*3", "*"),
    "region": ("eu-de", "EU-DE", "global", "*", ""),
    "serviceType": ("service", "service", "platform_service", "platform_service", "*"),
    "service_group_id": ("IAM", "IAM", "*"),
    "resourceType": ("bucket", "resource-group", "*"),
    "resource": ("reports", "*"),
    "path": ("db/*",),
}
TAGS = ("env:prod", "env:dev", "team:prod", "env:p:x", "environment:prod", "env:PROD")
# Conditions without end, one that ended before the account was collected, one that ends after it.
COLLECTED_AT = "2026-01-01T00:00:00Z"
OVER, TO_END = (
    json.dumps(
        {
            "key": "{{environment.attributes.current_date_time}}",
            "operator": "dateTimeLessThanOrEquals",
            "value": moment,
        }
    )
    for moment in ("2025-12-31T23:59:59+00:00", "2026-01-01T00:30:00-01:00")
)
RULES = ('{"key":"x"}', OVER, TO_END)
# The facts that say who reaches which instance and service.
REACH = facts_behind("target_pairs", "policy_services")
COMPARED = ("accountId", "serviceName", "serviceInstance", "resourceGroupId", "region")


def like(pattern: str, actual: str) -> bool:
    tokens = re.findall(r"\{\{[*?]\}\}|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    literal = {"{{*}}": r"\*", "{{?}}": r"\?"}
    expression = "".join(wild.get(t) or literal.get(t) or re.escape(t) for t in tokens)
    return re.fullmatch(expression, actual, re.DOTALL) is not None


def holds(operator, value, actual) -> bool:
    """One attribute, by the document's table of operators; a missing thing is None."""
    if operator in (None, "stringEquals"):
        return actual is not None and value in ("*", actual)
    if operator == "stringMatch":
        return actual is not None and value is not None and like(value, actual)
    if operator == "stringExists":
        return {"true": actual is not None, "false": actual is None}.get(value, False)
    if operator == "stringEqualsAnyOf":
        return any(holds("stringEquals", one, actual) for one in json.loads(value))
    if operator == "stringMatchAnyOf":
        return any(holds("stringMatch", one, actual) for one in json.loads(value))
    return False


def may_be_part(name, operator, value) -> bool:
    """Whether an attribute of parts of an instance can hold: one of its values is enough."""
    if value is None or operator == "stringNotEquals":
        return False
    if operator == "stringExists":
        return value in ("true", "false", "*")
    values = json.loads(value) if operator and operator.endswith("AnyOf") else [value]
    if name != "resourceType":
        return bool(values)
    patterns = operator in ("stringMatch", "stringMatchAnyOf")
    # The group itself, unless every type is meant.
    return any(
        not (like(one, "resource-group") if patterns else one == "resource-group")
        or set(one) <= set("*?")
        and one.count("?") <= 1
        for one in values
    )


def grants(policy) -> bool:
    return (policy["type"], policy["state"]) == ("access", "active") and policy["rule"] != OVER


def reaches(policy, instance) -> str | None:
    """The scope in which a policy reaches an instance; None if it does not."""
    if not grants(policy):
        return None
    for name, operator, value in policy["tags"]:
        carried = [tag.split(":", 1)[1] for tag in instance["tags"] if tag.startswith(f"{name}:")]
        if not any(holds(operator, value, one) for one in carried):
            return None
    scope = "full"
    for name, operator, value in policy["attributes"]:
        if name == "service_group_id" or (name, value) == ("serviceType", "platform_service"):
            return None
        if name in (*COMPARED, "serviceType"):
            actual = "service" if name == "serviceType" else instance[name] or None
            if not holds(operator, value, actual):
                return None
        elif not may_be_part(name, operator, value):
            return None
        else:
            scope = "part"
    return "conditional" if policy["rule"] else scope


def some_attribute(chance: random.Random):
    name = chance.choice(tuple(VALUES))
    operator = chance.choice(OPERATORS) if chance.random() < 0.6 else "stringEquals"
    if operator == "stringMatch":
        return name, operator, chance.choice(PATTERNS)
    if operator == "stringExists":
        return name, operator, chance.choice(TRUTHS)
    values = PATTERNS if operator == "stringMatchAnyOf" else VALUES[name]
    if operator in ("stringEqualsAnyOf", "stringMatchAnyOf"):
        return name, operator, json.dumps([chance.choice(values) for _ in range(2)])
    return name, operator, chance.choice(values)


def some_tags(chance: random.Random):
    """What a policy asks for: access tags by literal value or pattern, one or two of them."""
    values = (("stringEquals", "prod"), (None, "dev"), ("stringMatch", "p*"), ("stringMatch", "*?"))
    return [
        (chance.choice(("env", "team")), *chance.choice(values))
        for _ in range(chance.choice((1, 1, 2)))
    ]


def some_policies(chance: random.Random, number: int):
    for index in range(number):
        yield {
            "id": f"policy-{index}",
            "type": "authorization" if chance.random() < 0.03 else "access",
            "state": "deleted" if chance.random() < 0.03 else "active",
            "rule": chance.choice(RULES) if chance.random() < 0.15 else None,
            "tags": some_tags(chance) if chance.random() < 0.1 else [],
            "attributes": [
                some_attribute(chance) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))
            ],
        }


def some_instances(chance: random.Random, number: int):
    for index in range(number):
        yield {
            "id": f"crn-{index}",
            "accountId": ACCOUNT if chance.random() < 0.9 else OTHER,
            "serviceName": chance.choice(SERVICES),
            "serviceInstance": chance.choice(GUIDS),
            "resourceGroupId": chance.choice(GROUPS),
            "region": chance.choice(REGIONS),
            "tags": chance.sample(TAGS, chance.choice((0, 1, 2, 3))),
        }


@pytest.fixture
def empty(tmp_path):
    """A writable file that holds nothing but tables and views."""
    path = blank_file(tmp_path / "empty.sqlite3", ACCOUNT)
    with closing(sqlite3.connect(path)) as database:
        yield database


def derive_reach(database):
    derive(database, REACH)


def fill(database, policies, instances):
    database.executemany(
        "insert into accounts (account_id, name) values (?, ?)", [(ACCOUNT, "A"), (OTHER, "B")]
    )
    database.execute(
        "insert into collections (id, account_id, started_at, finished_at, status) "
        "values (1, ?, ?, ?, 'ok')",
        (ACCOUNT, COLLECTED_AT, COLLECTED_AT),
    )
    database.executemany(
        "insert into resource_groups (resource_group_id, account_id, listed) values (?, ?, 1)",
        [(group, ACCOUNT) for group in filter(None, GROUPS)],
    )
    database.executemany(
        "insert into resource_service_instances (id, account_id, service_name, guid, "
        "resource_group_id, region_id) values (:id, :accountId, :serviceName, :serviceInstance, "
        ":resourceGroupId, :region)",
        instances,
    )
    # A tag of another kind, with the name of an access tag, grants nothing.
    database.executemany(
        "insert into tag_attachments (crn, kind, name, account_id, instance_id) "
        "values (?, ?, ?, ?, ?)",
        [
            (instance["id"], kind, tag, instance["accountId"], instance["id"])
            for instance in instances
            for kind, tags in (("access", instance["tags"]), ("user", ("team:dev", "env:dev")))
            for tag in tags
        ],
    )
    for policy in policies:
        database.execute(
            "insert into policies (id, account_id, type, state, rule) values (?, ?, ?, ?, ?)",
            (policy["id"], ACCOUNT, policy["type"], policy["state"], policy["rule"]),
        )
        database.executemany(
            "insert into policy_resource_attributes (policy_id, position, name, operator, value) "
            "values (?, ?, ?, ?, ?)",
            [(policy["id"], place, *item) for place, item in enumerate(policy["attributes"])],
        )
        database.executemany(
            "insert into policy_resource_tags (policy_id, position, name, operator, value) "
            "values (?, ?, ?, ?, ?)",
            [(policy["id"], place, *tag) for place, tag in enumerate(policy["tags"])],
        )
    derive_reach(database)


@pytest.mark.parametrize("seed", range(3))
def test_the_view_says_what_the_rules_say(empty, seed):
    chance = random.Random(seed)
    policies, instances = list(some_policies(chance, 150)), list(some_instances(chance, 30))
    fill(empty, policies, instances)
    expected = {
        (policy["id"], instance["id"], scope)
        for policy in policies
        for instance in instances
        # A policy never leaves its account, whatever accountId says or leaves out.
        if instance["accountId"] == ACCOUNT and (scope := reaches(policy, instance))
    }
    found = empty.execute("select policy_id, instance_id, scope from policy_instances").fetchall()
    assert len(found) == len(set(found)) > 250
    by_id = {policy["id"]: policy for policy in policies}
    wrong = sorted(expected ^ set(found))
    assert not wrong, [(one, by_id[one[0]]["attributes"]) for one in wrong[:5]]

    for policy in policies[::10]:
        one = "select * from policy_instances where policy_id = ?"
        assert set(empty.execute(one, (policy["id"],))) == {
            row for row in expected if row[0] == policy["id"]
        }
    for instance in instances:
        one = "select * from policy_instances where instance_id = ?"
        assert set(empty.execute(one, (instance["id"],))) == {
            row for row in expected if row[1] == instance["id"]
        }


def test_policies_with_one_target_reach_the_same(empty):
    """Reports about all instances ask about one policy of each target."""
    chance = random.Random("targets")
    fill(empty, list(some_policies(chance, 250)), list(some_instances(chance, 20)))
    reached: dict[str, set] = {}
    for policy_id, account_id, target in empty.execute(
        "select policy_id, account_id, target_id from policy_targets"
    ).fetchall():
        instances = frozenset(
            empty.execute(
                "select instance_id from policy_instances where policy_id = ?", (policy_id,)
            )
        )
        reached.setdefault((account_id, target), set()).add(instances)
    assert len(reached) > 60
    assert all(len(different) == 1 for different in reached.values())


@pytest.mark.parametrize("value", ["kms", "[broken", "", None, '{"a": 1}', "7"])
def test_a_list_that_is_no_list_breaks_nothing(empty, value):
    instance = dict.fromkeys(("serviceName", "serviceInstance", "resourceGroupId", "region"))
    policy = {"id": "p", "type": "access", "state": "active", "rule": None, "tags": []}
    fill(
        empty,
        [policy | {"attributes": [("serviceName", "stringEqualsAnyOf", value)]}],
        [instance | {"id": "crn", "accountId": ACCOUNT, "serviceName": "kms", "tags": []}],
    )
    reached = empty.execute("select count(*) from policy_instances").fetchone()[0]
    assert reached == (value == "kms")
    derive(empty)
