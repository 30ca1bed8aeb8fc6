"""The reports on what policies are about, and whether anybody needs them."""

from __future__ import annotations

import pytest

from iaminsights.sandbox import ABSENT, Account

from ..report_rows import EVERY_POLICY_LIST, GONE, GONE_GROUP, GONE_TOO, RULE, days_ago, rows
from ..told import told_account

OTHER = "f" * 32  # an account that is in no file


def two_accounts() -> tuple[Account, Account]:
    return Account("Acme"), Account("Bolt")


# --- account_management_wide_policy, all_iam_services_policy ------------------------------------

OTHER_SCOPES = {
    "account_management_wide_policy": {"service_group": "IAM"},
    "all_iam_services_policy": {"service_type": "platform_service"},
}
WIDE = ("account", "subject", "holder", "roles", "condition", "members", "command")


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("account_management_wide_policy", {"service_type": "platform_service"}),
        ("all_iam_services_policy", {"service_group": "IAM"}),
    ],
)
def test_roles_on_account_management_as_a_whole(collected, name, scope):
    acme, bolt = two_accounts()
    ada = acme.user("Ada O'Hara", email="ada.o'hara@example.com")
    admins = acme.group("The Admins' group", [ada])
    own = acme.policy(ada, ["Administrator", "Viewer"], **scope)["id"]
    of_group = acme.policy(admins, ["Viewer"], rule=RULE, **scope)["id"]
    template = {"id": "policyTemplate-1", "version": "1"}
    acme.policy(ada, ["Editor"], template=template, **scope)
    robot = bolt.service_id("robot")
    of_robot = bolt.policy(robot, ["Editor"], **scope)["id"]

    others = {
        "deleted": {"state": "deleted", **scope},
        "one service": {"service": "iam-groups"},
        "all services": {"service_type": "service"},
        "the bare account": {},
        "the other scope": OTHER_SCOPES[name],
    }
    for why, other in others.items():
        acme.policy(ada, ["Administrator"], description=why, **other)
    acme.policy(GONE_GROUP, ["Administrator"], **scope)
    found = rows(collected(acme, bolt), name, *WIDE)
    assert sorted(found, key=str) == [
        (
            *("Acme", "Ada O'Hara", "user", "Administrator, Viewer", None, None),
            f"ibmcloud iam user-policy-delete 'ada.o'\\''hara@example.com' '{own}'",
        ),
        ("Acme", "Ada O'Hara", "user", "Editor", None, None, None),
        (
            *("Acme", "access group The Admins' group", "access_group", "Viewer"),
            *("under a condition", 1),
            f"ibmcloud iam access-group-policy-delete 'The Admins'\\'' group' '{of_group}'",
        ),
        (
            *("Bolt", "service ID robot", "service_id", "Editor", None, None),
            f"ibmcloud iam service-policy-delete '{robot['id']}' '{of_robot}'",
        ),
    ]


# --- all_services_write, account_only_policy ----------------------------------------------------


def accounts_with_everything() -> tuple[Account, Account]:
    """Policies of all breadths, first those that one of the two reports is about."""
    acme, bolt = two_accounts()
    ada, prod = acme.user("Ada Lovelace"), acme.resource_group("prod")
    for role in ("Editor", "Administrator", "Writer", "Manager", "Viewer", "Operator", "Reader"):
        acme.policy(ada, [role], service_type="service")
    acme.policy(acme.group("Team", [ada]), ["Viewer", "Writer"])
    acme.policy(ada, ["Viewer"])
    acme.policy(ada, ["Editor"], attributes=[("region", "stringEquals", "*")], rule=RULE)
    acme.policy("IBMid-GONE1", ["Editor"], attributes=[("accountId", "stringEquals", ABSENT)])
    acme.authorization(["Manager"], {"serviceName": "kms"}, {"serviceType": "service"})

    everything = ["Administrator", "Manager"]
    acme.policy(ada, everything, service_type="service", resource_group=prod)
    acme.policy(ada, everything, service_type="service", region="eu-de")
    acme.policy(ada, everything, service_type="service", tags=[("env", "stringEquals", "dev")])
    acme.policy(ada, everything, service_type="platform_service")
    acme.policy(ada, everything, attributes=[("serviceType", "stringMatch", "platform*")])
    acme.policy(ada, everything, service="kms")
    acme.policy(ada, everything, service_type="service", state="deleted")
    acme.policy(ada, everything, state="deleted")
    acme.policy(GONE_GROUP, everything, service_type="service")
    acme.policy(GONE_GROUP, everything)
    bolt.authorization(["Editor"], {"serviceName": "codeengine"}, {})
    bolt.authorization(["Reader"], {"serviceName": "codeengine"}, {"serviceType": "service"})
    return acme, bolt


def test_whoever_may_write_to_all_services(collected):
    columns = ("account", "subject", "holder", "roles", "breadth", "condition")
    found = rows(collected(*accounts_with_everything()), "all_services_write", *columns)
    ada = ("Acme", "Ada Lovelace", "user")
    gone = ("Acme", "IBMid-GONE1 (not in the account)", "unknown")
    assert sorted(found, key=str) == [
        (*ada, "Administrator", "all services", None),
        (*ada, "Editor", "all services", "under a condition"),
        (*ada, "Editor", "all services", None),
        (*ada, "Manager", "all services", None),
        (*ada, "Writer", "all services", None),
        (*gone, "Editor", "whole account", None),
        ("Acme", "access group Team", "access_group", "Viewer, Writer", "whole account", None),
        ("Acme", "kms", "service", "Manager", "all services", None),
        ("Bolt", "codeengine", "service", "Editor", "whole account", None),
    ]


def test_policies_with_nothing_but_the_account(collected):
    acme, bolt = accounts_with_everything()
    columns = ("account", "subject", "holder", "roles", "members", "command")
    found = rows(collected(acme, bolt), "account_only_policy", *columns)
    assert [row[:5] for row in sorted(found, key=str)] == [
        ("Acme", "Ada Lovelace", "user", "Viewer", None),
        ("Acme", "IBMid-GONE1 (not in the account)", "unknown", "Editor", None),
        ("Acme", "access group Team", "access_group", "Viewer, Writer", 1),
        ("Bolt", "codeengine", "service", "Editor", None),
    ]
    (command,) = (row[5] for row in found if row[0] == "Bolt")
    assert command == f"ibmcloud iam authorization-policy-delete '{bolt.policies[0]['id']}'"


# --- policy_never_used, policy_stale ------------------------------------------------------------


def accounts_by_use() -> tuple[Account, Account]:
    acme, bolt = two_accounts()
    ada = acme.user("Ada Lovelace")

    def policy(account, subject, service, made, used=None, **fields):
        account.policy(
            subject,
            ["Viewer"],
            service=service,
            created_at=days_ago(made),
            **({"last_permit_at": days_ago(used)} if used is not None else {}),
            **fields,
        )

    policy(acme, ada, "kms", 31)
    policy(acme, acme.group("It's empty"), "logs", 400.5)
    policy(acme, ada, "appid", 29.9)
    policy(acme, ada, "codeengine", 400, state="deleted")
    policy(acme, ada, "messagehub", 400, 89.9)
    policy(acme, ada, "internet-svcs", 400, 91)
    policy(acme, ada, "sysdig-monitor", 500, 180.5, rule=RULE, last_permit_frequency=7)
    policy(acme, acme.profile("deployer"), "kms", 900, 800.5)
    policy(acme, ada, "is", 900, 800, state="deleted")
    source = {"serviceName": "kms"}
    acme.authorization(["Reader"], source, {"serviceName": "logs"}, created_at=days_ago(400))
    policy(bolt, "IBMid-GONE1", "kms", 60)
    policy(bolt, "IBMid-GONE1", "logs", 400, 100)
    return acme, bolt


def test_policies_that_were_never_used(collected):
    acme, bolt = accounts_by_use()
    columns = ("account", "subject", "target", "holder", "days_old", "command")
    found = rows(collected(acme, bolt), "policy_never_used", *columns)
    user, first, second = acme.users[-1]["user_id"], acme.policies[0]["id"], acme.policies[1]["id"]
    assert found == [
        (
            *("Acme", "Ada Lovelace", "kms", "user", 31),
            f"ibmcloud iam user-policy-delete '{user}' '{first}'",
        ),
        (
            *("Acme", "access group It's empty", "logs", "access_group", 400),
            f"ibmcloud iam access-group-policy-delete 'It'\\''s empty' '{second}'",
        ),
        ("Bolt", "IBMid-GONE1 (not in the account)", "kms", "unknown", 60, None),
    ]


def test_policies_unused_for_90_days(collected):
    columns = ("account", "subject", "target", "condition", "days_unused", "unused_for")
    found = rows(collected(*accounts_by_use()), "policy_stale", *columns, "times_permitted")
    rule = "under a condition"
    assert found == [
        ("Acme", "trusted profile deployer", "kms", None, 800, "a year or more", None),
        ("Acme", "Ada Lovelace", "sysdig-monitor", rule, 180, "180 to 364 days", 7),
        ("Acme", "Ada Lovelace", "internet-svcs", None, 91, "90 to 179 days", None),
        (
            *("Bolt", "IBMid-GONE1 (not in the account)", "logs", None),
            *(100, "90 to 179 days", None),
        ),
    ]


# --- policy_orphan_subject ----------------------------------------------------------------------

GONE_SERVICE_ID = "iam-ServiceId-99999999-0000-4000-8000-000000000001"
GONE_PROFILE = "iam-Profile-99999999-0000-4000-8000-000000000002"
GONE_KINDS = {
    ("users",): "person",
    ("service_ids",): "service ID",
    ("profiles",): "trusted profile",
    ("groups",): "access group",
}


def account_with_orphans() -> Account:
    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    members = [ada, account.service_id("robot"), account.profile("deployer"), account.owner]
    for subject in (*members, account.group("Empty"), account.public_group()):
        account.policy(subject, ["Viewer"], service="kms")
    account.policy("crn-crn:v1:bluemix:public:is::a/x::instance:1", ["Viewer"], service="kms")
    account.policy("IBMid-GONE1", ["Manager"], service="kms", state="deleted")
    account.policy("IBMid-GONE1", ["Viewer"], service="kms")
    account.policy(GONE_SERVICE_ID, ["Viewer"], service="kms")
    account.policy(GONE_PROFILE, ["Viewer"], service="kms")
    account.policy(GONE_GROUP, ["Viewer"], service="kms")
    account.authorization(["Reader"], {"serviceName": "kms"}, {"serviceName": "logs"})
    return account


def test_policies_of_somebody_who_is_gone(collected):
    bolt = Account("Bolt")
    guest = bolt.user("Guest Gus")
    account = account_with_orphans()
    account.policy(guest, ["Viewer"], service="kms")  # of another account, so not gone
    bolt.policy(guest, ["Viewer"], service="kms")
    columns = ("account", "missing", "subject", "command")
    found = rows(collected(account, bolt), "policy_orphan_subject", *columns)
    assert sorted(found) == [
        ("Acme", "access group", f"access group {GONE_GROUP} (does not exist)", None),
        ("Acme", "person", "IBMid-GONE1 (not in the account)", None),
        ("Acme", "service ID", f"{GONE_SERVICE_ID} (not in the account)", None),
        ("Acme", "trusted profile", f"{GONE_PROFILE} (not in the account)", None),
    ]


@pytest.mark.parametrize("denied", GONE_KINDS)
def test_a_kind_of_subject_that_was_not_read_is_not_gone(collected, denied):
    found = rows(collected(account_with_orphans(), deny=denied), "policy_orphan_subject", "missing")
    assert {kind for (kind,) in found} == set(GONE_KINDS.values()) - {GONE_KINDS[denied]}


@pytest.mark.parametrize(("visible", "gone"), [("RESTRICTED", 0), ("NOT_RESTRICTED", 1)])
def test_who_sees_only_one_person_knows_of_none_who_is_gone(collected, visible, gone):
    account = Account("Acme")
    account.policy("IBMid-GONE1", ["Viewer"], service="kms")
    account.identity_settings(restrict_user_list_visibility=visible)
    assert len(account.users) == 1
    assert len(rows(collected(account), "policy_orphan_subject")) == gone


# --- policy_orphan_target -----------------------------------------------------------------------

GONE_FOLDER, GONE_FOLDER_TOO = "9" * 32, "8" * 32


def account_with_gone_targets() -> Account:
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    prod, hidden = account.resource_group("prod"), account.resource_group("hidden", listed=False)
    keys = account.instance("keys", "kms", resource_group=prod)
    account.instance("waits", "kms", resource_group=hidden, state="pending_reclamation")
    itself = ("resourceType", "stringEquals", "resource-group")

    def policy(*attributes, **options):
        account.policy(ada, ["Viewer"], attributes=attributes, **options)

    policy(service="kms", instance=keys, resource_group=prod)
    policy(("serviceInstance", "stringEqualsAnyOf", [GONE, keys["guid"]]), service="kms")
    policy(("resourceGroupId", "stringEqualsAnyOf", [GONE_FOLDER, prod["id"]]), service="kms")
    policy(resource_group=hidden)  # what is in it is known
    policy(("resourceGroupId", "stringMatch", "99*"))
    policy(("resourceGroupId", "stringEquals", "*"))
    policy(("resource", "stringEquals", GONE_FOLDER), service="iam-groups")
    policy(itself, ("resource", "stringEquals", prod["id"]))
    policy(service="is", instance=GONE)
    policy(service="kms", instance=GONE, state="deleted")
    account.authorization(
        ["Reader"],
        {"accountId": OTHER, "serviceName": "logs", "serviceInstance": GONE},
        {"serviceName": "kms", "serviceInstance": keys},
    )

    policy(service="kms", instance=GONE, resource_group=GONE_FOLDER)
    policy(service="logs", instance=GONE)
    policy(("resourceGroupId", "stringEqualsAnyOf", [GONE_FOLDER, GONE_FOLDER_TOO]))
    policy(itself, ("resource", "stringEquals", GONE_FOLDER))
    account.authorization(
        ["Reader"],
        {"serviceName": "logs", "serviceInstance": GONE},
        {"serviceName": "kms", "serviceInstance": GONE_TOO},
    )
    return account


def test_policies_about_things_that_are_gone(collected):
    bolt = Account("Bolt")
    bolt.policy(bolt.group("Bo's team"), ["Viewer"], service="kms", instance=GONE)
    path = collected(account_with_gone_targets(), bolt)
    columns = ("account", "gone", "missing", "type", "roles")
    found = rows(path, "policy_orphan_target", *columns)
    assert sorted(found) == [
        (
            *("Acme", f"instance {GONE}", "instance"),
            *("access", "Viewer"),
        ),
        (
            *("Acme", f"instance {GONE}, resource group {GONE_FOLDER}", "resource group"),
            *("access", "Viewer"),
        ),
        ("Acme", f"resource group {GONE_FOLDER}", "resource group", "access", "Viewer"),
        (
            *("Acme", f"resource group {GONE_FOLDER} or {GONE_FOLDER_TOO}", "resource group"),
            *("access", "Viewer"),
        ),
        (
            *("Acme", f"source instance {GONE}, instance {GONE_TOO}", "instance"),
            *("authorization", "Reader"),
        ),
        ("Bolt", f"instance {GONE}", "instance", "access", "Viewer"),
    ]
    (command,) = (
        row[1]
        for row in rows(path, "policy_orphan_target", "account", "command")
        if row[0] == "Bolt"
    )
    group_policy = bolt.policies[0]["id"]
    assert command == f"ibmcloud iam access-group-policy-delete 'Bo'\\''s team' '{group_policy}'"


@pytest.mark.parametrize(
    ("denied", "left"),
    [
        (("instances",), {"resource group"}),
        (("resource_groups",), {"instance"}),
        (("search",), set()),
    ],
)
def test_a_kind_of_target_that_was_not_read_is_not_gone(collected, denied, left):
    path = collected(account_with_gone_targets(), deny=denied)
    assert {kind for (kind,) in rows(path, "policy_orphan_target", "missing")} == left


# --- policy_redundant ---------------------------------------------------------------------------


def test_policies_that_a_broader_one_covers(collected):
    acme, bolt = two_accounts()
    prod, keys = acme.resource_group("prod"), acme.instance("keys", "kms")
    tag, other_tag = ("env", "stringEquals", "dev"), ("team", "stringEquals", "shop")
    itself = ("resourceType", "stringEquals", "resource-group")

    def pair(subject, wide, narrow, account=acme):
        """Two policies of one subject, (roles, what they are about)."""
        for roles, scope in (wide, narrow):
            account.policy(subject, roles, **scope)

    def person(name):
        return acme.user(name)

    both = ["Reader", "Writer"]
    pair(person("Fewer attributes"), (both, {"service": "kms"}), (["Reader"], {"instance": keys}))
    of_type = {"service_type": "service", "resource_group": prod}
    pair(person("No service type"), (["Editor"], {"resource_group": prod}), (["Editor"], of_type))
    pair(person("All services"), (["Editor"], {"service_type": "service"}), (["Editor"], of_type))
    pair(person("Bare account"), (["Editor"], {}), (["Editor"], {"service": "kms"}))
    pair(person("No rule"), (both, {"service": "kms"}), (both, {"service": "kms", "rule": RULE}))
    ruled = {"service": "kms", "rule": RULE}
    pair(person("Same rule"), (both, ruled), (["Writer"], {**ruled, "region": "eu-de"}))
    tagged = {"service_type": "service", "tags": [tag]}
    more = {"service_type": "service", "tags": [other_tag, tag]}
    pair(person("Fewer tags"), (["Reader"], tagged), (["Reader"], more))
    pair(acme.group("Group's"), (both, {"service": "logs"}), (["Reader"], {"service": "logs"}))
    twice = person("Twice")
    for day in ("2024-03-01", "2024-01-01", "2024-02-01"):
        acme.policy(twice, ["Reader"], service="kms", created_at=day)

    # Near misses.
    kms, local = {"service": "kms"}, {"service": "kms", "region": "eu-de"}
    pair(person("More roles in the narrow one"), (["Reader"], kms), (both, local))
    pair(person("Administrator is no Viewer"), (["Administrator"], kms), (["Viewer"], local))
    pair(person("Another value"), (both, {"service": "logs"}), (both, local))
    pair(person("Another region"), (both, {**local, "region": "eu-gb"}), (both, local))
    pair(person("Another rule"), (both, ruled), (both, {**local, "rule": {**RULE, "value": 2}}))
    pair(person("The wide one has a rule"), (both, ruled), (both, local))
    pair(person("Deleted"), (both, {**kms, "state": "deleted"}), (both, local))
    pair(person("Tags in the wide one"), ([*both, "Manager"], more), (both, tagged))
    pair(
        person("The group itself"),
        (["Viewer"], {"resource_group": prod}),
        (["Viewer"], {"resource_group": prod, "attributes": [itself]}),
    )
    pair(person("Account management"), (["Editor"], {}), (["Editor"], {"service": "iam-groups"}))
    pair(person("IAM"), (["Editor"], {}), (["Editor"], {"service_group": "IAM"}))
    pair(
        person("A service among all services"),
        (["Editor"], {"service_type": "service"}),
        (["Editor"], {"service": "kms"}),
    )
    matching = [("region", "stringMatch", "eu-de")]
    pair(person("Another operator"), (both, local), (both, {**kms, "attributes": matching}))
    pair(acme.public_group(), (["Reader"], kms), (["Reader"], {"instance": keys}))
    one, two = acme.user("One"), acme.user("Two")
    acme.policy(one, both, **kms)
    acme.policy(two, both, **local)
    # The same person in another account, and a finding there.
    bolt.policy(bolt.user("One", iam_id=one["iam_id"]), both, **local)
    pair(bolt.service_id("robot"), (both, kms), (["Reader"], local), bolt)

    columns = ("account", "subject", "target", "roles", "covered_by_target", "redundant_because")
    path = collected(acme, bolt)
    found = rows(path, "policy_redundant", *columns)
    broader, in_prod = "a broader target", "All Identity and Access enabled services"
    group = f"{in_prod} in resource group prod"
    assert found == [
        ("Acme", "All services", group, "Editor", in_prod, broader),
        ("Acme", "Bare account", "kms", "Editor", "Everything in the account", broader),
        ("Acme", "Fewer attributes", "kms instance keys", "Reader", "kms", broader),
        (
            *("Acme", "Fewer tags", f"{in_prod}, tagged team:shop and env:dev", "Reader"),
            *(f"{in_prod}, tagged env:dev", broader),
        ),
        ("Acme", "No rule", "kms", "Reader, Writer", "kms", "no condition"),
        (
            *("Acme", "No service type", group, "Editor"),
            *("Every service in resource group prod", broader),
        ),
        ("Acme", "Same rule", "kms in region eu-de", "Writer", "kms", broader),
        ("Acme", "Twice", "kms", "Reader", "kms", "the same again"),
        ("Acme", "Twice", "kms", "Reader", "kms", "the same again"),
        ("Acme", "access group Group's", "logs", "Reader", "logs", "more roles"),
        ("Bolt", "service ID robot", "kms in region eu-de", "Reader", "kms", broader),
    ]
    oldest = next(p["id"] for p in acme.policies if p["created_at"].startswith("2024-01-01"))
    columns = ("subject", "created_at", "covered_by", "command")
    commands = rows(path, "policy_redundant", *columns)
    kept = [(day[:10], by) for subject, day, by, _ in commands if subject == "Twice"]
    assert sorted(kept) == [("2024-02-01", oldest), ("2024-03-01", oldest)]
    (command,) = (row[3] for row in commands if row[0] == "access group Group's")
    assert command.startswith("ibmcloud iam access-group-policy-delete 'Group'\\''s' '")


def test_a_chain_of_policies_leaves_the_broadest(collected):
    account = Account("Acme")
    ada, prod = account.user("Ada Lovelace"), account.resource_group("prod")
    for scope in ({"service": "kms", "resource_group": prod}, {"resource_group": prod}):
        account.policy(ada, ["Editor"], **scope)
    account.policy(ada, ["Editor", "Viewer"])
    columns = ("target", "covered_by_target")
    assert sorted(rows(collected(account), "policy_redundant", *columns)) == [
        ("Every service in resource group prod", "Everything in the account"),
        ("kms in resource group prod", "Everything in the account"),
    ]


# --- authorization_broad ------------------------------------------------------------------------


def test_authorizations_without_an_instance(collected):
    acme, bolt = two_accounts()
    prod = acme.resource_group("prod")
    keys, logs = acme.instance("keys", "kms"), acme.instance("logs", "logs")
    source = {"serviceName": "logs", "serviceInstance": logs}
    target = {"serviceName": "kms", "serviceInstance": keys}

    def authorize(source, target, *roles, account=acme, **fields):
        return account.authorization(roles or ["Reader"], source, target, **fields)

    authorize(source, target)
    authorize({"serviceName": "is", "resourceType": "image"}, target)  # VPC knows no instances
    authorize(source, {"serviceName": "iam-groups"})
    authorize(source, {"serviceName": "kms"}, state="deleted")
    acme.policy(acme.user("Ada Lovelace"), ["Reader"], service="kms")

    authorize({"serviceName": "appid"}, target, "Reader", "AuthorizationDelegator")
    authorize({"serviceName": "codeengine", "resourceGroupId": prod["id"]}, target)
    authorize({"serviceName": "messagehub", "serviceInstance": True}, target)
    authorize(source, {"serviceName": "appid"})
    authorize({"serviceName": "is"}, {"serviceName": "kms"})
    authorize({**source, "accountId": OTHER}, target)
    authorize({"accountId": OTHER, "serviceName": "kms"}, {"serviceName": "kms"}, version="v1")
    authorize(source, {})
    last = authorize({"serviceName": "appid"}, {"serviceName": "kms"}, account=bolt)
    columns = ("account", "source", "target", "broad_because", "may_pass_it_on", "command")
    found = rows(collected(acme, bolt), "authorization_broad", *columns)
    every_source, every_target = "every source instance", "every target instance"
    elsewhere = "from another account"
    to_keys = "kms instance keys"
    assert [row[:5] for row in found] == [
        ("Acme", "appid", to_keys, every_source, "yes"),
        ("Acme", "codeengine in resource group prod", to_keys, every_source, "no"),
        ("Acme", "is", "kms", every_target, "no"),
        (
            *("Acme", f"kms of account {OTHER}", "kms"),
            *(f"{every_source}, {every_target}, {elsewhere}", "no"),
        ),
        (
            *("Acme", f"logs instance {logs['guid']} of account {OTHER}", to_keys),
            *(elsewhere, "no"),
        ),
        ("Acme", "logs instance logs", "Everything in the account", every_target, "no"),
        ("Acme", "logs instance logs", "appid", every_target, "no"),
        ("Acme", "messagehub any instance", to_keys, every_source, "no"),
        ("Bolt", "appid", "kms", f"{every_source}, {every_target}", "no"),
    ]
    assert found[-1][5] == f"ibmcloud iam authorization-policy-delete '{last['id']}'"


# --- custom_role_dangerous ----------------------------------------------------------------------


def account_with_custom_roles(name: str) -> Account:
    account = Account(name)
    ada, team = account.user("Ada Lovelace"), account.group("Team")
    groups = "iam-groups"
    account.custom_role("Greeter", "Greeter", groups, ["iam-groups.members.add"])
    account.custom_role("Lister", "Harmless", groups, ["iam-groups.members.list"])
    account.custom_role(
        "Keeper",
        'Keeper, of "keys"',
        "kms",
        [
            "kms.secrets.list",
            "kms.policies.write",  # of keys, not of IAM
            "iam.policy.create",
            "resource-controller.key.create",
            "resource-controller.credential.retrieve_all",
        ],
    )
    secrets = "secrets-manager"
    account.custom_role(
        "VersionReader", "Version reader", secrets, [f"{secrets}.secret-version.read"]
    )
    # Its confidence is low: by itself it is not known to be enough.
    account.custom_role("Deployer", "Deployer", "project", ["project.config.deploy"])
    for subject in (ada, team):
        account.policy(subject, ["Greeter"], service=groups)
    account.policy(ada, ["Greeter", "Harmless"], service=groups, region="eu-de")
    account.policy(account.service_id("robot"), ["Greeter"], service=groups, state="deleted")
    account.policy(ada, ["Administrator"], service="kms")  # may do all that, and is no custom role
    return account


def test_custom_roles_that_lead_to_more_access(collected):
    columns = ("account", "role", "service", "leads_to", "actions", "policies", "holders")
    path = collected(account_with_custom_roles("Acme"), account_with_custom_roles("Bolt"))
    found = rows(path, "custom_role_dangerous", *columns)
    assert found == [
        row
        for account in ("Acme", "Bolt")
        for row in (
            (
                *(account, "Greeter", "iam-groups", "joins access groups"),
                *("iam-groups.members.add", 3, 2),
            ),
            (
                *(account, 'Keeper, of "keys"', "kms"),
                "creates credentials, grants access, reads credentials",
                "resource-controller.key.create, iam.policy.create, "
                "resource-controller.credential.retrieve_all",
                *(0, 0),
            ),
            (
                *(account, "Version reader", "secrets-manager", "takes stored IAM credentials"),
                *("secrets-manager.secret-version.read", 0, 0),
            ),
        )
    ]


def test_nobody_knows_who_holds_a_role_if_the_policies_were_not_read(collected):
    path = collected(account_with_custom_roles("Acme"), deny=EVERY_POLICY_LIST)
    columns = ("role", "policies", "holders")
    assert rows(path, "custom_role_dangerous", *columns) == [
        ("Greeter", None, None),
        ('Keeper, of "keys"', None, None),
        ("Version reader", None, None),
    ]


# --- what was not read --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["policy_never_used", "policy_stale"])
def test_use_is_not_judged_by_policies_of_an_earlier_collect(collected, name):
    path = collected(told_account("Acme"))
    assert rows(path, name)
    assert rows(collected(told_account("Acme"), path=path, deny=EVERY_POLICY_LIST), name) == []


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("stringMatch", "*", True),
        ("stringExists", True, True),
        ("stringEqualsAnyOf", ["service", "platform_service"], True),
        ("stringEquals", "support", False),
        ("stringExists", False, False),
    ],
)
def test_any_kind_of_services_is_everything(collected, operator, value, found):
    account = Account("Acme")
    ada = account.user("Ada Lovelace")
    account.policy(ada, ["Administrator"], attributes=[("serviceType", operator, value)])
    path = collected(account)
    for name in ("all_services_write", "account_only_policy"):
        assert rows(path, name, "subject") == ([("Ada Lovelace",)] if found else []), name
