"""From API objects to rows: values of every kind, and objects that lack what they need."""

from __future__ import annotations

import pytest

from iaminsights.errors import ObjectError
from iaminsights.ibmcloud import rows
from iaminsights.ibmcloud.rows import Context, stored
from iaminsights.store.table import BOOLEAN, INTEGER, JSON, TEXT, TIME, Column

CONTEXT = Context("acc")
KEY_CRN = "crn:v1:bluemix:public:kms:eu-de:a/acc:66666666-0000:" + ":"


def one(function, item, context=CONTEXT):
    (only,) = function(item, context)
    return only[1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-05T09:41+0000", "2024-03-05T09:41:00Z"),
        ("2024-03-05T09:41:22Z", "2024-03-05T09:41:22Z"),
        ("2024-03-05T09:41:22.123Z", "2024-03-05T09:41:22Z"),
        ("2024-03-05T09:41:22.123456789Z", "2024-03-05T09:41:22Z"),
        ("2024-03-05T00:30:00+02:00", "2024-03-04T22:30:00Z"),
        ("2024-03-05T23:30:00-0130", "2024-03-06T01:00:00Z"),
        ("2024-03-05T09:41:22", "2024-03-05T09:41:22Z"),
        ("", None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("2024-13-05T09:41:22Z", "2024-13-05T09:41:22Z"),
        ("last week", "last week"),
    ],
)
def test_times(value, expected):
    assert stored(value, Column("t", "", TIME)) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (TEXT, "Łódź 🔑\0", "Łódź 🔑\0"),
        (TEXT, "\ud800", "\ufffd"),
        (TEXT, True, "true"),
        (TEXT, ["a", "b"], '["a","b"]'),
        (TEXT, 7, "7"),
        (TEXT, "", ""),
        (INTEGER, 42, 42),
        (INTEGER, "42", 42),
        (INTEGER, 42.0, 42),
        (BOOLEAN, True, 1),
        (BOOLEAN, "false", 0),
        (BOOLEAN, None, None),
        (JSON, {"a": "é"}, '{"a":"é"}'),
        (JSON, [], "[]"),
    ],
)
def test_values(kind, value, expected):
    assert stored(value, Column("c", "", kind)) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [(INTEGER, "many"), (INTEGER, 1.5), (INTEGER, 2**63), (INTEGER, []), (BOOLEAN, "perhaps")],
)
def test_values_that_cannot_be_kept(kind, value):
    with pytest.raises(ValueError):
        stored(value, Column("c", "", kind))


def test_empty_text_is_no_identity():
    assert stored("", Column("created_by", "", references="identities")) is None


def test_absent_null_and_unexpected_fields():
    row = one(rows.flat("users"), {"id": "m", "iam_id": "IBMid-1", "email": None, "new": {}})
    assert row.pop("account_id") == "acc"
    assert row.pop("id") == "m" and row.pop("iam_id") == "IBMid-1"
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    ("function", "item", "said"),
    [
        (rows.flat("users"), {"iam_id": "IBMid-1"}, r'has no "id" \(iam_id IBMid-1\)'),
        (rows.flat("users"), {"id": "m", "user_id": "a@b"}, r'no "iam_id" \(id m, user_id a@b\)'),
        (rows.flat("users"), {}, r'no "id" \(nothing else names it\)'),
        (rows.service_id_rows, {"id": "", "iam_id": "i"}, r'no "id"'),
        (rows.group_rows, {"name": "Devs"}, r'no "id" \(name Devs\)'),
        (rows.instance_rows, {"guid": "g"}, r'no "id" \(guid g\)'),
        (rows.policy_rows, {"type": "access"}, r'no "id"'),
        (rows.member_rows, {"type": "user"}, r'no "iam_id"'),
        (
            rows.policy_rows,
            {"id": "p", "last_permit_frequency": "often"},
            r"last_permit_frequency is not a whole number \(id p\)",
        ),
    ],
)
def test_object_without_its_identifier_is_named(function, item, said):
    with pytest.raises(ObjectError, match=said):
        list(function(item, Context("acc", key="AccessGroupId-1")))


VIEWER = {"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}


@pytest.mark.parametrize(
    ("function", "item", "table", "kept"),
    [
        (
            rows.policy_rows,
            {"id": "p", "control": {"grant": {"roles": [{}, VIEWER, None]}}},
            "policy_roles",
            [VIEWER["role_id"]],
        ),
        (
            rows.old_policy_rows,
            {"id": "p", "roles": [{}, VIEWER, "odd"]},
            "policy_roles",
            [VIEWER["role_id"]],
        ),
        (
            rows.role_rows,
            {"system_roles": [{}, {"crn": "crn:v1:b:p:iam::::role:Viewer"}, None]},
            "roles",
            ["crn:v1:b:p:iam::::role:Viewer"],
        ),
        (
            rows.mfa_report_rows,
            {"users": [{"email": "a"}, {"iam_id": "IBMid-1"}, 5]},
            "mfa_enrollments",
            ["IBMid-1"],
        ),
        (
            rows.inactivity_report_rows,
            {"serviceids": [{}, {"id": "ServiceId-1"}], "users": [{"name": "nobody"}]},
            "inactive_identities",
            ["ServiceId-1"],
        ),
        (
            rows.identity_setting_rows,
            {"user_mfa": [{"mfa": "NONE"}, {"iam_id": "IBMid-1", "mfa": "NONE"}, None]},
            "user_mfa",
            ["IBMid-1"],
        ),
    ],
)
def test_odd_piece_of_an_object_costs_only_itself(function, item, table, kept):
    made = list(function(item, CONTEXT))
    names = ("role_id", "id", "iam_id")
    found = [next(row[n] for n in names if n in row) for name, row in made if name == table]
    assert found == kept
    assert [
        row["problem"].startswith("an object has no ") for t, row in made if t == "left out"
    ] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("function", "item"),
    [
        (rows.policy_rows, {"id": "p", "control": {"grant": {"roles": None}}}),
        (rows.policy_rows, {"id": "p", "subject": {"attributes": None}}),
        (rows.policy_rows, {"id": "p", "resource": {"attributes": None, "tags": None}}),
        (rows.old_policy_rows, {"id": "p", "subjects": None, "resources": None, "roles": None}),
        (rows.mfa_report_rows, {"users": None}),
        (rows.inactivity_report_rows, {"users": None, "apikeys": None}),
        (rows.zone_address_rows, {"addresses": None, "excluded": None}),
        (rows.restriction_rows, {"id": "r", "contexts": None}),
        (rows.found_rows, {"crn": "crn:v1:a", "tags": None, "access_tags": None}),
    ],
)
def test_null_in_place_of_a_list_is_an_empty_list(function, item):
    assert all(table != "left out" for table, _ in function(item, CONTEXT))


def test_what_is_no_list_is_no_empty_list():
    with pytest.raises(ObjectError, match="an object has 'Viewer' where a list belongs"):
        list(rows.old_policy_rows({"id": "p", "roles": "Viewer"}, CONTEXT))


def test_policy_of_v2():
    item = {
        "id": "p",
        "type": "access",
        "state": "active",
        "subject": {"attributes": [{"key": "access_group_id", "value": "AccessGroupId-1"}]},
        "resource": {
            "attributes": [
                {"key": "serviceName", "operator": "stringEqualsAnyOf", "value": ["a", "b"]},
                {"key": "resourceGroupId", "operator": "stringExists", "value": True},
            ],
            "tags": [{"key": "env", "value": "dev", "operator": "stringEquals"}],
        },
        "control": {"grant": {"roles": [{"role_id": "crn:v1:x:y:iam::::role:Viewer"}]}},
        "rule": {"operator": "and", "conditions": []},
        "template": {"id": "t"},
    }
    made = list(rows.policy_rows(item, CONTEXT))
    policy = made[0][1]
    assert policy["access_group_id"] == "AccessGroupId-1" and policy["iam_id"] is None
    assert policy["rule"] == '{"operator":"and","conditions":[]}'
    assert (policy["template_id"], policy["version"]) == ("t", "v2")
    assert [row for table, row in made if table == "policy_resource_attributes"] == [
        {
            "policy_id": "p",
            "name": "serviceName",
            "value": '["a","b"]',
            "operator": "stringEqualsAnyOf",
            "position": 0,
        },
        {
            "policy_id": "p",
            "name": "resourceGroupId",
            "value": "true",
            "operator": "stringExists",
            "position": 1,
        },
    ]
    assert [row["name"] for table, row in made if table == "policy_resource_tags"] == ["env"]
    # The group and the role are only mentioned: they give way to what a listing says.
    assert {t: r["listed"] for t, r in made if "listed" in r} == {"access_groups": 0, "roles": 0}


def test_placeholder_of_a_v2_policy_is_no_policy():
    item = {
        "id": "p",
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:UnsupportedVersion"}],
        "subjects": [{"attributes": [{"name": "iam_id", "value": "unsupported version"}]}],
    }
    assert list(rows.old_policy_rows(item, CONTEXT)) == []


@pytest.mark.parametrize("answer", [{"system_roles": None}, {"service_roles": []}])
def test_answer_with_null_for_roles_has_none(answer):
    assert list(rows.role_rows(answer, CONTEXT)) == []


@pytest.mark.parametrize("answer", [{}, {"roles": []}])
def test_answer_without_any_list_of_roles_is_no_empty_list(answer):
    with pytest.raises(ObjectError, match="no list of roles"):
        list(rows.role_rows(answer, CONTEXT))


def test_role_kinds_and_actions():
    answer = {
        "system_roles": [{"crn": "crn:v1:b:p:iam::::role:Viewer", "actions": ["kms.look"]}],
        "service_roles": [
            {"crn": "crn:v1:b:p:iam::::serviceRole:Reader", "actions": [{"id": "kms.read"}]},
            {"crn": "crn:v1:b:p:kms::::serviceRole:KeyPurge"},
        ],
        "custom_roles": [
            {"crn": "crn:v1:b:p:iam-access-management::a/acc::customRole:X", "service_name": "cos",
             "actions": ["cos.get"]}
        ],
    }  # fmt: skip
    asked = list(rows.role_rows(answer, Context("acc", key="kms")))
    roles = [(r["kind"], r["service_name"], r["account_id"]) for t, r in asked if t == "roles"]
    assert roles == [
        ("platform", None, None),
        ("service", None, None),
        ("service", "kms", None),
        ("custom", "cos", "acc"),
    ]
    actions = [(r["service_name"], r["action"]) for t, r in asked if t == "role_actions"]
    assert actions == [("kms", "kms.look"), ("kms", "kms.read"), ("cos", "cos.get")]
    # Asked for the account alone, the actions of general roles belong to no service.
    unasked = list(rows.role_rows(answer, CONTEXT))
    assert [r["action"] for t, r in unasked if t == "role_actions"] == ["cos.get"]


def test_services_of_policy():
    def named(*attributes):
        return rows.services_of_policy({"resource": {"attributes": list(attributes)}})

    def service(value, operator="stringEquals"):
        return {"key": "serviceName", "operator": operator, "value": value}

    assert named(service("kms"), {"key": "region", "value": "eu-de"}) == {"kms"}
    assert named(service(["a", "b"], "stringEqualsAnyOf")) == {"a", "b"}
    assert named(service("k*", "stringMatch"), service("*"), service(True, "stringExists")) == set()
    assert rows.services_of_policy({}) == rows.services_of_policy({"resource": []}) == set()


def test_public_access_group_of_a_second_account():
    context = Context("acc", key=rows.PUBLIC_ACCESS_GROUP, public_group="AccessGroupId-X/acc")
    assert one(rows.group_rows, {"id": rows.PUBLIC_ACCESS_GROUP}, context)["id"] == (
        "AccessGroupId-X/acc"
    )
