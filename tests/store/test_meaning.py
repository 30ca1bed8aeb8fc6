"""What is a change and what is only written otherwise, for every kind of thing that is compared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from iaminsights.sandbox import Account, Sandbox, sample_account
from iaminsights.store.meaning import meaning
from iaminsights.store.schema import TABLES
from iaminsights.store.table import JSON

from ..conftest import collect_from


def text(value: object) -> str:
    return json.dumps(value)


def attribute(name: str, value: object, operator: str | None = "stringEquals") -> dict[str, Any]:
    return {"name": name, "operator": operator, "value": value}


def claim(operator: str, value: object, name: str = "groups") -> dict[str, Any]:
    return {"claim": name, "operator": operator, "value": value}


def allowed(*attributes: dict[str, Any]) -> dict[str, Any]:
    return {"attributes": list(attributes)}


MONDAY = {"key": "{{day}}", "operator": "dayOfWeekEquals", "value": "1+00:00"}
MORNING = {"key": "{{time}}", "operator": "timeLessThanOrEquals", "value": "12:00:00+00:00"}
ZONES = {"name": "networkZoneId", "value": "zone-a,zone-b"}
PRIVATE = {"name": "endpointType", "value": "private"}
KMS = {"name": "serviceName", "value": "kms"}
DAYS = {"key": "{{day}}", "operator": "dayOfWeekAnyOf", "value": ["1+00:00", "2+00:00"]}
API = {"api_types": [{"api_type_id": "a"}, {"api_type_id": "b"}]}
DOMAINS = [{"realm_id": "IBMid", "invitation_email_allow_patterns": ["*@a.org", "*@b.org"]}]

# Table, column, and two values that mean the same.
SAME = [
    # absent, and empty in each way
    *[("policies", "description", None, empty) for empty in ("", "  ")],
    *[("users", "email", None, ""), ("serviceids", "description", "", None)],
    *[("policies", "rule", None, empty) for empty in ("", "null", "{}", "[]", '{"conditions":[]}')],
    *[("access_group_rules", "conditions", None, empty) for empty in ("", "[]", "null")],
    *[("cbr_rules", "operations", None, empty) for empty in ("{}", '{"api_types":[]}')],
    *[("cbr_rules", "contexts", None, "[]"), ("cbr_rules", "resources", "[]", "")],
    ("external_identity_settings", "external_allowed_accounts", None, "[]"),
    ("trustedprofile_identities", "accounts", "[]", None),
    ("account_settings", "restrict_user_domains", None, "[]"),
    ("account_settings", "allowed_ip_addresses", None, ""),
    ("account_settings", "max_sessions_per_identity", None, "NOT_SET"),
    ("account_settings", "restrict_create_service_id", "", "NOT_SET"),
    *[("policies", name, None, []) for name in ("roles", "resources", "tags", "subjects")],
    *[("apikeys", name, None, 0) for name in ("locked", "disabled")],
    *[("serviceids", "locked", 0, None), ("access_groups", "is_federated", None, 0)],
    # order of attributes, tags, roles, actions, addresses; each counts once
    (
        *("policies", "resources"),
        [attribute("serviceName", "kms"), attribute("region", "eu-de")],
        [attribute("region", "eu-de"), attribute("serviceName", "kms")],
    ),
    ("policies", "resources", [attribute("a", "b")], [attribute("a", "b")] * 2),
    ("policies", "roles", ["Viewer", "Editor"], ["Editor", "Viewer"]),
    ("roles", "actions", ["kms.a", "kms.b"], ["kms.b", "kms.a"]),
    (
        *("policies", "tags"),
        [attribute("env", "prod"), attribute("team", "web")],
        [attribute("team", "web"), attribute("env", "prod", None)],
    ),
    (
        *("policies", "subjects"),
        [attribute("serviceName", "a"), attribute("accountId", "b")],
        [attribute("accountId", "b"), attribute("serviceName", "a", "")],
    ),
    (
        *("cbr_zones", "addresses"),
        [
            {"type": "ipAddress", "value": "192.0.2.1"},
            {"type": "serviceRef", "ref": {"a": 1, "b": 2}},
        ],
        [
            {"type": "serviceRef", "ref": {"b": 2, "a": 1}, "value": None},
            {"value": "192.0.2.1", "type": "ipAddress", "excluded": None},
        ],
    ),
    # the usual operator, and lists of values
    ("policies", "resources", [attribute("a", "b", None)], [attribute("a", "b")]),
    ("policies", "resources", [attribute("a", "b", "")], [{"name": "a", "value": "b"}]),
    *[
        (
            *("policies", "resources"),
            [attribute("region", text(["eu-de", "eu-gb"]), operator)],
            [attribute("region", '["eu-gb",  "eu-de"]', operator)],
        )
        for operator in ("stringEqualsAnyOf", "stringMatchAnyOf")
    ],
    # rules of a policy
    (
        *("policies", "rule"),
        text({"operator": "and", "conditions": [MONDAY, MORNING]}),
        text({"conditions": [MORNING, dict(reversed(MONDAY.items()))], "operator": "and"}),
    ),
    ("policies", "rule", text(MONDAY), text({"operator": "and", "conditions": [MONDAY]})),
    ("policies", "rule", text(DAYS), text({**DAYS, "value": ["2+00:00", "1+00:00"]})),
    ("policies", "rule", text(MONDAY), json.dumps(MONDAY, indent=2, sort_keys=True)),
    # claims
    *[
        (
            *(table, "conditions"),
            text([claim("IN", '["a", "b"]'), claim("EQUALS", '"x"', "site")]),
            text([claim("EQUALS", '"x"', "site"), claim("IN", '["b","a"]')]),
        )
        for table in ("access_group_rules", "trustedprofile_rules")
    ],
    (
        *("trustedprofile_rules", "conditions"),
        text([claim("EQUALS", '"admins"')]),
        text([claim("EQUALS", "admins")]),
    ),
    # context rules
    (
        *("cbr_rules", "contexts"),
        text([allowed(ZONES, PRIVATE), allowed(ZONES)]),
        text([allowed({**ZONES, "value": "zone-b, zone-a"}), allowed(PRIVATE, ZONES)]),
    ),
    (
        *("cbr_rules", "resources"),
        text([{"attributes": [KMS, PRIVATE], "tags": []}]),
        text([allowed(PRIVATE, {**KMS, "operator": "stringEquals"})]),
    ),
    (
        *("cbr_rules", "operations"),
        text(API),
        text({"api_types": list(reversed(API["api_types"]))}),
    ),
    # lists of accounts, domains and addresses
    ("trustedprofile_identities", "accounts", '["a","b"]', '["b", "a"]'),
    ("external_identity_settings", "external_allowed_accounts", '["a","b"]', '["b","a"]'),
    (
        *("account_settings", "restrict_user_domains"),
        text(DOMAINS),
        text([{**DOMAINS[0], "invitation_email_allow_patterns": ["*@b.org", "*@a.org"]}]),
    ),
    *[
        (table, "allowed_ip_addresses", "192.0.2.1,192.0.2.8/29", " 192.0.2.8/29 , 192.0.2.1,")
        for table in ("users", "account_settings")
    ],
]

# Table, column, and two values that do not, however like each other they look.
OTHER = [
    # text is text, whatever it looks like
    ("access_groups", "name", '["a","b"]', '["b","a"]'),
    ("policies", "description", '{"a":1,"b":2}', '{"b":2,"a":1}'),
    *[("policies", "description", "one,two", "two,one"), ("users", "lastname", "Lee", "LEE")],
    ("serviceids", "description", "NOT_SET", None),
    ("policies", "description", "[]", None),
    ("serviceids", "name", "null", None),
    # a list is none where the operator takes one text
    *[
        (
            *("policies", "resources"),
            [attribute("resource", '["a","b"]', operator)],
            [attribute("resource", '["b","a"]', operator)],
        )
        for operator in ("stringEquals", "stringMatch", None)
    ],
    (
        *("access_group_rules", "conditions"),
        text([claim("EQUALS", '["a","b"]')]),
        text([claim("EQUALS", '["b","a"]')]),
    ),
    (
        *("policies", "resources"),
        [attribute("resource", "a,b")],
        [attribute("resource", "b,a")],
    ),
    # the ends of a range
    (
        *("cbr_zones", "addresses"),
        [{"type": "ipRange", "value": "192.0.2.1-192.0.2.9"}],
        [{"type": "ipRange", "value": "192.0.2.9-192.0.2.1"}],
    ),
    ("users", "allowed_ip_addresses", "192.0.2.1-192.0.2.9", "192.0.2.9-192.0.2.1"),
    ("users", "allowed_ip_addresses", "192.0.2.1", None),
    # values, operators and names that change places
    (
        *("policies", "resources"),
        [attribute("a", "x"), attribute("b", "y")],
        [attribute("a", "y"), attribute("b", "x")],
    ),
    ("policies", "resources", [attribute("a", "b*")], [attribute("a", "b*", "stringMatch")]),
    ("policies", "resources", [attribute("a", "b", None)], [attribute("a", "b", "stringMatch")]),
    ("policies", "resources", [attribute("a", "b")], []),
    ("policies", "resources", [attribute("a", "b")], [attribute("a", None)]),
    (
        *("policies", "resources"),
        [attribute("region", '["a"]', "stringEqualsAnyOf")],
        [attribute("region", '["a","b"]', "stringEqualsAnyOf")],
    ),
    (
        *("policies", "tags"),
        [attribute("env", "prod"), attribute("team", "web")],
        [attribute("env", "web"), attribute("team", "prod")],
    ),
    ("policies", "roles", ["Viewer"], ["Viewer", "Editor"]),
    ("roles", "actions", ["kms.a"], ["kms.b"]),
    (
        *("policies", "rule"),
        text({"operator": "and", "conditions": [MONDAY, MORNING]}),
        text({"operator": "or", "conditions": [MONDAY, MORNING]}),
    ),
    ("policies", "rule", text(MONDAY), None),
    ("policies", "rule", text(MONDAY), text({**MONDAY, "value": "2+00:00"})),
    (
        *("trustedprofile_rules", "conditions"),
        text([claim("IN", '["a"]'), claim("EQUALS", '"b"', "site")]),
        text([claim("IN", '["b"]'), claim("EQUALS", '"a"', "site")]),
    ),
    (
        *("trustedprofile_rules", "conditions"),
        text([claim("EQUALS", '"a"')]),
        text([claim("NOT_EQUALS", '"a"')]),
    ),
    # which zone goes with which endpoint
    (
        *("cbr_rules", "contexts"),
        text([allowed({**ZONES, "value": "a"}, PRIVATE), allowed({**ZONES, "value": "b"})]),
        text([allowed({**ZONES, "value": "b"}, PRIVATE), allowed({**ZONES, "value": "a"})]),
    ),
    ("cbr_rules", "contexts", text([allowed(ZONES)]), text([allowed(ZONES), allowed()])),
    ("cbr_rules", "resources", text([allowed(KMS)]), text([allowed({**KMS, "operator": "x"})])),
    ("cbr_rules", "operations", text(API), None),
    (
        *("cbr_zones", "addresses"),
        [{"type": "ipAddress", "value": "192.0.2.1"}],
        [{"type": "ipAddress", "value": "192.0.2.1", "excluded": "not"}],
    ),
    ("trustedprofile_identities", "accounts", '["a","b"]', '["a"]'),
    *[("apikeys", "locked", 1, None), ("apikeys", "disabled", 0, 1)],
    ("access_group_settings", "public_access_enabled", None, 0),
    ("account_settings", "max_sessions_per_identity", "5", "NOT_SET"),
    ("apikeys", "expires_at", None, "2027-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("table", "column", "one", "other"), SAME)
def test_written_otherwise_it_means_the_same(table, column, one, other):
    assert meaning(table, column, one) == meaning(table, column, other)


@pytest.mark.parametrize(("table", "column", "one", "other"), OTHER)
def test_it_looks_alike_and_means_something_else(table, column, one, other):
    assert meaning(table, column, one) != meaning(table, column, other)


def test_every_column_with_json_that_is_compared_is_tried():
    tried = {(table, column) for table, column, *_ in SAME}
    for table in TABLES:
        for name in table.watched:
            if table.column(name).kind == JSON:
                assert (table.name, name) in tried
        for name in table.compared.more if table.compared else ():
            assert (table.name, name) in tried


# --- In a file -----------------------------------------------------------------------------------


def turned(value: Any) -> Any:
    """The same JSON with every list and every object the other way round."""
    if isinstance(value, list):
        return [turned(one) for one in reversed(value)]
    if isinstance(value, dict):
        return {name: turned(one) for name, one in reversed(value.items())}
    if isinstance(value, str) and value.startswith("["):
        return json.dumps(turned(json.loads(value)), separators=(", ", " : "))
    if isinstance(value, str) and "," in value:  # IDs of zones
        return ",".join(reversed(value.split(",")))
    return value


def write_otherwise(path: Path) -> None:
    """Write all that a file has in other words, which mean the same."""
    with closing(sqlite3.connect(path)) as database:
        database.create_function("turned", 1, lambda v: v and json.dumps(turned(json.loads(v))))
        for table in TABLES:
            for column in map(table.column, table.watched):
                if column.kind == JSON:
                    sql = "coalesce(nullif(turned([{0}]), '[]'), '')"
                elif column.kind == "text" and not column.references:
                    sql = "iif(coalesce([{0}], '') = '', iif([{0}] is null, '', null), [{0}])"
                else:
                    continue
                database.execute(
                    f"update [{table.name}] set [{column.name}] = {sql.format(column.name)}"
                )
        for name in ("policy_resource_attributes", "policy_resource_tags", "policy_subjects"):
            database.execute(f"update [{name}] set position = 100 - position")
            database.execute(
                f"update [{name}] set operator = iif(position % 2, null, '') "
                "where operator = 'stringEquals'"
            )
            database.execute(
                f"update [{name}] set value = turned(value) where operator like '%AnyOf'"
            )
        database.execute("update cbr_zone_addresses set position = 100 - position")
        database.execute("update cbr_zone_addresses set ref = turned(ref)")
        database.commit()


def changes(path: Path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select what, name, change, before, after from changes").fetchall()


def test_a_whole_account_written_otherwise_has_no_changes(tmp_path):
    path, account = tmp_path / "iaminsights.sqlite3", sample_account()
    with Sandbox(account) as sandbox:
        collect_from(sandbox, account, path)
        write_otherwise(path)
        collect_from(sandbox, account, path)
    assert changes(path) == []


@pytest.fixture
def then(collected) -> Callable[..., list[tuple]]:
    """Collects an account, rewrites the file, collects again; what that changed."""

    def collect(account: Account, *statements: str) -> list[tuple]:
        path = collected(account)
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
        collected(account)
        return [
            (what, change, json.loads(before), json.loads(after))
            for what, _, change, before, after in changes(path)
        ]

    return collect


def test_only_what_means_something_else_is_said(then):
    account = Account("Acme")
    account.policy(account.user("Ada Lovelace"), ["Viewer"], service="kms", description="read")
    found = then(
        account,
        "update policies set description = 'red', rule = '{}'",
        "update policy_resource_attributes set operator = null, position = 10 - position",
    )
    assert found == [("policies", "changed", {"description": "red"}, {"description": "read"})]


def test_attributes_are_written_in_words(then):
    account = Account("Acme")
    account.policy(account.user("Ada Lovelace"), ["Viewer"], service="kms")
    found = then(
        account,
        "update policy_resource_attributes set value = 'logs', operator = null "
        "where name = 'serviceName'",
    )
    own = f"accountId stringEquals {account.account_id}"
    assert found == [
        (
            *("policies", "changed"),
            {"resources": f"{own}, serviceName stringEquals logs"},
            {"resources": f"{own}, serviceName stringEquals kms"},
        )
    ]


def test_the_source_of_an_authorization_is_compared(then):
    account = Account("Acme")
    source, target = {"serviceName": "cloud-object-storage"}, {"serviceName": "kms"}
    account.authorization(["Reader"], source, target)
    found = then(
        account, "update policy_subjects set value = 'databases' where name = 'serviceName'"
    )
    ((what, change, before, after),) = found
    assert (what, change) == ("policies", "changed")
    assert "serviceName stringEquals databases" in before["subjects"]
    assert "serviceName stringEquals cloud-object-storage" in after["subjects"]


def test_addresses_that_were_not_read_before_are_no_change(collected):
    account = Account("Acme")
    account.zone("Office", "192.0.2.1")
    path = collected(account)
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "update collection_steps set status = 'denied' where part = 'cbr_zone_addresses'"
        )
        database.execute("delete from cbr_zone_addresses")
        database.commit()
    collected(account)
    assert changes(path) == []
