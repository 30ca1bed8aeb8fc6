"""The two shapes of a policy, v2 and v1, and what each listing makes of the other's.

Pure functions on dicts. A stored policy is in the shape it was made in; `made_as_v1` tells
which. Attributes go through here as (key, operator, value) triples, the order in which one
says them aloud.
"""

from .catalogue import role_with_crn
from .naming import make_crn

_UNSUPPORTED = make_crn("iam", kind="role", resource="UnsupportedVersion")
_V2_ONLY = ("subject", "resource", "control", "pattern", "rule", "template")


def v2_shape(subject, resource, tags, role_ids, *, pattern=None, rule=None):
    """The v2 members of a policy: `subject`, `resource`, `control`, and the condition if any."""
    shape = {"subject": {"attributes": [_v2_attribute(*triple) for triple in subject]}}
    shape["resource"] = {"attributes": [_v2_attribute(*triple) for triple in resource]}
    if tags:
        shape["resource"]["tags"] = [_v2_attribute(*triple) for triple in tags]
    shape["control"] = {"grant": {"roles": [{"role_id": role_id} for role_id in role_ids]}}
    if pattern is not None:
        shape["pattern"] = pattern
    if rule is not None:
        shape["rule"] = rule
    return shape


def v1_shape(subject, resource, tags, roles):
    """The v1 members of a policy; `roles` are dicts that already carry their names."""
    if any(isinstance(value, list) for _, _, value in resource):
        raise ValueError("A policy made with v1 has no attributes with several values.")
    shape = {
        "subjects": [{"attributes": [_v1_attribute(*triple) for triple in subject]}],
        "roles": list(roles),
        "resources": [{"attributes": [_v1_attribute(*triple) for triple in resource]}],
    }
    if tags:
        shape["resources"][0]["tags"] = [_v1_attribute(*triple) for triple in tags]
    return shape


def made_as_v1(policy):
    """Whether a stored policy was made with the v1 API."""
    return "subjects" in policy


def policy_parts(policy):
    """(subject, resource, tags) of a stored policy as triples, whatever its shape."""
    if made_as_v1(policy):
        subjects = [a for element in policy["subjects"] for a in element["attributes"]]
        resources = [a for element in policy["resources"] for a in element["attributes"]]
        tags = [tag for element in policy["resources"] for tag in element.get("tags", ())]
        return tuple([_from_v1(item) for item in items] for items in (subjects, resources, tags))
    subject, resource = policy.get("subject", {}), policy.get("resource", {})
    listed = subject.get("attributes", []), resource.get("attributes", []), resource.get("tags", [])
    return tuple(
        [(item["key"], item["operator"], item["value"]) for item in items] for items in listed
    )


def role_ids(policy):
    """The role ids a stored policy grants, whatever its shape."""
    roles = policy["roles"] if made_as_v1(policy) else policy["control"]["grant"]["roles"]
    return [role["role_id"] for role in roles]


def as_v2(policy):
    """A stored policy as `/v2/policies` shows it: one made with v1 is converted."""
    if not made_as_v1(policy):
        return policy
    common = {k: v for k, v in policy.items() if k not in ("subjects", "roles", "resources")}
    return common | v2_shape(*policy_parts(policy), role_ids(policy))


def as_v1(policy):
    """A stored policy as `/v1/policies` shows it: one made with v2 is a placeholder.

    The placeholder keeps id, type, state and times and says nothing about who gets what.
    """
    if made_as_v1(policy):
        return policy
    common = {k: v for k, v in policy.items() if k not in _V2_ONLY}
    account_id = next(
        (value for key, _, value in policy_parts(policy)[1] if key == "accountId"), None
    )
    resource = [("accountId", "stringEquals", account_id)] if account_id else []
    role = {
        "role_id": _UNSUPPORTED,
        "display_name": "Unsupported Version",
        "description": "This version of the API cannot show the roles of this policy.",
    }
    subject = [("iam_id", "stringEquals", "unsupported version")]
    description = "This policy version is not supported here. Use version 2 of the API."
    return common | v1_shape(subject, resource, [], [role]) | {"description": description}


def named_role(role_id, custom_roles=()):
    """A role as v1 policies carry it: the id with display name and description."""
    for custom in custom_roles:
        if custom["crn"] == role_id:
            return {
                "role_id": role_id,
                "display_name": custom["display_name"],
                "description": custom.get("description", ""),
            }
    role = role_with_crn(role_id)
    if role is None:
        return {"role_id": role_id}
    return {
        "role_id": role_id,
        "display_name": role.display_name,
        "description": role.description,
    }


def _v2_attribute(key, operator, value):
    return {"key": key, "operator": operator, "value": value}


def _v1_attribute(name, operator, value):
    """v1 leaves `stringEquals` out, and its values are always text."""
    text = str(value).lower() if isinstance(value, bool) else value
    if operator == "stringEquals":
        return {"name": name, "value": text}
    return {"name": name, "value": text, "operator": operator}


def _from_v1(attribute):
    operator = attribute.get("operator", "stringEquals")
    value = attribute["value"]
    if operator == "stringExists":
        value = value == "true"
    return attribute["name"], operator, value
