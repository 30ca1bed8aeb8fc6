"""A plan as Terraform 1.9 writes it: values that are null, marks of what is known only later."""

from __future__ import annotations

import json

from iaminsights.check.documents import read_document
from iaminsights.check.plan import UNKNOWN, Plan
from iaminsights.check.terraform import changes_in

from .proposed import PUBLIC

NOTHING = {
    "attributes": None,
    "region": None,
    "resource": None,
    "resource_group_id": None,
    "resource_instance_id": None,
    "resource_type": None,
    "service": None,
    "service_group_id": None,
    "service_type": None,
}
AFTER = {
    "access_group_id": PUBLIC,
    "account_management": False,
    "description": None,
    "pattern": None,
    "resource_attributes": [],
    "resource_tags": [],
    "resources": [],
    "roles": ["Viewer"],
    "rule_conditions": [],
    "rule_operator": None,
    "tags": None,
}
LATER = {
    "id": True,
    "resource_attributes": [],
    "resource_tags": [],
    "resources": [],
    "roles": [False],
    "rule_conditions": [],
    "transaction_id": True,
    "version": True,
}


def written(tmp_path, kind, after, unknown, **change):
    """The document of a plan with one change."""
    entry = {
        "address": f"{kind}.it",
        "mode": "managed",
        "type": kind,
        "name": "it",
        "provider_name": "registry.terraform.io/ibm-cloud/ibm",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": after,
            "after_unknown": unknown,
            "before_sensitive": False,
            "after_sensitive": {"resources": [], "roles": [False]},
            **change,
        },
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"format_version": "1.2", "resource_changes": [entry]}))
    return read_document(path)


def policy_of(tmp_path, after=(), unknown=(), kind="ibm_iam_access_group_policy"):
    document = written(tmp_path, kind, {**AFTER, **dict(after)}, {**LATER, **dict(unknown)})
    (found,) = changes_in(document)
    return found


def resource_of(tmp_path, after=(), unknown=()):
    """The attributes of a policy and, if they differ, of its widest wording, as short texts."""
    found = policy_of(tmp_path, after, unknown)

    def texts(item):
        return item and {
            f"{one['key']} {one['operator']} {one['value']}"
            for one in item["resource"]["attributes"]
        }

    return texts(found.item), texts(found.wide)


def test_what_is_null_is_not_there(tmp_path):
    found = policy_of(tmp_path)
    assert found.item == {
        "resource": {
            "attributes": [
                {"key": "serviceType", "operator": "stringEquals", "value": "service"},
            ]
        }
    }
    assert (found.wide, found.unknown, found.role_names) == (None, (), ("Viewer",))
    block = {**NOTHING, "service": "kms", "resource": ""}
    assert resource_of(tmp_path, {"resources": [block]}) == ({"serviceName stringEquals kms"}, None)
    # A block in which nothing is said is as good as none.
    assert resource_of(tmp_path, {"resources": [NOTHING]}) == (
        {"serviceType stringEquals service"},
        None,
    )


def test_each_argument_of_a_target(tmp_path):
    block = {name: f"a {name}" for name in NOTHING} | {"attributes": {"vpcId": "*"}}
    assert resource_of(tmp_path, {"resources": [block]})[0] == {
        "serviceName stringEquals a service",
        "service_group_id stringEquals a service_group_id",
        "serviceInstance stringEquals a resource_instance_id",
        "region stringEquals a region",
        "resourceType stringEquals a resource_type",
        "resource stringEquals a resource",
        "resourceGroupId stringEquals a resource_group_id",
        "serviceType stringEquals a service_type",
        "vpcId stringEquals *",
    }
    # The provider keeps the first of two that are called alike.
    twice = {**NOTHING, "service": "kms", "attributes": {"serviceName": "logs"}}
    assert resource_of(tmp_path, {"resources": [twice]})[0] == {"serviceName stringEquals kms"}
    attributes = [{"name": "resource", "value": "x*", "operator": "stringMatch"}]
    assert resource_of(tmp_path, {"resource_attributes": attributes})[0] == {
        "resource stringMatch x*"
    }
    assert resource_of(tmp_path, {"account_management": True})[0] == {
        "serviceType stringEquals platform_service"
    }


def test_conditions_and_tags(tmp_path):
    key = "{{environment.attributes.day_of_week}}"
    one = {"key": key, "operator": "dayOfWeekAnyOf", "value": ["1+00:00"], "conditions": []}
    nested = {"key": None, "operator": "or", "value": None, "conditions": [one, one]}
    tags = [{"name": "env", "value": "dev", "operator": "stringEquals"}]
    item = policy_of(tmp_path, {"rule_conditions": [one], "resource_tags": tags}).item
    told = {"key": key, "operator": "dayOfWeekAnyOf", "value": "1+00:00"}
    assert item["rule"] == told
    assert item["resource"]["tags"] == [{"key": "env", "operator": "stringEquals", "value": "dev"}]
    two = policy_of(tmp_path, {"rule_conditions": [one, nested], "rule_operator": "and"}).item
    assert two["rule"] == {
        "operator": "and",
        "conditions": [told, {"operator": "or", "conditions": [told, told]}],
    }


def test_what_is_known_later_limits_nothing_at_its_widest(tmp_path):
    later = "(known after apply)"
    block = {**NOTHING, "service": "kms"}
    assert resource_of(
        tmp_path, {"resources": [block]}, {"resources": [{"resource_instance_id": True}]}
    ) == (
        {"serviceName stringEquals kms", f"serviceInstance stringEquals {later}"},
        {"serviceName stringEquals kms"},
    )
    # It could be an account management service: then it is not even one of serviceType service.
    assert resource_of(tmp_path, {"resources": [NOTHING]}, {"resources": [{"service": True}]}) == (
        {f"serviceName stringEquals {later}"},
        set(),
    )
    assert resource_of(tmp_path, {"resources": None}, {"resources": True}) == (
        {f"serviceName stringEquals {later}"},
        set(),
    )
    assert resource_of(tmp_path, {"account_management": None}, {"account_management": True}) == (
        {f"serviceType stringEquals {later}"},
        set(),
    )
    named = {"name": "serviceName", "value": "kms", "operator": None}
    assert resource_of(
        tmp_path,
        {"resource_attributes": [named]},
        {"resource_attributes": [{"operator": True}]},
    ) == ({f"serviceName stringEquals {later}"}, set())


def test_fields_that_are_known_later_are_told_as_people_point_to_them(tmp_path):
    found = policy_of(
        tmp_path,
        {"resources": [NOTHING], "roles": ["Viewer", None]},
        {"resources": [{"region": True, "service": True}], "roles": [False, True]},
    )
    assert found.unknown == ("roles", "resources.region", "resources.service")
    assert found.role_names == ("Viewer",)
    assert policy_of(tmp_path, {}, {"description": True}).unknown == ()


def test_what_the_configuration_does_not_set_is_not_unknown(tmp_path):
    document = written(
        tmp_path,
        "ibm_iam_authorization_policy",
        {"roles": ["Reader"], "source_service_name": "logs", "target_service_name": "kms"},
        {"id": True, "source_resource_group_id": True, "target_resource_instance_id": True},
    )
    (unsure,) = changes_in(document)
    assert unsure.unknown == ("source_resource_group_id", "target_resource_instance_id")
    document.others["configuration"] = {
        "root_module": {
            "resources": [
                {
                    "mode": "managed",
                    "type": "ibm_iam_authorization_policy",
                    "name": "it",
                    "expressions": {
                        "roles": {"constant_value": ["Reader"]},
                        "source_service_name": {"constant_value": "logs"},
                        "target_service_name": {"constant_value": "kms"},
                        "target_resource_instance_id": {"references": ["ibm_resource_instance.x"]},
                    },
                }
            ]
        }
    }
    (found,) = changes_in(document)
    assert found.unknown == ("target_resource_instance_id",)
    assert found.item["subject"]["attributes"] == [
        {"key": "serviceName", "operator": "stringEquals", "value": "logs"}
    ]


def test_a_reference_leads_to_one_object_or_nowhere(tmp_path):
    def group(index=None, actions=("create",)):
        address = "ibm_iam_access_group.team" + (f'["{index}"]' if index else "")
        return {
            "address": address,
            "mode": "managed",
            "type": "ibm_iam_access_group",
            "name": "team",
            "index": index,
            "change": {"actions": [*actions], "after": {"name": index}, "after_unknown": {}},
        }

    def plan(*entries):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps({"format_version": "1.2", "resource_changes": [*entries]}))
        return Plan.of(read_document(path))

    def found(of, *references, index=None):
        return [one.address for one in of.referred("", index, references)]

    team = "ibm_iam_access_group.team"
    single, several = plan(group()), plan(group("red"), group("blue"))
    assert found(single, f"{team}.id", team) == [team]
    assert found(single, f"{team}[0].id", f"{team}[0]", team) == []
    assert found(single, f"{team}.id", team, "local.x") == []
    assert found(single, f"{team}.id", team, "var.x") == []
    assert found(single, "data.ibm_iam_access_group.team.id") == []
    assert found(plan(group(actions=["delete"])), f"{team}.id", team) == []
    assert found(several, team, "each.key", index="blue") == [f'{team}["blue"]']
    assert found(several, team, "each.value.name", "each.value", index="blue") == []
    assert found(several, f'{team}["red"].id', f'{team}["red"]', team) == [f'{team}["red"]']
    assert found(several, f"{team}.id", team) == []
    assert repr(UNKNOWN) == "(known after apply)"
