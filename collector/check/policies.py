"""Policies as IBM Cloud's API, its command line, and its console write them: JSON, v1 or v2.

One policy, a list of them, or the answer of GET /v1/policies or /v2/policies. The command line
takes policies without a subject, which it is told separately: then nobody can tell who will hold
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import CheckError
from ..store.schema import PUBLIC_ACCESS_GROUP
from .documents import Document, Place
from .proposals import (
    GROUP,
    PROFILE,
    SERVICE,
    SERVICE_ID,
    USER,
    Holder,
    NotChecked,
    Policy,
    Proposal,
)

_KINDS = {"iam-ServiceId-": SERVICE_ID, "iam-Profile-": PROFILE}
_TYPES = ("access", "authorization")
_UNSUPPORTED = ":role:UnsupportedVersion"


def policies_in(document: Document) -> Iterator[Proposal]:
    """Each policy of the file; raises CheckError for an entry that is none."""
    entries = document.entries.get("policies", document.entries.get("", []))
    for number, (place, item) in enumerate(entries, 1):
        if not isinstance(item, dict):
            raise CheckError(f"{place}: this is not a policy, but {type(item).__name__}.")
        yield from _policy(place, item, f"policy {number}" if len(entries) > 1 else "the policy")


def holder_of(iam_id: str) -> Holder:
    """Whoever has this IAM ID."""
    kind = next((kind for start, kind in _KINDS.items() if iam_id.startswith(start)), USER)
    return Holder(kind, iam_id)


def _policy(place: Place, item: Mapping[str, Any], label: str) -> Iterator[Proposal]:
    if isinstance(item.get("id"), str) and item["id"]:
        label = f"policy {item['id']}"
    if item.get("state") == "deleted":
        yield NotChecked(
            place=place, label=label, why="it is deleted and grants nothing", harmless=True
        )
        return
    version = _version(place, item)
    odd: list[str] = []
    if version == "v2":
        subject = _attributes(place, item.get("subject"), "key", odd)
        resources = [item.get("resource")]
        roles = _roles(_dict(_dict(item.get("control")).get("grant")).get("roles"), odd)
    else:
        subjects = _list(item.get("subjects"), "subjects", odd)
        subject = [a for each in subjects for a in _attributes(place, each, "name", odd)]
        resources = _list(item.get("resources"), "resources", odd)
        roles = _roles(item.get("roles"), odd)
        if len(resources) > 1:
            odd.append(f"it has {len(resources)} resources, and a policy can have only one")
    if any(str(role).endswith(_UNSUPPORTED) for role in roles):
        why = (
            "it stands for a policy that GET /v1/policies cannot show; export it with /v2/policies"
        )
        yield NotChecked(place=place, label=label, why=why)
        return
    named = [
        a
        for each in resources
        for a in _attributes(place, each, "key" if version == "v2" else "name", odd)
    ]
    kind = item.get("type") or "access"
    if kind not in _TYPES:
        odd.append(f'its type is "{kind}", and neither access nor authorization')
    yield Policy(
        place=place,
        label=label,
        item=item,
        version=version,
        type=kind,
        holder=_source(subject) if kind == "authorization" else _subject(subject, odd),
        account_id=account_named(named, odd),
        odd=tuple(dict.fromkeys(odd)),
    )


def account_named(attributes: Iterable[Mapping[str, Any]], odd: list[str]) -> str | None:
    """The account that a policy names, if it names one; `odd` gets a clause if that is unsure."""
    found = set()
    for attribute in attributes:
        operator, value = attribute.get("operator") or "stringEquals", attribute.get("value")
        if _name(attribute) != "accountId" or value == "*" or operator == "stringExists":
            continue
        found.add(value if operator == "stringEquals" and isinstance(value, str) else None)
    if len(found) > 1 or None in found:
        odd.append("its accountId is not the ID of one account")
        return None
    return found.pop() if found else None


def _version(place: Place, item: Mapping[str, Any]) -> str:
    if "control" in item or "resource" in item:
        return "v2"
    if "roles" in item or "resources" in item:
        return "v1"
    if "values" in item and "terraform_version" in item:
        raise CheckError(
            f"{place}: this is a Terraform state, not a plan. Write the plan with terraform plan "
            "-out=PLAN, then check the output of terraform show -json PLAN."
        )
    if "@level" in item:
        raise CheckError(
            f"{place}: this is the log of terraform plan -json. Check the output of terraform show "
            "-json PLAN."
        )
    raise CheckError(
        f"{place}: this is not a policy: it has neither roles and resources, nor control and "
        "resource."
    )


def _subject(attributes: list[Mapping[str, Any]], odd: list[str]) -> Holder | None:
    """Who holds an access policy; None if it does not say."""
    named = {
        (_name(a), str(a.get("value")))
        for a in attributes
        if _name(a) in ("iam_id", "access_group_id")
    }
    for attribute in attributes:
        if _name(attribute) not in ("iam_id", "access_group_id"):
            odd.append(f'its subject names "{_name(attribute)}", which is not an identity')
        elif attribute.get("operator") not in (None, "stringEquals"):
            odd.append(f"its subject is not named, but compared by {attribute['operator']}")
    if len(named) > 1:
        odd.append("its subject names several identities, and a policy can have only one")
    if len(named) != 1:
        return None
    ((name, value),) = named
    return group_of(value) if name == "access_group_id" else holder_of(value)


def group_of(group_id: str) -> Holder:
    """The access group with this ID."""
    return Holder(GROUP, group_id, "Public Access" if group_id == PUBLIC_ACCESS_GROUP else "")


def _source(attributes: list[Mapping[str, Any]]) -> Holder:
    names = [str(a.get("value")) for a in attributes if _name(a) == "serviceName"]
    return Holder(SERVICE, names[0] if len(names) == 1 else "")


def _roles(given: Any, odd: list[str]) -> list[Any]:
    roles = [_dict(role).get("role_id") for role in _list(given, "roles", odd)]
    if not roles:
        odd.append("it grants no role")
    if any(not isinstance(role, str) or not role for role in roles):
        odd.append("a role has no role_id")
    return roles


def _attributes(place: Place, part: Any, name: str, odd: list[str]) -> list[Mapping[str, Any]]:
    found = _list(_dict(part).get("attributes"), "attributes", odd)
    for attribute in found:
        if not isinstance(_dict(attribute).get(name), str):
            odd.append(f'an attribute has no "{name}"')
        elif attribute.get("value") is None:
            odd.append(f"the attribute {attribute[name]} has no value")
    return [_dict(attribute) for attribute in found]


def _name(attribute: Mapping[str, Any]) -> Any:
    return attribute.get("key", attribute.get("name"))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any, name: str, odd: list[str]) -> list[Any]:
    if value is not None and not isinstance(value, list):
        odd.append(f"{name} is not a list")
        return []
    return value or []
