"""Which services policies are about: the one fact that decides it, row by row."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import derive

from ..database_file import blank_file, facts_behind

ACCOUNT, OTHER = "a" * 32, "b" * 32
EXISTS, ABSENT = ("stringExists", "true"), ("stringExists", "false")
# Services that nothing in the account is of, but that are asked about; those with instances; and
# one of which only a role knows.
ASKED = {"atracker", "logs-router", "cloud-object-storage"}
SERVICES = {"kms", "appid", "", "schematics"} | ASKED
IAM = {"iam-access-management", "iam-groups", "iam-identity", "user-management"}
OTHERS = {
    *("billing", "cloudshell", "context-based-restrictions", "enterprise", "entitlement"),
    *("globalcatalog", "globalcatalog-collection", "project", "security-compliance", "support"),
}
WANTED = facts_behind("policy_services", "policy_breadths")


@pytest.fixture
def database(tmp_path):
    """Two instances of services, one that does not tell its service, and an action of a third."""
    path = blank_file(tmp_path / "empty.sqlite3", ACCOUNT)
    with closing(sqlite3.connect(path)) as database:
        database.execute("insert into accounts (account_id) values (?)", (ACCOUNT,))
        database.executemany(
            "insert into resource_service_instances (id, account_id, service_name) "
            "values (?, ?, ?)",
            [(f"crn-{name}", ACCOUNT, name) for name in ("kms", "appid", "")],
        )
        database.execute("insert into roles (role_id, listed) values ('role', 1)")
        database.executemany(
            "insert into role_actions (role_id, service_name, action) values ('role', ?, ?)",
            [("schematics", "schematics.plan"), ("iam-groups", "iam-groups.read")],
        )
        yield database


def about(database, attributes, tags=(), **columns):
    """The rows of one policy: its services and its account management services, by scope."""
    values = {"id": "p", "account_id": ACCOUNT, "type": "access", "state": "active", **columns}
    database.execute(
        f"insert into policies ({', '.join(values)}) values ({', '.join('?' * len(values))})",
        (*values.values(),),
    )
    database.executemany(
        "insert into policy_resource_attributes (policy_id, position, name, operator, value) "
        "values ('p', ?, ?, ?, ?)",
        [
            (place, name, *(said if isinstance(said, tuple) else (None, said)))
            for place, (name, said) in enumerate(attributes)
        ],
    )
    database.executemany(
        "insert into policy_resource_tags (policy_id, position, name, value) values ('p', ?, ?, ?)",
        [(place, *tag.split(":")) for place, tag in enumerate(tags)],
    )
    derive(database, WANTED)
    found: dict[str, dict[str, str]] = {"service": {}, "platform_service": {}}
    for kind, service, scope in database.execute(
        "select service_type, service_name, scope from policy_services"
    ):
        found[kind][service] = scope
    return found["service"], found["platform_service"]


def one_of(*values):
    return ("stringEqualsAnyOf", json.dumps(values))


def like(pattern):
    return ("stringMatch", pattern)


@pytest.mark.parametrize(
    ("attributes", "services", "management"),
    [
        ([], SERVICES, IAM | OTHERS),
        ([("accountId", ACCOUNT)], SERVICES, IAM | OTHERS),
        ([("accountId", OTHER)], set(), set()),
        ([("accountId", ABSENT)], set(), set()),
        ([("serviceType", "service")], SERVICES, set()),
        ([("serviceType", "platform_service")], set(), IAM | OTHERS),
        ([("serviceType", like("*service"))], SERVICES, IAM | OTHERS),
        ([("serviceType", EXISTS)], SERVICES, IAM | OTHERS),
        ([("serviceType", ABSENT)], set(), set()),
        ([("service_group_id", "IAM")], set(), IAM),
        ([("service_group_id", like("I?M"))], set(), IAM),
        ([("service_group_id", EXISTS)], set(), IAM),
        ([("service_group_id", ABSENT)], set(), OTHERS),
        ([("service_group_id", "other")], set(), set()),
        ([("serviceName", "kms")], {"kms"}, set()),
        ([("serviceName", "KMS")], {"KMS"}, set()),
        ([("serviceName", "nobody-has-it")], {"nobody-has-it"}, set()),
        ([("serviceName", "iam-groups")], set(), {"iam-groups"}),
        ([("serviceName", "iam-groups"), ("serviceType", "service")], set(), set()),
        ([("serviceName", like("*a*"))], {"appid", "schematics"} | ASKED - {"logs-router"}, None),
        ([("serviceName", like("k??"))], {"kms"}, set()),
        ([("serviceName", like("{{*}}"))], set(), set()),
        ([("serviceName", one_of("kms", "support"))], {"kms"}, {"support"}),
        ([("serviceName", one_of("kms", "*"))], SERVICES - {""}, IAM | OTHERS),
        ([("serviceName", one_of())], set(), set()),
        ([("serviceName", EXISTS)], SERVICES - {""}, IAM | OTHERS),
        ([("serviceName", ABSENT)], {""}, set()),
        ([("serviceName", ("stringNotEquals", "kms"))], set(), set()),
        ([("serviceName", like("a*")), ("serviceName", like("*d"))], {"appid"}, set()),
        ([("serviceName", "kms"), ("serviceName", "appid")], set(), set()),
        ([("resourceType", "resource-group")], set(), set()),
    ],
)
def test_which_services_a_policy_is_about(database, attributes, services, management):
    found = about(database, attributes)
    assert (set(found[0]), set(found[1])) == (
        services,
        {name for name in IAM | OTHERS if "a" in name} if management is None else management,
    )
    assert {*found[0].values(), *found[1].values()} <= {"full"}


@pytest.mark.parametrize(
    ("attributes", "services", "management"),
    [
        ([("region", "eu-de")], ("part", 0, 1), None),
        ([("region", EXISTS)], ("full", 1, 1), None),
        ([("region", ABSENT)], ("part", 0, 1), ("full", 1, 1)),
        ([("resourceGroupId", "g")], ("part", 0, 0), None),
        ([("resourceGroupId", EXISTS)], ("full", 1, 1), None),
        ([("resourceGroupId", ABSENT)], ("part", 0, 1), ("full", 1, 1)),
        ([("serviceInstance", "i")], ("part", 0, 0), None),
        ([("serviceInstance", "*")], ("full", 1, 1), ("part", 1, 1)),
        ([("resource", "r")], ("part", 0, 1), None),
        ([("resource", EXISTS)], ("part", 1, 1), ("part", 1, 1)),
        ([("resourceType", "bucket"), ("serviceType", EXISTS)], ("part", 0, 1), ("part", 0, 1)),
    ],
)
def test_how_much_of_them(database, attributes, services, management):
    """Its scope, whether it is the whole service, and whether what has no place is in it."""
    about(database, attributes)
    found = {
        kind: {(scope, is_whole, is_unplaced)}
        for kind, scope, is_whole, is_unplaced in database.execute(
            "select distinct service_type, scope, is_whole, is_unplaced from policy_services"
        )
    }
    expected = {"service": {services}} | ({"platform_service": {management}} if management else {})
    assert found == expected


def test_access_tags_and_conditions(database):
    services, management = about(database, [], tags=["env:prod"])
    assert (services, management) == (dict.fromkeys(SERVICES, "part"), {})
    database.execute("delete from policy_resource_tags")
    database.execute("update policies set rule = '{}'")
    derive(database, WANTED)
    assert database.execute(
        "select distinct service_type, scope from policy_services order by service_type"
    ).fetchall() == [("platform_service", "conditional"), ("service", "conditional")]


@pytest.mark.parametrize(
    "columns", [{"type": "authorization"}, {"state": "deleted"}, {"state": "inactive"}]
)
def test_what_grants_nobody_anything_is_about_no_service(database, columns):
    assert about(database, [], **columns) == ({}, {})


@pytest.mark.parametrize(
    ("said", "breadth"),
    [
        (("stringEquals", "resource-group"), "resource group itself"),
        (("stringMatch", "resource-*"), "resource group itself"),
        (("stringEquals", "bucket"), "part of an instance"),
        (ABSENT, "part of an instance"),
        (EXISTS, "whole account"),
    ],
)
def test_what_must_have_no_resource_type_is_not_the_resource_group_itself(database, said, breadth):
    about(database, [("resourceType", said)])
    assert database.execute("select breadth from policy_breadths").fetchall() == [(breadth,)]
