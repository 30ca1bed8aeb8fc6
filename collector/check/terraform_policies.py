"""Policies as Terraform's provider makes them of its arguments.

What the resources mean: the schemas of IBM-Cloud/terraform-provider-ibm, ibm/service/iampolicy, and
what flex.GeneratePolicyOptions and flex.GeneratePolicyRule make of a policy's arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .plan import UNKNOWN, Change, known_part, with_words
from .policies import account_named
from .proposals import KNOWN_LATER, SERVICE, Holder, Policy

# Arguments of the block `resources`, in the order of the provider, and what policies call them.
_TARGETS = (
    ("service", "serviceName"),
    ("service_group_id", "service_group_id"),
    ("resource_instance_id", "serviceInstance"),
    ("region", "region"),
    ("resource_type", "resourceType"),
    ("resource", "resource"),
    ("resource_group_id", "resourceGroupId"),
    ("service_type", "serviceType"),
)
# Those that say which services a policy applies to, whichever way they are given.
_ABOUT_SERVICES = {"serviceName", "service_group_id", "serviceType", KNOWN_LATER}
_SIDES = (
    ("service_name", "serviceName"),
    ("resource_instance_id", "serviceInstance"),
    ("resource_type", "resourceType"),
    ("resource_group_id", "resourceGroupId"),
)
# Arguments that say what a policy grants; others are about the object.
_OF_POLICY = (
    *("roles", "resources", "resource_attributes", "resource_tags", "account_management"),
    *("rule_conditions", "rule_operator", "pattern", "subject_attributes"),
    *(f"{side}_{name}" for side in ("source", "target") for name, _ in _SIDES),
    "source_service_account",
)
# What stands for blocks of which nothing is known.
_LATER: dict[str, dict[str, Any]] = {
    "resources": {"service": KNOWN_LATER},
    "resource_attributes": {"name": KNOWN_LATER, "value": KNOWN_LATER},
    "subject_attributes": {"name": KNOWN_LATER, "value": KNOWN_LATER},
    "resource_tags": {"name": KNOWN_LATER, "value": KNOWN_LATER},
    "rule_conditions": {"key": KNOWN_LATER, "operator": KNOWN_LATER, "value": [KNOWN_LATER]},
}


def access_policy(
    change: Change, holder: Holder, values: Mapping[str, Any] | None = None, label: str = ""
) -> Policy:
    """The policy of a change, or one of several: `values` are then its arguments."""
    values = change.values if values is None else values
    item = _item(with_words(values))
    wide = _item(_certain(values), is_sure=not _may_be_any_service(item))
    odd: list[str] = []
    account_id = account_named(item["resource"]["attributes"], odd)
    return Policy(
        place=change.place,
        label=label or change.address,
        item=item,
        wide=wide if wide != item else None,
        holder=holder,
        role_names=_role_names(values),
        account_id=account_id,
        unknown=_unknown(values),
        odd=odd,
    )


def authorization(change: Change) -> Policy:
    """The authorization of a change."""
    values = change.values
    item = _authorization(with_words(values))
    wide = _authorization(_certain(values))
    odd: list[str] = []
    account_id = account_named(item["resource"]["attributes"], odd)
    source = [one["value"] for one in item["subject"]["attributes"] if one["key"] == "serviceName"]
    return Policy(
        place=change.place,
        label=change.address,
        item=item,
        wide=wide if wide != item else None,
        type="authorization",
        holder=Holder(SERVICE, source[0] if source else ""),
        role_names=_role_names(values),
        account_id=account_id,
        unknown=_unknown(values),
        odd=odd,
    )


def _item(values: Mapping[str, Any], is_sure: bool = True) -> dict[str, Any]:
    """A policy in version 2, without subject, account and roles.

    Unless it `is_sure` which services it applies to, it applies to all of them.
    """
    attributes: list[dict[str, Any]] = []
    for block in _blocks(values, "resources"):
        found = {key: block.get(name) for name, key in _TARGETS if block.get(name)}
        more = block.get("attributes") or {}
        # The provider means to let these replace the others, but the first one stands.
        found = {**({more: more} if isinstance(more, str) else more), **found}
        attributes += [_attribute(key, value) for key, value in found.items() if value]
    attributes += _attributes(values, "resource_attributes")
    if management := values.get("account_management"):
        value = KNOWN_LATER if management == KNOWN_LATER else "platform_service"
        attributes.append(_attribute("serviceType", value))
    elif not attributes and is_sure:
        attributes.append(_attribute("serviceType", "service"))
    resource: dict[str, Any] = {"attributes": attributes}
    if tags := _attributes(values, "resource_tags"):
        resource["tags"] = tags
    item: dict[str, Any] = {"resource": resource}
    if conditions := _blocks(values, "rule_conditions"):
        item["rule"] = _rule(conditions, values.get("rule_operator"))
    if pattern := values.get("pattern"):
        item["pattern"] = pattern
    return item


def _certain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without each value and each whole block of which something is unknown."""
    found: dict[str, Any] = known_part(values)
    for name in ("resource_attributes", "resource_tags", "subject_attributes"):
        if isinstance(given := values.get(name), list):
            found[name] = [one for one in given if known_part(one) == one]
    if known_part(values.get("rule_conditions")) != values.get("rule_conditions"):
        found["rule_conditions"] = None
    return found


def _may_be_any_service(item: Mapping[str, Any]) -> bool:
    """Whether it is not known yet to which services a policy applies."""
    return any(
        one["value"] == KNOWN_LATER and one["key"] in _ABOUT_SERVICES
        for one in item["resource"]["attributes"]
    )


def _rule(conditions: list[Mapping[str, Any]], operator: Any) -> dict[str, Any]:
    found = [_condition(one) for one in conditions]
    return found[0] if len(found) == 1 else {"operator": operator or "and", "conditions": found}


def _condition(one: Mapping[str, Any]) -> dict[str, Any]:
    if nested := one.get("conditions"):
        conditions = [_condition(each) for each in nested]
        return {"operator": one.get("operator"), "conditions": conditions}
    values = one.get("value") or []
    value = values[0] if len(values) == 1 else values
    return {"key": one.get("key"), "operator": one.get("operator"), "value": value}


def _authorization(values: Mapping[str, Any]) -> dict[str, Any]:
    source = _attributes(values, "subject_attributes") or _side(values, "source")
    if account := values.get("source_service_account"):
        source.append(_attribute("accountId", account))
    target = _attributes(values, "resource_attributes") or _side(values, "target")
    return {"subject": {"attributes": source}, "resource": {"attributes": target}}


def _side(values: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    found = [(key, values.get(f"{side}_{name}")) for name, key in _SIDES]
    return [_attribute(key, value) for key, value in found if value]


def _attributes(values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [
        _attribute(one["name"], one["value"], one.get("operator") or "stringEquals")
        for one in _blocks(values, name)
        if one.get("name") is not None and one.get("value") is not None
    ]


def _attribute(key: str, value: Any, operator: str = "stringEquals") -> dict[str, Any]:
    if operator == KNOWN_LATER:
        operator, value = "stringEquals", KNOWN_LATER
    return {"key": key, "operator": operator, "value": value}


def _blocks(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    given = values.get(name) or []
    blocks = [given] if isinstance(given, str) else given
    return [_LATER[name] if isinstance(one, str) else one for one in blocks if one]


def _role_names(values: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(known_part(values.get("roles")) or ())
    if not all(isinstance(name, str) for name in names):
        raise TypeError
    return names


def _unknown(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments of which something is known only after apply, as people point to them."""
    found = (one for name in _OF_POLICY for one in _places(name, values.get(name)))
    return tuple(dict.fromkeys(found))


def _places(name: str, value: Any) -> Iterator[str]:
    if value is UNKNOWN:
        yield name
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _places(f"{name}.{key}", each)
    elif isinstance(value, list):
        for each in value:
            yield from _places(name, each)
