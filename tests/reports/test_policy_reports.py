"""The reports about policies: the rows each must have, and beside them those it must not."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import BUCKET, GONE, GONE_GROUP, GONE_TOO, RULE, rows

# --- policies of access groups, judged one by one -----------------------------------------------


def test_group_policies_that_name_no_service(collected):
    account = Account("Acme")
    prod = account.resource_group("prod")
    ada = account.user("Ada Lovelace")
    team = account.group("Team", [ada, "IBMid-GONE1"])
    account.policy(team, ["Viewer"], service="kms")  # the harmless one beside the others
    account.policy(team, ["Viewer"], service_type="platform_service")
    account.policy(team, ["Viewer"], service_group="IAM")
    account.policy(team, ["Viewer"], attributes=[("serviceName", "stringMatch", "databases-*")])
    account.policy(team, ["Viewer"], attributes=[("serviceName", "stringEqualsAnyOf", ["a", "b"])])
    account.policy(team, ["Editor"], resource_group=prod, state="deleted")
    account.policy(ada, ["Administrator"], resource_group=prod)
    account.policy(GONE_GROUP, ["Administrator"], region="eu-de")

    account.policy(team, ["Administrator"])
    account.policy(team, ["Editor"], resource_group=prod)
    account.policy(team, ["Operator"], region="eu-de", version="v1")
    account.policy(team, ["Viewer"], attributes=[("serviceName", "stringExists", True)])
    account.policy(team, ["Reader"], attributes=[("serviceName", "stringMatch", "*")])
    account.policy(team, ["Writer"], attributes=[("serviceName", "stringMatchAnyOf", ["kms", "*"])])
    columns = ("access_group", "roles", "target", "members")
    found = rows(collected(account), "access_groups_without_service_policy", *columns)
    assert sorted(found) == [
        ("Team", "Administrator", "Everything in the account", 2),
        ("Team", "Editor", "Every service in resource group prod", 2),
        ("Team", "Operator", "Every service in region eu-de", 2),
        ("Team", "Reader", "services matching *", 2),
        ("Team", "Viewer", "any service", 2),
        ("Team", "Writer", "services matching kms or matching *", 2),
    ]


def test_a_group_policy_for_no_service_is_deleted(collected):
    account = Account("Acme")
    team = account.group("Ada's team")
    policy = account.policy(team, ["Administrator"])
    columns = ("command", "console", "policy_id", "account_id")
    assert rows(collected(account), "access_groups_without_service_policy", *columns) == [
        (
            f"ibmcloud iam access-group-policy-delete 'Ada'\\''s team' '{policy['id']}'",
            f"https://cloud.ibm.com/iam/groups/{team['id']}?tab=iam",
            policy["id"],
            account.account_id,
        )
    ]


def test_group_policies_without_a_limit_of_place(collected):
    account = Account("Acme")
    prod = account.resource_group("prod")
    keys = account.instance("keys", "kms")
    team = account.group("Team", [account.user("Ada Lovelace")])

    def policy(role, *attributes, subject=team, **scope):
        account.policy(subject, [role], attributes=attributes, **scope)

    policy("Viewer", resource_group=prod)
    policy("Viewer", region="eu-de")
    policy("Viewer", instance=keys)
    policy("Viewer", ("region", "stringMatch", "eu-*"), service="kms")
    policy("Viewer", ("region", "stringEqualsAnyOf", ["eu-de", "eu-gb"]), service="kms")
    policy("Viewer", ("resource", "stringEquals", GONE_GROUP), service="iam-groups")
    policy("Viewer", ("namespace", "stringEquals", "shop"), service="container-registry")
    policy("Viewer", service_type="service", tags=[("env", "stringEquals", "dev")])
    policy("Viewer", service="kms", state="deleted")
    policy("Viewer", service="kms", subject=account.user("Bob Builder"))
    policy("Viewer", service="kms", subject=GONE_GROUP)

    policy("Administrator", service_type="service")
    policy("Editor", service_type="platform_service")
    policy("Operator", ("resourceType", "stringEquals", "bucket"), service="cloud-object-storage")
    policy("Manager", ("resourceGroupId", "stringExists", True), service="kms")
    policy("Reader", ("resourceGroupId", "stringEquals", "*"), service="logs")
    policy("Writer", ("region", "stringMatchAnyOf", ["eu-de", "*"]), service="kms")
    policy("ReaderPlus", service="kms", rule=RULE, subject=team)
    name = "access_groups_without_region_resource_group_policy"
    found = rows(collected(account), name, "access_group", "roles", "target", "condition")
    assert sorted(found, key=lambda row: row[1]) == [
        ("Team", "Administrator", "All Identity and Access enabled services", None),
        ("Team", "Manager", "kms in any resource group", None),
        ("Team", "Operator", "every bucket of cloud-object-storage", None),
        ("Team", "Reader", "logs in any resource group", None),
        ("Team", "ReaderPlus", "kms", "under a condition"),
        ("Team", "Writer", "kms in region matching eu-de or matching *", None),
    ]


def test_only_what_can_be_limited_to_a_place_is_deleted(collected):
    account = Account("Acme")
    team = account.group("Team")
    console = f"https://cloud.ibm.com/iam/groups/{team['id']}?tab=iam"
    account.searchable("certs", "cert-of-everywhere", "thing", "global", resource_group_id=ABSENT)
    account.searchable("harbour", "is", "vpc", "eu-de", resource_group_id=ABSENT)

    def services(operator, value):
        return {"attributes": [("serviceName", operator, value)]}

    wide = [
        account.policy(team, ["Viewer"], **target)
        for target in (
            {},
            {"service": "kms"},
            {"service": "is"},
            services("stringEqualsAnyOf", ["iam-groups", "kms"]),
            services("stringMatch", "*"),
            services("stringExists", True),
            {"attributes": [("serviceType", "stringEqualsAnyOf", ["platform_service", "service"])]},
        )
    ]
    # Near misses: nothing that could be limited.
    for target in (
        {"service_type": "platform_service"},
        {"service_group": "IAM"},
        {"service": "iam-groups"},
        {"service": "billing", "attributes": [("resourceType", "stringEquals", "usage")]},
        services("stringEqualsAnyOf", ["iam-groups", "iam-identity", "support"]),
        {"service": "cert-of-everywhere"},
    ):
        account.policy(team, ["Viewer"], **target)
    name = "access_groups_without_region_resource_group_policy"
    found = rows(collected(account), name, "command", "console", "account_id")
    assert sorted(found, key=str) == sorted(
        [
            *(
                (f"ibmcloud iam access-group-policy-delete 'Team' '{policy['id']}'", console)
                + (account.account_id,)
                for policy in wide
            ),
        ],
        key=str,
    )


def test_groups_without_a_role_that_only_reads(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    account.custom_role("KeyReader", "Key Reader", "kms", ["kms.secrets.list"])

    def group(name, *policies, **options):
        made = account.group(name, [ada])
        for roles in policies:
            account.policy(made, roles, service="kms", **options)

    group("Reads", ["Viewer"])
    group("Reads beside writing", ["Writer"], ["Editor", "Reader"])
    group("Reads by a role of the service", ["ReaderPlus"])
    group("Reads content", ["Content Reader"])
    group("Reads settings", ["Service Configuration Reader"])
    group("Has no policies")
    group("Had policies", ["Manager"], state="deleted")
    account.policy(GONE_GROUP, ["Manager"], service="kms")
    account.policy(ada, ["Manager"], service="kms")

    group("Writes", ["Writer"], ["Editor", "Administrator"])
    group("Reads by a custom role", ["Key Reader"])
    columns = ("access_group", "roles", "policies", "members", "command", "console")
    console = [f"https://cloud.ibm.com/iam/groups/{one['id']}?tab=iam" for one in account.groups]
    assert rows(collected(account), "access_groups_without_reader_viewer_roles", *columns) == [
        ("Reads by a custom role", "Key Reader", 1, 1, None, console[-1]),
        ("Writes", "Administrator, Editor, Writer", 2, 1, None, console[-2]),
    ]


# --- services_referenced_not_existing -----------------------------------------------------------


def test_policies_on_instances_that_do_not_exist(collected):
    account, other = Account("Acme"), Account("Other")
    ada = account.user("Ada Lovelace")
    keys = account.instance("keys", "kms", guid="aaaa1111-0000-4000-8000-000000000001")
    for state in ("pending_reclamation", "removed", "failed"):
        account.policy(ada, ["Viewer"], instance=account.instance(state, "kms", state=state))
    elsewhere = other.instance("elsewhere", "logs")

    def policy(operator, value, service="kms", **options):
        attribute = ("serviceInstance", operator, value)
        account.policy(ada, ["Viewer"], service=service, attributes=[attribute], **options)

    def authorization(source, target):
        account.authorization(
            ["Reader"], {"serviceName": "logs", **source}, {"serviceName": "kms", **target}
        )

    policy("stringMatch", "aaaa*")
    policy("stringMatch", "*")
    policy("stringEquals", "*")
    policy("stringExists", True)
    policy("stringMatchAnyOf", ["bbbb*"], state="deleted")
    policy("stringEquals", GONE, service="is")
    authorization({"serviceInstance": keys}, {"serviceInstance": keys})
    authorization({"serviceInstance": True}, {"serviceInstance": True})
    authorization({"accountId": other.account_id, "serviceInstance": elsewhere}, {})
    authorization({"accountId": "f" * 32, "serviceInstance": GONE}, {})

    policy("stringEquals", "AAAA1111-0000-4000-8000-000000000001")
    policy("stringEquals", GONE, version="v1")
    policy("stringMatch", "bbbb*")
    policy("stringMatch", "aaaa1111-0000-4000-8000-00000000000{{?}}")
    policy("stringEqualsAnyOf", [keys["guid"], GONE_TOO])
    authorization({"serviceInstance": GONE}, {"serviceInstance": GONE_TOO})
    authorization({"accountId": other.account_id, "serviceInstance": keys}, {})
    columns = ("missing_instance", "side", "service", "type")
    name = "services_referenced_not_existing"
    assert sorted(rows(collected(account, other), name, *columns)) == [
        # Of the instance in the list only the authorization is judged: it vouches for it elsewhere.
        (GONE_TOO, "target", "kms", "authorization"),
        (GONE, "source", "logs", "authorization"),
        (GONE, "target", "kms", "access"),
        ("AAAA1111-0000-4000-8000-000000000001", "target", "kms", "access"),
        ("aaaa1111-0000-4000-8000-000000000001", "source", "logs", "authorization"),
        ("aaaa1111-0000-4000-8000-00000000000{{?}}", "target", "kms", "access"),
        ("bbbb*", "target", "kms", "access"),
    ]


def test_only_a_policy_that_can_never_hold_is_deleted(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace", email="ada.o'lovelace@example.com")
    keys = account.instance("keys", "kms")

    def policy(subject, operator, *values):
        attribute = ("serviceInstance", operator, values[0] if len(values) == 1 else [*values])
        return account.policy(subject, ["Viewer"], service="kms", attributes=[attribute])["id"]

    one = policy(ada, "stringEquals", GONE)
    robot = account.service_id("robot")
    both = policy(robot, "stringEqualsAnyOf", GONE, GONE_TOO)
    twice = policy(account.profile("deployer"), "stringEqualsAnyOf", GONE, GONE)
    alive = policy(account.group("Team"), "stringEqualsAnyOf", GONE, keys["guid"])
    wild = policy(ada, "stringMatchAnyOf", "gone*", "*")
    source = {"serviceName": "logs", "serviceInstance": GONE}
    target = {"serviceName": "kms", "serviceInstance": keys}
    authorization = account.authorization(["Reader"], source, target)["id"]
    columns = ("policy_id", "missing_instance", "side", "command")
    of_robot = f"ibmcloud iam service-policy-delete '{robot['id']}' '{both}'"
    profile = account.profiles[0]["id"]
    expected = [
        (
            *(one, GONE, "target"),
            f"ibmcloud iam user-policy-delete 'ada.o'\\''lovelace@example.com' '{one}'",
        ),
        (both, GONE, "target", of_robot),
        (both, GONE_TOO, "target", of_robot),
        (
            *(twice, GONE, "target"),
            f"ibmcloud iam trusted-profile-policy-delete '{profile}' '{twice}'",
        ),
        (alive, GONE, "target", None),
        (wild, "gone*", "target", None),
        (
            *(authorization, GONE, "source"),
            f"ibmcloud iam authorization-policy-delete '{authorization}'",
        ),
    ]
    path = collected(account)
    assert sorted(rows(path, "services_referenced_not_existing", *columns), key=str) == sorted(
        expected, key=str
    )
    consoles = dict(rows(path, "services_referenced_not_existing", "policy_id", "console"))
    assert consoles[one] == f"https://cloud.ibm.com/iam/users/{ada['iam_id']}?tab=iam"
    assert consoles[authorization] == "https://cloud.ibm.com/iam/authorizations"


def test_an_account_that_is_not_in_the_file_is_not_judged(collected):
    account, other = Account("Acme"), Account("Other")
    account.authorization(
        ["Reader"],
        {"accountId": other.account_id, "serviceName": "logs", "serviceInstance": GONE},
        {"serviceName": "kms"},
    )
    name = "services_referenced_not_existing"
    path = collected(account)
    assert rows(path, name) == []
    assert rows(collected(other, path=path, deny=["instances"]), name) == []
    assert rows(collected(other, path=path), name, "account", "side") == [("Acme", "source")]


# --- policies_by_last_permit --------------------------------------------------------------------


def test_never_used_comes_first_then_longest_unused(collected):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    prod = account.resource_group("prod")
    keys, logs = account.instance("keys", "kms"), account.instance("logs", "logs")
    team = account.group("Team", [ada])
    used = dict(last_permit_frequency=900_000)
    account.policy(ada, ["Viewer"], service="logs", last_permit_at="2024-05-01", **used)
    account.policy(team, ["Reader", "Viewer"], instance=keys, last_permit_at="2022-01-01", **used)
    account.policy(
        account.service_id("robot"),
        ["Writer"],
        resource_group=prod,
        last_permit_at="2023-01-01",
        last_permit_frequency=1,
        version="v1",
    )
    account.policy("IBMid-GONE1", ["Viewer"], service="kms", instance=GONE, created_at="2024-02-01")
    account.policy(
        account.profile("deployer"),
        ["Reader"],
        instance=keys,
        attributes=[("resourceType", "stringEquals", "key")],
        created_at="2024-01-01",
        last_permit_at=None,
    )
    account.policy(GONE_GROUP, ["Viewer"], attributes=[("accountId", "stringEquals", ABSENT)])
    account.authorization(
        ["Reader"],
        {"serviceName": "logs", "serviceInstance": logs},
        {"serviceName": "kms", "serviceInstance": keys},
        created_at="2024-03-01",
    )
    columns = ("subject", "target", "roles", "last_permit_at")
    found = rows(collected(account), "policies_by_last_permit", *columns)
    assert [(*row, last and last[:10]) for *row, last in found] == [
        ("trusted profile deployer", "every key of kms instance keys", "Reader", None),
        (
            "IBMid-GONE1 (not in the account)",
            f"kms instance {GONE} (does not exist)",
            "Viewer",
            None,
        ),
        ("logs instance logs", "kms instance keys", "Reader", None),
        (
            f"access group {GONE_GROUP} (does not exist)",
            "Everything in the account",
            "Viewer",
            None,
        ),
        ("access group Team", "kms instance keys", "Reader, Viewer", "2022-01-01"),
        (
            "service ID robot",
            "Every service in resource group prod",
            "Writer",
            "2023-01-01",
        ),
        ("Ada Lovelace", "logs", "Viewer", "2024-05-01"),
    ]


def test_missing_is_said_only_of_what_was_read(collected):
    account = Account("Acme")
    account.policy("IBMid-GONE1", ["Viewer"], service="kms", instance=GONE)
    account.policy(GONE_GROUP, ["Viewer"], service="kms")
    path = collected(account, deny=["users", "groups", "instances"])
    found = rows(path, "policies_by_last_permit", "subject", "target")
    assert sorted(found) == [
        ("IBMid-GONE1", f"kms instance {GONE}"),
        (f"access group {GONE_GROUP}", "kms"),
    ]


# --- How broad a policy is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        ({}, "whole account"),
        ({"service_type": "service"}, "all services"),
        ({"service_type": "platform_service"}, "all account management services"),
        ({"attributes": [("serviceType", "stringMatch", "*")]}, "whole account"),
        ({"attributes": [("serviceType", "stringExists", "true")]}, "whole account"),
        (
            {"attributes": [("serviceType", "stringEqualsAnyOf", ["service", "platform_service"])]},
            "whole account",
        ),
        (
            {"attributes": [("serviceType", "stringEqualsAnyOf", ["service", "other"])]},
            "all services",
        ),
        ({"attributes": [("serviceType", "stringEquals", "other")]}, "one service"),
        ({"attributes": [("service_group_id", "stringEquals", "IAM")]}, "all IAM services"),
        ({"service": "kms"}, "one service"),
        ({"service": "kms", "instance": GONE}, "one instance"),
        ({"service": "cloud-object-storage", "attributes": BUCKET}, "part of an instance"),
        ({"region": "eu-de"}, "region"),
        (
            {"attributes": [("serviceInstance", "stringExists", "true")], "service": "kms"},
            "one service",
        ),
    ],
)
def test_the_scope_of_a_policy(collected, options, scope):
    account = Account("Acme")
    account.policy(account.user("Ada Lovelace"), ["Administrator"], **options)
    with closing(sqlite3.connect(collected(account))) as database:
        assert database.execute("select breadth from policy_breadths").fetchall() == [(scope,)]
        privileged = database.execute("select why from privileged_policies").fetchall()
    wide = ("whole account", "all services", "all account management services", "all IAM services")
    assert privileged == ([(f"Administrator on {scope}",)] if scope in wide else [])
