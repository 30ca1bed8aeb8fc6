"""What is found in proposals, case by case, with the near misses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner

from iaminsights.cli import main

from .proposed import (
    OVER,
    PUBLIC,
    WEEKDAYS,
    acme,
    authorization,
    change,
    configured,
    ids,
    plan,
    policy,
    policy_v1,
)

ACME = acme()
ACCOUNT = ACME.account_id
ID = ids(ACME)
OPERATORS, EMPTY, ADMINS = ID["Operators"], ID["Empty"], ID["Admins"]
ADA, BOB, ROOT, OLGA = ID["Ada"], ID["Bob"], ID["Root"], ID["Olga"]

NO_KMS = [{"roles": ["Administrator", "Manager"], "services": "kms", "reason": "Ask the key team."}]
NO_SECRETS = [{"actions": "kms.secrets.delete", "services": ["kms"]}]
NO_ADMINISTRATOR = [
    {"roles": "administrator", "except": ["Admins", "ada.lovelace@acme.example.org"]}
]


@dataclass(frozen=True)
class Case:
    """What is proposed, what it is held against, and what is said of it."""

    name: str
    proposed: Any
    expected: list[str] = field(default_factory=list)
    rules: Any = None
    new: bool = False
    public: bool = False
    escalation: bool = False
    known: bool = False  # whether the file is given although nothing needs it

    def options(self, database: str) -> list[str]:
        options = ["--not-granted", "rules.yml"] if self.rules else []
        for wanted, option in (
            (self.new, "--no-new-access"),
            (self.public, "--no-public-access"),
            (self.escalation, "--no-escalation"),
        ):
            options += [option] * wanted
        if self.new or self.escalation or self.known:
            options.append(database)
        return options


def forbidden(name: str, proposed: Any, *expected: str, rules: Any = NO_KMS, known=False) -> Case:
    return Case(name, proposed, [*expected], rules=rules, known=known)


def new(name: str, proposed: Any, *expected: str) -> Case:
    return Case(name, proposed, [*expected], new=True)


def public(name: str, proposed: Any, *expected: str) -> Case:
    return Case(name, proposed, [*expected], public=True)


def escalates(name: str, proposed: Any, *expected: str) -> Case:
    return Case(name, proposed, [*expected], escalation=True)


def bob(*roles: str, **attributes: Any) -> dict[str, Any]:
    return policy(BOB, *roles, attributes=attributes)


def operators(*roles: str, **attributes: Any) -> dict[str, Any]:
    return policy(OPERATORS, *roles, attributes=attributes)


def group_policy(after: dict[str, Any], *actions: str, **more: Any) -> dict[str, Any]:
    return plan(
        change(
            "access_group_policy", "it", {"access_group_id": OPERATORS, **after}, *actions, **more
        )
    )


def member(group: str, *people: str, **more: Any) -> dict[str, Any]:
    return plan(
        change(
            "access_group_members", "it", {"access_group_id": group, "ibm_ids": [*people]}, **more
        )
    )


CASES = [
    # Roles and actions that nobody should get: however the policy names the service.
    forbidden(
        "v2",
        bob("Administrator", serviceName="kms"),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "v1",
        policy_v1(BOB, "Manager", attributes={"serviceName": "kms"}),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "all services",
        bob("Manager", serviceType="service"),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "only the account",
        bob("Administrator", accountId=ACCOUNT),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "no attribute at all",
        bob("Administrator"),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a pattern",
        bob("Administrator", serviceName=("stringMatch", "k?s")),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "any service",
        bob("Administrator", serviceName=("stringMatch", "*")),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a star",
        bob("Administrator", serviceName="*"),
        f"the policy: user {BOB} would get Administrator on kms, which rule"
        " 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "one of several",
        bob("Manager", serviceName=("stringEqualsAnyOf", ["logs", "kms"])),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "every service that has a name",
        bob("Manager", serviceName=("stringExists", True)),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a resource group",
        bob("Manager", resourceGroupId="f" * 32),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a region",
        bob("Manager", region="eu-de"),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "access tags",
        policy(BOB, "Manager", attributes={"serviceType": "service"}, tags={"env": "dev"}),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "one instance",
        bob("Manager", serviceName="kms", serviceInstance="1"),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "at certain times",
        policy(
            BOB,
            "Manager",
            attributes={"serviceName": "kms"},
            rule=WEEKDAYS,
            pattern="time-based-conditions:weekly:all-day",
        ),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "an authorization",
        authorization({"serviceName": "is"}, {"serviceName": "kms"}, "Manager"),
        "the policy: service is would get Manager on kms, which rule 1 (rules.yml:1) "
        "forbids: Ask the key team. [not-granted]",
    ),
    forbidden("another role", bob("Viewer", serviceName="kms")),
    forbidden("another service", bob("Administrator", "Manager", serviceName="logs")),
    forbidden("a pattern that does not fit", bob("Manager", serviceName=("stringMatch", "kms-*"))),
    forbidden("a star that is meant", bob("Manager", serviceName=("stringMatch", "km{{*}}"))),
    forbidden("other letters", bob("Manager", serviceName="KMS")),
    forbidden("no service name", bob("Manager", serviceName=("stringExists", False))),
    forbidden("account management", bob("Administrator", serviceType="platform_service")),
    forbidden(
        "a resource group itself",
        bob("Administrator", resourceType="resource-group", resource="f" * 32),
    ),
    forbidden(
        "a condition that is over",
        policy(
            BOB,
            "Manager",
            attributes={"serviceName": "kms"},
            rule=OVER,
            pattern="time-based-conditions:once",
        ),
    ),
    forbidden(
        "a condition that is over, and any service",
        policy(BOB, "Manager", rule=OVER, pattern="time-based-conditions:once"),
        rules=[{"roles": "Manager"}],
    ),
    forbidden(
        "a deleted policy",
        policy(BOB, "Manager", attributes={"serviceName": "kms"}, state="deleted"),
    ),
    forbidden(
        "IAM services as a group",
        bob("Administrator", service_group_id="IAM"),
        f"the policy: user {BOB} would get Administrator on iam-groups, "
        "which rule 1 (rules.yml:1) forbids [not-granted]",
        rules=[{"roles": "Administrator", "services": ["iam-groups", "billing"]}],
    ),
    forbidden(
        "any service, by the CRN of the role",
        bob("Administrator", serviceName="billing"),
        f"the policy: user {BOB} would get Administrator on billing, which "
        "rule 1 (rules.yml:1) forbids [not-granted]",
        rules=[{"roles": "crn:v1:bluemix:public:iam::::role:Administrator"}],
    ),
    forbidden(
        "excepted by email", policy(ADA, "Administrator"), rules=NO_ADMINISTRATOR, known=True
    ),
    forbidden(
        "excepted by name", policy(ADMINS, "Administrator"), rules=NO_ADMINISTRATOR, known=True
    ),
    forbidden(
        "not excepted",
        bob("Administrator"),
        "the policy: user bob.builder@acme.example.org would get Administrator on "
        "Everything in the account, which rule 1 (rules.yml:1) forbids [not-granted]",
        rules=NO_ADMINISTRATOR,
        known=True,
    ),
    forbidden(
        "perhaps excepted",
        policy(None, "Administrator"),
        "the policy: undecided, because whoever it is for could be an exception of "
        "rule 1 (rules.yml:1) [not-granted]",
        rules=NO_ADMINISTRATOR,
    ),
    forbidden(
        "an action of a role",
        bob("Manager", serviceName="kms"),
        "the policy: user bob.builder@acme.example.org would get kms.secrets.delete "
        "with Manager on kms, which rule 1 (rules.yml:1) forbids [not-granted]",
        rules=NO_SECRETS,
        known=True,
    ),
    forbidden("no such action", bob("Reader", serviceName="kms"), rules=NO_SECRETS, known=True),
    forbidden(
        "an action that only a file would tell",
        bob("Reader", serviceName="kms"),
        "the policy: undecided, because it is not known whether Reader on kms "
        "includes an action of rule 1 (rules.yml:1) [not-granted]",
        rules=NO_SECRETS,
    ),
    forbidden(
        "an action of a service that is not named",
        bob("Manager", serviceType="service"),
        "the policy: user bob.builder@acme.example.org would get kms.secrets.delete "
        "with Manager on All Identity and Access enabled services, which rule 1 "
        "(rules.yml:1) forbids [not-granted]",
        rules=[{"actions": "kms.secrets.delete"}],
        known=True,
    ),
    forbidden(
        "an action, whatever the beginning",
        bob("Writer", serviceName="logs"),
        rules=[{"actions": "iam.*"}],
        known=True,
    ),
    forbidden(
        "a custom role of the plan",
        plan(
            change(
                "custom_role",
                "eraser",
                {
                    "name": "Eraser",
                    "display_name": "Eraser",
                    "service": "kms",
                    "actions": ["kms.secrets.delete"],
                },
            ),
            change(
                "user_policy",
                "it",
                {
                    "ibm_id": "bob.builder@acme.example.org",
                    "roles": ["Eraser"],
                    "resources": [{"service": "kms"}],
                },
            ),
        ),
        "ibm_iam_user_policy.it: user bob.builder@acme.example.org would get "
        "kms.secrets.delete with Eraser on kms, which rule 1 (rules.yml:1) forbids "
        "[not-granted]",
        rules=NO_SECRETS,
    ),
    forbidden(
        "a custom role that is granted already",
        plan(
            change(
                "custom_role",
                "lister",
                {
                    "name": "KeyLister",
                    "display_name": "Key Lister",
                    "service": "kms",
                    "actions": ["kms.secrets.list", "kms.secrets.delete"],
                },
                "update",
                before={"actions": ["kms.secrets.list"]},
            ),
        ),
        "ibm_iam_custom_role.lister: custom role Key Lister, which 1 policy grants, "
        "would get kms.secrets.delete, which rule 1 (rules.yml:1) forbids "
        "[not-granted]",
        rules=NO_SECRETS,
        known=True,
    ),
    forbidden(
        "a custom role that loses the action",
        plan(
            change(
                "custom_role",
                "lister",
                {
                    "name": "KeyLister",
                    "display_name": "Key Lister",
                    "service": "kms",
                    "actions": ["kms.secrets.read"],
                },
                "update",
                before={"actions": ["kms.secrets.list"]},
            ),
            change(
                "user_policy",
                "it",
                {
                    "ibm_id": "bob.builder@acme.example.org",
                    "roles": ["Key Lister"],
                    "resources": [{"service": "kms"}],
                },
            ),
        ),
        rules=[{"actions": "kms.secrets.list"}],
        known=True,
    ),
    forbidden(
        "Terraform, a role by its name",
        group_policy({"roles": ["Manager"], "resources": [{"service": "kms"}]}),
        "ibm_iam_access_group_policy.it: access group "
        f"{OPERATORS} would get Manager on kms,"
        " which rule 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "Terraform, no resources",
        group_policy({"roles": ["Manager"]}),
        "ibm_iam_access_group_policy.it: access group "
        f"{OPERATORS} would get Manager on kms,"
        " which rule 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "Terraform, account management",
        group_policy({"roles": ["Administrator"], "account_management": True}),
    ),
    forbidden(
        "Terraform, attributes",
        group_policy(
            {
                "roles": ["Manager"],
                "resource_attributes": [
                    {"name": "serviceName", "value": "k*", "operator": "stringMatch"}
                ],
            }
        ),
        "ibm_iam_access_group_policy.it: access group "
        f"{OPERATORS} would get Manager on kms,"
        " which rule 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "Terraform, an instance that is created too",
        group_policy(
            {"roles": ["Manager"], "resources": [{"service": "kms"}]},
            unknown={"resources": [{"resource_instance_id": True}]},
        ),
        "ibm_iam_access_group_policy.it: access group "
        f"{OPERATORS} would get Manager on kms,"
        " which rule 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "Terraform, a service that is not known yet",
        group_policy(
            {"roles": ["Manager"], "resources": [{}]}, unknown={"resources": [{"service": True}]}
        ),
        "ibm_iam_access_group_policy.it: undecided, because the value of "
        "resources.service is known only after apply, and rule 1 (rules.yml:1) might "
        f"forbid what access group {OPERATORS} "
        "would get [not-granted]",
    ),
    forbidden(
        "Terraform, roles that are not known yet",
        group_policy({"resources": [{"service": "kms"}]}, unknown={"roles": True}),
        "ibm_iam_access_group_policy.it: undecided, because the value of roles is "
        "known only after apply, and rule 1 (rules.yml:1) might forbid what access "
        f"group {OPERATORS} would get "
        "[not-granted]",
    ),
    forbidden(
        "Terraform, what is deleted", group_policy({}, "delete", before={"roles": ["Manager"]})
    ),
    forbidden("Terraform, what stays", group_policy({"roles": ["Manager"]}, "no-op")),
    forbidden(
        "joining a group that has it",
        member(ID["Key Admins"], "bob.builder@acme.example.org"),
        "ibm_iam_access_group_members.it: user bob.builder@acme.example.org joins "
        "access group Key Admins and would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
        known=True,
    ),
    forbidden(
        "a group that only a file knows",
        member(ID["Key Admins"], "bob.builder@acme.example.org"),
        "ibm_iam_access_group_members.it: undecided, because it is not known what "
        f"access group {ID['Key Admins']} grants; "
        "specify a file that was collected [not-granted]",
    ),
    forbidden(
        "a member already", member(ID["Key Admins"], "kim.keys@acme.example.org"), known=True
    ),
    forbidden(
        "any action that begins so",
        bob("Administrator", serviceName="logs"),
        "the policy: user bob.builder@acme.example.org would get iam.policy.create, "
        "iam.policy.delete, iam.policy.read, and iam.policy.update with Administrator"
        " on logs, which rule 1 (rules.yml:1) forbids [not-granted]",
        rules=[{"actions": "iam.policy.*"}],
        known=True,
    ),
    forbidden(
        "excepted by its address",
        plan(
            change("service_id", "ci", {"name": "ci"}, unknown={"iam_id": True}),
            change(
                "service_policy",
                "it",
                {"roles": ["Manager"], "resources": [{"service": "kms"}]},
                unknown={"iam_id": True, "iam_service_id": True},
            ),
            configuration={
                "resources": [
                    configured(
                        "service_policy",
                        "it",
                        iam_id=["ibm_iam_service_id.ci.iam_id", "ibm_iam_service_id.ci"],
                        roles="x",
                        resources="x",
                    )
                ]
            },
        ),
        rules=[{"roles": "Manager", "except": "ibm_iam_service_id.ci"}],
    ),
    forbidden(
        "two rules",
        bob("Manager", serviceName="kms"),
        f"the policy: user {BOB} would get Manager on kms, which rule 1 "
        "(rules.yml:1) forbids: Ask the key team. [not-granted]",
        f"the policy: user {BOB} would get Manager on kms, which rule 2 "
        "(rules.yml:1) forbids [not-granted]",
        rules=[*NO_KMS, {"roles": ["Manager"]}],
    ),
    forbidden(
        "an invited user",
        plan(
            change(
                "user_invite",
                "it",
                {
                    "users": ["new@example.org"],
                    "access_groups": [],
                    "iam_policy": [
                        {"roles": ["Viewer"], "resources": [{"service": "kms"}]},
                        {"roles": ["Manager"], "resources": [{"service": "kms"}]},
                    ],
                },
            )
        ),
        "ibm_iam_user_invite.it, policy 2 of user new@example.org: user "
        "new@example.org would get Manager on kms, which rule 1 (rules.yml:1) "
        "forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a replaced policy",
        group_policy({"roles": ["Manager"]}, "delete", "create"),
        "ibm_iam_access_group_policy.it: access group "
        f"{OPERATORS} would get Manager on kms,"
        " which rule 1 (rules.yml:1) forbids: Ask the key team. [not-granted]",
    ),
    forbidden(
        "a policy that is kept when Terraform forgets it",
        group_policy({"roles": ["Manager"]}, "forget"),
    ),
    # Public access.
    public(
        "the Public Access group",
        policy(PUBLIC, "Reader", attributes={"serviceName": "cloud-object-storage"}),
        "the policy: the Public Access group, and so everybody, would get Reader on "
        "cloud-object-storage [public-access]",
    ),
    public("another access group", operators("Reader", serviceName="cloud-object-storage")),
    public(
        "nobody is named",
        policy(None, "Reader", attributes={"serviceName": "kms"}),
        "the policy: undecided, because it does not say who would get it [public-access]",
    ),
    public(
        "Terraform, the Public Access group",
        group_policy({"access_group_id": PUBLIC, "roles": ["Reader"]}),
        "ibm_iam_access_group_policy.it: the Public Access group, and so everybody, "
        "would get Reader on All Identity and Access enabled services [public-access]",
    ),
    public(
        "Terraform, a group that is not known yet",
        group_policy({"roles": ["Reader"]}, unknown={"access_group_id": True}),
        "ibm_iam_access_group_policy.it: undecided, because access_group_id is known "
        "only after apply [public-access]",
    ),
    public(
        "switched on",
        plan(change("access_group_account_settings", "it", {"public_access_enabled": True})),
        "ibm_iam_access_group_account_settings.it: public access would be switched on"
        " for the account [public-access]",
    ),
    public(
        "switched off",
        plan(change("access_group_account_settings", "it", {"public_access_enabled": False})),
    ),
    public(
        "on as before",
        plan(
            change(
                "access_group_account_settings",
                "it",
                {"public_access_enabled": True},
                "update",
                before={"public_access_enabled": True},
            )
        ),
    ),
    public("an authorization for all", authorization({}, {"serviceName": "kms"}, "Reader")),
    # New access, against the file.
    new("what the group has", operators("Reader", serviceName="kms")),
    new(
        "what the group has, at certain times",
        policy(OPERATORS, "Reader", attributes={"serviceName": "kms"}, rule=WEEKDAYS),
    ),
    new(
        "an instance of what it has",
        operators("Reader", serviceName="kms", serviceInstance=ID["keys"]),
    ),
    new("a region of what it has", operators("Viewer", serviceName="kms", region="eu-de")),
    new("other words for what it has", operators("Manager", serviceInstance=ID["vault"])),
    new(
        "a role with fewer actions",
        operators("Reader", serviceName="secrets-manager", serviceInstance=ID["vault"]),
    ),
    new(
        "a part that it has",
        operators(
            "Writer",
            serviceName="cloud-object-storage",
            serviceInstance=ID["archive"],
            resourceType="bucket",
            resource="reports",
        ),
    ),
    new(
        "another part",
        operators(
            "Writer",
            serviceName="cloud-object-storage",
            serviceInstance=ID["archive"],
            resourceType="bucket",
            resource="secrets",
        ),
        "the policy: access group Operators would get Writer on bucket secrets of "
        "cloud-object-storage instance archive, which is new [new-access]",
    ),
    new(
        "the whole of a part",
        operators("Writer", serviceName="cloud-object-storage", serviceInstance=ID["archive"]),
        "the policy: access group Operators would get Writer on cloud-object-storage "
        "instance archive, which is new [new-access]",
    ),
    new(
        "another region",
        operators("Writer", serviceName="logs", region="eu-de"),
        "the policy: access group Operators would get Writer on logs in region eu-de,"
        " which is new [new-access]",
    ),
    new(
        "every region",
        operators("Writer", serviceName="logs"),
        "the policy: access group Operators would get Writer on logs, which is new [new-access]",
    ),
    new(
        "one role more",
        operators("Reader", "Writer", serviceName="kms"),
        "the policy: access group Operators would get Reader and Writer on kms, which"
        " is new: Writer on kms [new-access]",
    ),
    new(
        "every instance of a service",
        operators("Manager", serviceName="secrets-manager"),
        "the policy: access group Operators would get Manager on secrets-manager, "
        "which is new [new-access]",
    ),
    new(
        "one of two instances",
        operators(
            "Manager",
            serviceName="secrets-manager",
            serviceInstance=("stringEqualsAnyOf", [ID["vault"], ID["spare"]]),
        ),
        "the policy: access group Operators would get Manager on secrets-manager "
        "instance vault or spare, which is new [new-access]",
    ),
    new(
        "an instance that does not exist",
        operators("Manager", serviceName="secrets-manager", serviceInstance="f" * 32),
        "the policy: access group Operators would get Manager on secrets-manager "
        "instance ffffffffffffffffffffffffffffffff, which is new [new-access]",
    ),
    new(
        "all services",
        operators("Viewer", serviceType="service"),
        "the policy: access group Operators would get Viewer on All Identity and "
        "Access enabled services, which is new: Viewer on services to come, atracker,"
        " cloud-object-storage, and 4 more [new-access]",
    ),
    new(
        "a resource group itself",
        operators("Viewer", resourceType="resource-group", resource=ID["research"]),
        "the policy: access group Operators would get Viewer on Resource group "
        "research itself, which is new [new-access]",
    ),
    new(
        "what somebody has through a group",
        policy(ADA, "Reader", attributes={"serviceName": "kms"}),
    ),
    new(
        "somebody without access",
        bob("Reader", serviceName="kms"),
        "the policy: user bob.builder@acme.example.org would get Reader on kms, which"
        " is new [new-access]",
    ),
    new(
        "an administrator",
        policy(ROOT, "Viewer", attributes={"serviceName": "logs"}),
        "the policy: user root.rooter@acme.example.org would get Viewer on logs, "
        "which is new [new-access]",
    ),
    new("the account owner", policy(OLGA, "Manager", attributes={"serviceName": "kms"})),
    new(
        "a condition that is over",
        policy(
            BOB,
            "Manager",
            attributes={"serviceName": "kms"},
            rule=OVER,
            pattern="time-based-conditions:once",
        ),
    ),
    new(
        "one of the regions in a list",
        policy(ID["Regional"], "Writer", attributes={"serviceName": "logs", "region": "eu-de"}),
    ),
    new(
        "regions that a pattern fits",
        policy(
            ID["Regional"],
            "Reader",
            attributes={
                "serviceName": "logs",
                "region": ("stringEqualsAnyOf", ["us-east", "us-south"]),
            },
        ),
    ),
    new(
        "a region that no pattern fits",
        policy(
            ID["Regional"],
            "Reader",
            attributes={
                "serviceName": "logs",
                "region": ("stringEqualsAnyOf", ["us-east", "eu-de"]),
            },
        ),
        "the policy: access group Regional would get Reader on logs in region us-east or "
        "eu-de, which is new [new-access]",
    ),
    new(
        "a pattern within another one, which is not decided",
        policy(
            ID["Regional"],
            "Reader",
            attributes={"serviceName": "logs", "region": ("stringMatch", "us-e*")},
        ),
        "the policy: access group Regional would get Reader on logs in region matching "
        "us-e*, which is new [new-access]",
    ),
    new(
        "all access tags that are asked for, and one more",
        policy(
            ID["Regional"],
            "Viewer",
            attributes={"serviceType": "service"},
            tags={"env": "dev", "team": "red"},
        ),
    ),
    new(
        "other access tags",
        policy(
            ID["Regional"], "Viewer", attributes={"serviceType": "service"}, tags={"team": "red"}
        ),
        "the policy: access group Regional would get Viewer on All Identity and Access enabled "
        "services, tagged team:red, which is new [new-access]",
    ),
    new(
        "a group without members",
        policy(EMPTY, "Viewer", attributes={"serviceName": "kms"}),
        "the policy: access group Empty would get Viewer on kms, which is new [new-access]",
    ),
    new(
        "another account",
        bob("Viewer", accountId="0" * 32),
        "the policy: undecided, because the file does not have its account "
        "00000000000000000000000000000000 [new-access]",
    ),
    new(
        "an authorization that is there",
        authorization(
            {"serviceName": "logs", "accountId": ACCOUNT},
            {"serviceName": "kms", "accountId": ACCOUNT},
            "Reader",
        ),
    ),
    new(
        "an authorization that is wider",
        authorization(
            {"accountId": ACCOUNT}, {"serviceName": "kms", "accountId": ACCOUNT}, "Reader"
        ),
        "the policy: any service would get Reader on kms, which is new [new-access]",
    ),
    new(
        "Terraform, a user in capital letters",
        plan(
            change(
                "user_policy",
                "it",
                {
                    "ibm_id": "ADA.LOVELACE@acme.example.org",
                    "roles": ["Reader"],
                    "resources": [{"service": "kms"}],
                },
            )
        ),
    ),
    new(
        "Terraform, an instance that is created too",
        group_policy(
            {"roles": ["Reader"], "resources": [{"service": "kms"}]},
            unknown={"resources": [{"resource_instance_id": True}]},
        ),
    ),
    new(
        "Terraform, a region that is not known yet",
        group_policy(
            {"roles": ["Writer"], "resources": [{"service": "logs"}]},
            unknown={"resources": [{"region": True}]},
        ),
        "ibm_iam_access_group_policy.it: undecided, because the value of "
        "resources.region is known only after apply, and access group Operators might"
        " get something new [new-access]",
    ),
    new(
        "Terraform, a new instance of what it lacks",
        group_policy(
            {"roles": ["Writer"], "resources": [{"service": "kms"}]},
            unknown={"resources": [{"resource_instance_id": True}]},
        ),
        "ibm_iam_access_group_policy.it: access group Operators would get Writer on "
        "kms instance (known after apply), which is new [new-access]",
    ),
    new(
        "Terraform, a new group with a member",
        plan(
            change("access_group", "ops", {"name": "Ops"}, unknown={"id": True}),
            change(
                "access_group_policy",
                "it",
                {"roles": ["Viewer"], "resources": [{"service": "logs"}]},
                unknown={"access_group_id": True},
            ),
            change(
                "access_group_members",
                "it",
                {"ibm_ids": ["bob.builder@acme.example.org"]},
                unknown={"access_group_id": True},
            ),
            configuration={
                "resources": [
                    configured(
                        "access_group_policy",
                        "it",
                        access_group_id=["ibm_iam_access_group.ops.id", "ibm_iam_access_group.ops"],
                        roles=["Viewer"],
                        resources="x",
                    ),
                    configured(
                        "access_group_members",
                        "it",
                        access_group_id=["ibm_iam_access_group.ops.id", "ibm_iam_access_group.ops"],
                        ibm_ids="x",
                    ),
                ]
            },
        ),
        "ibm_iam_access_group_policy.it: the new access group Ops would get Viewer on"
        " logs, which is new [new-access]",
        "ibm_iam_access_group_members.it: user bob.builder@acme.example.org joins the"
        " new access group Ops and would get Viewer on logs, which is new "
        "[new-access]",
    ),
    new(
        "joining a group",
        member(OPERATORS, "bob.builder@acme.example.org"),
        "ibm_iam_access_group_members.it: user bob.builder@acme.example.org joins "
        "access group Operators and would get Reader and Viewer on kms; Writer on "
        "logs in region us-south; Manager on secrets-manager instance vault; and 2 "
        "more, which is new [new-access]",
    ),
    new("joining a group again", member(OPERATORS, "ada.lovelace@acme.example.org")),
    new("joining a group that has nothing", member(EMPTY, "bob.builder@acme.example.org")),
    new(
        "joining a group with less",
        member(OPERATORS, "root.rooter@acme.example.org"),
        "ibm_iam_access_group_members.it: user root.rooter@acme.example.org joins "
        "access group Operators and would get Reader and Viewer on kms, which is new "
        "[new-access]",
    ),
    new(
        "a program that joins",
        plan(
            change(
                "access_group_members",
                "it",
                {
                    "access_group_id": OPERATORS,
                    "iam_service_ids": [ID["robot"].removeprefix("iam-")],
                },
            )
        ),
        "ibm_iam_access_group_members.it: service ID robot joins access group "
        "Operators and would get Reader and Viewer on kms; Writer on logs in region "
        "us-south; Manager on secrets-manager instance vault; and 2 more, which is "
        "new [new-access]",
    ),
    new(
        "assuming a profile",
        plan(
            change(
                "trusted_profile_identity",
                "it",
                {
                    "profile_id": ID["Deployer"].removeprefix("iam-"),
                    "type": "user",
                    "identity_type": "user",
                    "identifier": BOB,
                },
            )
        ),
        "ibm_iam_trusted_profile_identity.it: user bob.builder@acme.example.org can "
        "assume trusted profile Deployer and would get Writer on codeengine, which is"
        " new [new-access]",
    ),
    new(
        "a claim rule",
        plan(
            change(
                "trusted_profile_claim_rule",
                "it",
                {
                    "profile_id": ID["Deployer"].removeprefix("iam-"),
                    "type": "Profile-SAML",
                    "name": "All",
                    "realm_name": "https://idp.example.org",
                    "conditions": [{"claim": "team", "operator": "CONTAINS", "value": '""'}],
                },
            )
        ),
        "ibm_iam_trusted_profile_claim_rule.it: whoever meets the claim rule All can "
        "assume trusted profile Deployer and would get Writer on codeengine, which is"
        " new [new-access]",
    ),
    new(
        "a claim rule that is there",
        plan(
            change(
                "trusted_profile_claim_rule",
                "it",
                {
                    "profile_id": ID["Deployer"].removeprefix("iam-"),
                    "type": "Profile-SAML",
                    "realm_name": "https://idp.example.org",
                    "conditions": [{"value": '"ops"', "claim": "team", "operator": "EQUALS"}],
                },
            )
        ),
    ),
    new(
        "a dynamic rule",
        plan(
            change(
                "access_group_dynamic_rule",
                "it",
                {
                    "access_group_id": OPERATORS,
                    "name": "Staff",
                    "identity_provider": "https://idp.example.org",
                    "expiration": 4,
                    "conditions": [{"claim": "staff", "operator": "EQUALS", "value": '"yes"'}],
                },
            )
        ),
        "ibm_iam_access_group_dynamic_rule.it: whoever meets the dynamic rule Staff "
        "joins access group Operators and would get Reader and Viewer on kms; Writer "
        "on logs in region us-south; Manager on secrets-manager instance vault; and 2"
        " more, which is new [new-access]",
    ),
    new(
        "a custom role with one more action",
        plan(
            change(
                "custom_role",
                "lister",
                {
                    "name": "KeyLister",
                    "display_name": "Key Lister",
                    "service": "kms",
                    "actions": ["kms.secrets.list", "kms.secrets.read"],
                },
                "update",
                before={"actions": ["kms.secrets.list"]},
            )
        ),
        "ibm_iam_custom_role.lister: custom role Key Lister, which 1 policy grants, "
        "would get kms.secrets.read, which is new [new-access]",
    ),
    new(
        "a custom role with one action less",
        plan(
            change(
                "custom_role",
                "lister",
                {
                    "name": "KeyLister",
                    "display_name": "Key Lister",
                    "service": "kms",
                    "actions": [],
                },
                "update",
                before={"actions": ["kms.secrets.list"]},
            )
        ),
    ),
    new(
        "Terraform, a service that is not known yet",
        group_policy(
            {"roles": ["Reader"], "resources": [{}]}, unknown={"resources": [{"service": True}]}
        ),
        "ibm_iam_access_group_policy.it: undecided, because the value of "
        "resources.service is known only after apply, and access group Operators "
        "might get something new [new-access]",
    ),
    new(
        "Terraform, a profile among several",
        plan(
            change(
                "trusted_profile_identities",
                "it",
                {
                    "profile_id": ID["Deployer"].removeprefix("iam-"),
                    "identities": [
                        {"iam_id": OLGA, "identifier": OLGA, "type": "user"},
                        {"iam_id": BOB, "identifier": BOB, "type": "user"},
                    ],
                },
            )
        ),
        "ibm_iam_trusted_profile_identities.it: user bob.builder@acme.example.org can"
        " assume trusted profile Deployer and would get Writer on codeengine, which "
        "is new [new-access]",
    ),
    new(
        "an invited user in a group",
        plan(
            change(
                "user_invite", "it", {"users": ["new@example.org"], "access_groups": [OPERATORS]}
            )
        ),
        "ibm_iam_user_invite.it: user new@example.org joins access group Operators "
        "and would get Reader and Viewer on kms; Writer on logs in region us-south; "
        "Manager on secrets-manager instance vault; and 2 more, which is new "
        "[new-access]",
    ),
    new(
        "somebody who was in the group before",
        plan(
            change(
                "access_group_members",
                "it",
                {"access_group_id": OPERATORS, "ibm_ids": ["bob.builder@acme.example.org"]},
                "update",
                before={"ibm_ids": ["bob.builder@acme.example.org"]},
            )
        ),
    ),
    new(
        "public access",
        plan(change("access_group_account_settings", "it", {"public_access_enabled": True})),
    ),
    new(
        "Terraform, a group of each team",
        plan(
            *(
                change("access_group", "team", {"name": name}, index=name, unknown={"id": True})
                for name in ("red", "blue")
            ),
            *(
                change(
                    "access_group_policy",
                    "it",
                    {"roles": ["Viewer"], "resources": [{"service": "kms"}]},
                    index=name,
                    unknown={"access_group_id": True},
                )
                for name in ("red", "blue")
            ),
            configuration={
                "resources": [
                    configured(
                        "access_group_policy",
                        "it",
                        access_group_id=["ibm_iam_access_group.team", "each.key"],
                        roles="x",
                        resources="x",
                    )
                ]
            },
        ),
        'ibm_iam_access_group_policy.it["red"]: the new access group red would get '
        "Viewer on kms, which is new [new-access]",
        'ibm_iam_access_group_policy.it["blue"]: the new access group blue would '
        "get Viewer on kms, which is new [new-access]",
    ),
    new(
        "Terraform, a group that is there already",
        plan(
            change("access_group", "ops", {"id": OPERATORS, "name": "Operators"}, "no-op"),
            change(
                "access_group_policy",
                "it",
                {"roles": ["Reader"], "resources": [{"service": "kms"}]},
                unknown={"access_group_id": True},
            ),
            configuration={
                "resources": [
                    configured(
                        "access_group_policy",
                        "it",
                        access_group_id=["ibm_iam_access_group.ops.id", "ibm_iam_access_group.ops"],
                        roles="x",
                        resources="x",
                    )
                ]
            },
        ),
    ),
    new(
        "Terraform, one of several groups",
        plan(
            *(
                change("access_group", "team", {"name": name}, index=name, unknown={"id": True})
                for name in ("red", "blue")
            ),
            change(
                "access_group_policy",
                "it",
                {"roles": ["Viewer"], "resources": [{"service": "kms"}]},
                unknown={"access_group_id": True},
            ),
            configuration={
                "resources": [
                    configured(
                        "access_group_policy",
                        "it",
                        access_group_id=["ibm_iam_access_group.team", "local.team"],
                        roles="x",
                        resources="x",
                    )
                ]
            },
        ),
        "ibm_iam_access_group_policy.it: undecided, because it is not known who would"
        " get it [new-access]",
    ),
    new(
        "Terraform, a group that a module gives out",
        plan(
            change(
                "access_group",
                "team",
                {"name": "Team"},
                module="module.groups",
                unknown={"id": True},
            ),
            change(
                "access_group_policy",
                "it",
                {"roles": ["Viewer"], "resources": [{"service": "kms"}]},
                module='module.rights["a.b"]',
                unknown={"access_group_id": True},
            ),
            configuration={
                "module_calls": {
                    "groups": {
                        "module": {
                            "outputs": {
                                "id": {
                                    "expression": {
                                        "references": [
                                            "ibm_iam_access_group.team.id",
                                            "ibm_iam_access_group.team",
                                        ]
                                    }
                                }
                            }
                        }
                    },
                    "rights": {
                        "expressions": {
                            "group": {"references": ["module.groups.id", "module.groups"]}
                        },
                        "module": {
                            "resources": [
                                configured(
                                    "access_group_policy",
                                    "it",
                                    access_group_id=["var.group"],
                                    roles="x",
                                    resources="x",
                                )
                            ]
                        },
                    },
                }
            },
        ),
        'module.rights["a.b"].ibm_iam_access_group_policy.it: the new access group '
        "Team would get Viewer on kms, which is new [new-access]",
    ),
    # Ways to become an administrator.
    escalates(
        "keys of service IDs",
        bob("Operator", serviceName="iam-identity"),
        "the policy: user bob.builder@acme.example.org could become an administrator:"
        " service ID chief (creates an API key for it: iam-identity Operator) → full "
        "control (Administrator on all account management services) [escalation]",
    ),
    escalates("looking at service IDs", bob("Viewer", serviceName="iam-identity")),
    escalates(
        "keys of a service ID that may do little",
        bob(
            "Operator",
            serviceName="iam-identity",
            resourceType="serviceid",
            resource=ID["robot"].removeprefix("iam-"),
        ),
    ),
    escalates(
        "members of groups",
        policy(EMPTY, "Editor", attributes={"serviceName": "iam-groups"}),
        "the policy: access group Empty could become an administrator: access group "
        "Admins (adds itself to it: iam-groups Editor) → full control (its members "
        "are full administrators) [escalation]",
    ),
    escalates(
        "IAM services as a group",
        bob("Administrator", service_group_id="IAM"),
        "the policy: user bob.builder@acme.example.org could become an administrator:"
        " full control (Administrator on all IAM account management services) "
        "[escalation]",
    ),
    escalates(
        "a pattern that fits IAM",
        bob("Editor", serviceName=("stringMatch", "iam-g*")),
        "the policy: user bob.builder@acme.example.org could become an administrator:"
        " access group Admins (adds itself to it: iam-groups Editor) → full control "
        "(its members are full administrators) [escalation]",
    ),
    escalates("another service", bob("Administrator", serviceName="logs")),
    escalates(
        "a custom role of the plan",
        plan(
            change(
                "custom_role",
                "maker",
                {
                    "name": "KeyMaker",
                    "display_name": "Key Maker",
                    "service": "iam-identity",
                    "actions": ["iam-identity.apikey.create"],
                },
            ),
            change(
                "user_policy",
                "it",
                {
                    "ibm_id": "bob.builder@acme.example.org",
                    "roles": ["Key Maker"],
                    "resources": [{"service": "iam-identity"}],
                },
            ),
        ),
        "ibm_iam_user_policy.it: user bob.builder@acme.example.org could become an "
        "administrator: service ID chief (creates an API key for it: iam-identity custom "
        "role Key Maker) → full control (Administrator on all account management services) "
        "[escalation]",
    ),
    escalates(
        "a custom role that is granted already",
        plan(
            change(
                "custom_role",
                "greeter",
                {
                    "name": "Greeter",
                    "display_name": "Greeter",
                    "service": "iam-groups",
                    "actions": ["iam-groups.groups.read", "iam-groups.members.add"],
                },
                "update",
                before={"actions": ["iam-groups.groups.read"]},
            )
        ),
        "ibm_iam_custom_role.greeter: access group Greeters could become an administrator: "
        "access group Admins (adds itself to it: iam-groups custom role Greeter) → full "
        "control (its members are full administrators) [escalation]",
    ),
    escalates(
        "a custom role that stays harmless",
        plan(
            change(
                "custom_role",
                "greeter",
                {
                    "name": "Greeter",
                    "display_name": "Greeter",
                    "service": "iam-groups",
                    "actions": ["iam-groups.groups.read", "iam-groups.rules.read"],
                },
                "update",
                before={"actions": ["iam-groups.groups.read"]},
            )
        ),
    ),
    escalates(
        "a custom role that is not known yet",
        plan(
            change(
                "custom_role",
                "greeter",
                {"name": "Greeter", "display_name": "Greeter", "service": "iam-groups"},
                unknown={"actions": True},
            )
        ),
        "ibm_iam_custom_role.greeter: undecided, because the value of actions is known only "
        "after apply [escalation]",
    ),
    escalates(
        "an administrator already",
        policy(ROOT, "Operator", attributes={"serviceName": "iam-identity"}),
    ),
    escalates(
        "another account",
        bob("Administrator", accountId="0" * 32),
        "the policy: undecided, because the file does not have its account "
        "00000000000000000000000000000000 [escalation]",
    ),
    escalates(
        "joining the administrators",
        member(ADMINS, "bob.builder@acme.example.org"),
        "ibm_iam_access_group_members.it: user bob.builder@acme.example.org would have full "
        "control [escalation]",
    ),
    escalates("joining others", member(OPERATORS, "bob.builder@acme.example.org")),
    escalates(
        "assuming an administrator's profile",
        plan(
            change(
                "trusted_profile_identity",
                "it",
                {
                    "profile_id": ID["Boss"].removeprefix("iam-"),
                    "type": "user",
                    "identity_type": "user",
                    "identifier": BOB,
                },
            )
        ),
        "ibm_iam_trusted_profile_identity.it: user bob.builder@acme.example.org could"
        " become an administrator: trusted profile Boss (can assume it) → full "
        "control (Administrator on all account management services) [escalation]",
    ),
    escalates(
        "compute that can assume it",
        plan(
            change(
                "trusted_profile_link",
                "it",
                {
                    "profile_id": ID["Boss"].removeprefix("iam-"),
                    "cr_type": "VSI",
                    "link": [{"crn": "crn:v1:bluemix:public:is:us-south:a/1::instance:1"}],
                },
            )
        ),
        "ibm_iam_trusted_profile_link.it: the compute resource of the link could "
        "become an administrator: trusted profile Boss (can assume it) → full control"
        " (Administrator on all account management services) [escalation]",
    ),
    escalates(
        "a new administrator",
        plan(
            change("service_id", "ci", {"name": "ci"}, unknown={"id": True, "iam_id": True}),
            change(
                "service_policy",
                "it",
                {"roles": ["Administrator"], "account_management": True},
                unknown={"iam_id": True, "iam_service_id": True},
            ),
            configuration={
                "resources": [
                    configured(
                        "service_policy",
                        "it",
                        iam_id=["ibm_iam_service_id.ci.iam_id", "ibm_iam_service_id.ci"],
                        roles="x",
                        account_management="x",
                    )
                ]
            },
        ),
        "ibm_iam_service_policy.it: the new service ID ci could become an "
        "administrator: full control (Administrator on all account management "
        "services) [escalation]",
    ),
    escalates(
        "somebody who is not known",
        policy(None, "Administrator", attributes={"serviceType": "platform_service"}),
        "the policy: undecided, because it is not known who could become an administrator: "
        "full control (Administrator on all account management services) [escalation]",
    ),
    escalates(
        "Terraform, a service that is not known yet",
        group_policy(
            {"roles": ["Editor"], "resources": [{}]}, unknown={"resources": [{"service": True}]}
        ),
        "ibm_iam_access_group_policy.it: undecided, because the value of resources.service is "
        "known only after apply; perhaps access group Operators could become an administrator: "
        "access group Admins (adds itself to it: iam-groups Editor, inferred from a policy whose "
        "only target is the account) → full control (its members are full administrators) "
        "[escalation]",
    ),
    # What cannot be judged.
    public(
        "an operator that is not known",
        bob("Viewer", serviceName=("stringLike", "k*")),
        "the policy: undecided, because the operator stringLike of serviceName is not"
        " known [input]",
    ),
    public(
        "two subjects",
        {
            **bob("Viewer"),
            "subject": {
                "attributes": [{"key": "iam_id", "value": BOB}, {"key": "iam_id", "value": ADA}]
            },
        },
        "the policy: undecided, because its subject names several identities, and a "
        "policy can have only one [input]",
        "the policy: undecided, because it does not say who would get it [public-access]",
    ),
    public(
        "two resources",
        {**policy_v1(BOB, "Viewer", attributes={}), "resources": [{}, {}]},
        "the policy: undecided, because it has 2 resources, and a policy can have only one [input]",
    ),
    public(
        "an attribute whose name is no text",
        {**bob("Viewer"), "resource": {"attributes": [{"key": ["a"], "value": "b"}]}},
        'the policy: undecided, because an attribute has no "key" [input]',
    ),
    public(
        "a subject whose name is no text",
        {**authorization({}, {}, "Viewer"), "subject": {"attributes": [{"key": {}, "value": "b"}]}},
        'the policy: undecided, because an attribute has no "key" [input]',
    ),
    public(
        "roles that are no texts",
        group_policy({"roles": [{"a": 1}]}),
        "ibm_iam_access_group_policy.it: undecided, because its values are not as the provider "
        "writes them [input]",
    ),
    public(
        "blocks that are none",
        group_policy({"roles": ["Viewer"], "resources": [1]}),
        "ibm_iam_access_group_policy.it: undecided, because its values are not as the provider "
        "writes them [input]",
    ),
    public(
        "two accounts",
        bob("Viewer", accountId=("stringEqualsAnyOf", [ACCOUNT, "0" * 32])),
        "the policy: undecided, because its accountId is not the ID of one account [input]",
    ),
    public("any account", bob("Viewer", accountId=("stringExists", True))),
    public("no role", bob(), "the policy: undecided, because it grants no role [input]"),
    public(
        "a v2 policy in v1's list",
        policy_v1(BOB, "UnsupportedVersion", attributes={}),
        "the policy: undecided, because it stands for a policy that GET /v1/policies "
        "cannot show; export it with /v2/policies [input]",
    ),
    public(
        "a type that is not understood",
        plan(change("policy_assignment", "it", {})),
        "ibm_iam_policy_assignment.it: undecided, because ibm_iam_policy_assignment "
        "is not understood; see what it grants yourself [input]",
    ),
    public("a type without access", plan(change("access_tag", "it", {"name": "env:dev"}))),
    public(
        "what Terraform puts off",
        plan(
            deferred_changes=[
                {
                    "reason": "resource_config_unknown",
                    "resource_change": change("user_policy", "later", {}),
                }
            ]
        ),
        "ibm_iam_user_policy.later: undecided, because Terraform puts off its plan "
        "for it (resource_config_unknown) [input]",
    ),
    public(
        "a plan with errors",
        plan(errored=True),
        "the plan: undecided, because Terraform says that the plan is not complete, "
        "so there is more to come [input]",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("proposed")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_said(case, database, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "it.json").write_text(json.dumps(case.proposed), encoding="utf-8")
    (folder / "rules.yml").write_text(json.dumps(case.rules), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "it.json", *case.options(str(database))])
    assert result.exit_code in (0, 3), result.output
    *lines, summary = result.stdout.splitlines()
    assert summary.startswith("Checked ")
    assert [line.removeprefix("it.json:1: ") for line in lines] == case.expected
    assert result.exit_code == (3 if lines else 0)
