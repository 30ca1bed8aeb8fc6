"""An account to check proposals against, and proposals in few words: policies and plans."""

from __future__ import annotations

from typing import Any

from iaminsights.sandbox import Account

PLATFORM = "crn:v1:bluemix:public:iam::::role:"
SERVICE = "crn:v1:bluemix:public:iam::::serviceRole:"
PUBLIC = "AccessGroupId-PublicAccess"
OVER = {
    "key": "{{environment.attributes.current_date_time}}",
    "operator": "dateTimeLessThanOrEquals",
    "value": "2024-01-31T23:59:59+00:00",
}
WEEKDAYS = {
    "key": "{{environment.attributes.day_of_week}}",
    "operator": "dayOfWeekAnyOf",
    "value": ["1+00:00", "2+00:00"],
}


def acme() -> Account:
    """Operators may do a little, Admins all, Bob nothing, and a few things lead to more."""
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    account.user("Bob Builder")
    operators = account.group("Operators", members=[ada])
    key_admins = account.group("Key Admins", members=[account.user("Kim Keys")])
    admins = account.group("Admins", members=[account.user("Root Rooter")])
    account.group("Empty")
    research = account.resource_group("research")
    account.instance("keys", "kms", resource_group=research)
    vault = account.instance("vault", "secrets-manager")
    account.instance("spare", "secrets-manager")
    archive = account.instance("archive", "cloud-object-storage", region="global")
    account.custom_role("KeyLister", "Key Lister", "kms", ["kms.secrets.list"])
    account.custom_role("Greeter", "Greeter", "iam-groups", ["iam-groups.groups.read"])
    account.policy(account.group("Greeters"), ["Greeter"], service="iam-groups")
    regional, list_of = account.group("Regional"), "stringEqualsAnyOf"
    some = [("region", list_of, ["eu-de", "eu-gb"])]
    account.policy(regional, ["Writer"], service="logs", attributes=some)
    american = [("region", "stringMatch", "us-*")]
    account.policy(regional, ["Reader"], service="logs", attributes=american)
    dev = [("env", "stringEquals", "dev")]
    account.policy(regional, ["Viewer"], service_type="service", tags=dev)
    account.policy(operators, ["Viewer", "Reader"], service="kms")
    account.policy(operators, ["Writer"], service="logs", region="us-south")
    account.policy(operators, ["Manager"], instance=vault)
    account.policy(operators, ["Key Lister"], service="kms", resource_group=research)
    bucket = [("resourceType", "stringEquals", "bucket"), ("resource", "stringEquals", "reports")]
    account.policy(operators, ["Writer"], instance=archive, attributes=bucket)
    account.policy(key_admins, ["Manager"], service="kms")
    account.policy(admins, ["Administrator"], service_type="platform_service")
    account.policy(admins, ["Administrator", "Manager"], service_type="service")
    chief, robot = account.service_id("chief"), account.service_id("robot")
    account.policy(chief, ["Administrator"], service_type="platform_service")
    account.policy(robot, ["Viewer"], resource_group=research)
    deployer, boss = account.profile("Deployer"), account.profile("Boss")
    account.policy(deployer, ["Writer"], service="codeengine")
    account.claim_rule(deployer, [("team", "EQUALS", "ops")], realm="https://idp.example.org")
    account.policy(boss, ["Administrator"], service_type="platform_service")
    account.authorization(["Reader"], {"serviceName": "logs"}, {"serviceName": "kms"})
    return account


def ids(account: Account) -> dict[str, str]:
    """The IDs of what has a name: IAM IDs of identities, GUIDs of instances."""
    people = {one["firstname"]: one["iam_id"] for one in account.users}
    programs = {one["name"]: one["iam_id"] for one in (*account.service_ids, *account.profiles)}
    others = {one["name"]: one["id"] for one in (*account.groups, *account.resource_groups)}
    return people | programs | others | {one["name"]: one["guid"] for one in account.instances}


def policy(holder: str | None, *roles: str, tags: Any = None, **more: Any) -> dict[str, Any]:
    """An access policy in version 2: each attribute is a value, or an operator and a value."""
    attributes = more.pop("attributes", {})
    item: dict[str, Any] = {
        "type": "access",
        "resource": {"attributes": [*attributes_of("key", attributes)]},
        "control": {"grant": {"roles": [{"role_id": role_id(one)} for one in roles]}},
        **more,
    }
    if tags:
        item["resource"]["tags"] = [*attributes_of("key", tags)]
    if holder:
        key = "access_group_id" if holder.startswith("AccessGroupId") else "iam_id"
        attribute = {"key": key, "operator": "stringEquals", "value": holder}
        item["subject"] = {"attributes": [attribute]}
    return item


def policy_v1(holder: str, *roles: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """The same in version 1."""
    key = "access_group_id" if holder.startswith("AccessGroupId") else "iam_id"
    return {
        "type": "access",
        "subjects": [{"attributes": [{"name": key, "value": holder}]}],
        "roles": [{"role_id": role_id(one)} for one in roles],
        "resources": [{"attributes": [*attributes_of("name", attributes)]}],
    }


def authorization(source: dict[str, Any], target: dict[str, Any], *roles: str) -> dict[str, Any]:
    """An authorization in version 2."""
    return {
        "type": "authorization",
        "subject": {"attributes": [*attributes_of("key", source)]},
        "resource": {"attributes": [*attributes_of("key", target)]},
        "control": {"grant": {"roles": [{"role_id": role_id(one)} for one in roles]}},
    }


def attributes_of(name: str, attributes: dict[str, Any]):
    """Attributes as policies have them."""
    for key, value in attributes.items():
        operator, value = value if isinstance(value, tuple) else ("stringEquals", value)
        yield {name: key, "operator": operator, "value": value}


def role_id(name: str) -> str:
    """The CRN of a role that every account has; CRNs stay."""
    if name.startswith("crn:"):
        return name
    return f"{SERVICE if name in ('Reader', 'Writer', 'Manager') else PLATFORM}{name}"


def change(
    kind: str,
    name: str,
    after: dict[str, Any] | None,
    *actions: str,
    before: dict[str, Any] | None = None,
    unknown: Any = None,
    module: str = "",
    index: Any = None,
) -> dict[str, Any]:
    """A change of ibm_iam_KIND in a plan; it is created unless there are other actions."""
    own = f"ibm_iam_{kind}.{name}" + ("" if index is None else f'["{index}"]')
    found: dict[str, Any] = {
        "address": f"{module}.{own}" if module else own,
        "mode": "managed",
        "type": f"ibm_iam_{kind}",
        "name": name,
        "change": {
            "actions": [*actions] or ["create"],
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
        },
    }
    if module:
        found["module_address"] = module
    if index is not None:
        found["index"] = index
    return found


def plan(*changes: dict[str, Any], configuration: Any = None, **others: Any) -> dict[str, Any]:
    """A plan as terraform show -json writes it."""
    found = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [*changes]}
    if configuration is not None:
        found["configuration"] = {"root_module": configuration}
    return {**found, **others}


def configured(kind: str, name: str, **references: Any) -> dict[str, Any]:
    """The configuration of a resource, with what each argument refers to, or its constant."""
    return {
        "address": f"ibm_iam_{kind}.{name}",
        "mode": "managed",
        "type": f"ibm_iam_{kind}",
        "name": name,
        "expressions": {
            key: {"references": value} if isinstance(value, list) else {"constant_value": value}
            for key, value in references.items()
        },
    }
