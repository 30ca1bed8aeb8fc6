"""Each escalation path that the facts decide: an account that has just it, and a near miss.

All accounts are in one file, which is derived once. In each there are an administrators' service
ID, trusted profile, and access group with Bob in it, and Ada, who has what the case gives her.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from iaminsights.escalation.paths import read_paths

from ..database_file import blank_file
from .world import (
    ACCESS,
    GROUPS,
    IAM,
    IDENTITY,
    MANAGEMENT,
    ONE_ID,
    ONE_PROFILE,
    SERVICES,
    USERS,
    A,
    World,
)

DECIDED = [path.number for path in read_paths() if path.decided]


@dataclass(frozen=True)
class Custom:
    """A custom role of a service with some actions."""

    service: str
    actions: tuple[str, ...]


class Corner:
    """One account of the file, whose names are its own."""

    def __init__(self, world: World, account: str) -> None:
        self.world, self.account = world, account
        world.account(account, self.own("owner"))
        self.ada, bob = (world.user(self.own(name), account) for name in ("ada", "bob"))
        self.robot = world.administrator(world.service_id(self.own("robot"), account), account)
        self.pilot = world.administrator(world.profile(self.own("pilot"), account), account)
        self.admins = world.group(self.own("admins"), bob, account=account)
        world.administrator(self.admins, account)

    def own(self, name: str) -> str:
        return f"{name}-{self.account}"

    def grant(self, target: dict[str, Any], *roles: str | Custom) -> None:
        """Give Ada roles on a target, in which {} stands for the account."""
        target = {
            key: value.format(self.account) if isinstance(value, str) else value
            for key, value in target.items()
        }
        crns = [
            self.world.custom_role(
                self.own("Helper").replace("-", ""),
                role.service,
                *role.actions,
                account=self.account,
            )
            if isinstance(role, Custom)
            else role
            for role in roles
        ]
        self.world.grant(self.ada, target, *crns, account=self.account)

    def instance(self, service: str, name: str) -> str:
        return self.world.instance(service, self.own(name), self.account)

    def linked(self, kind: str, crn: str, **link: str) -> None:
        """An administrators' trusted profile that trusts a compute resource."""
        profile = self.own("linked")
        values = {"cr_type": kind, "link_crn": crn, **link}
        self.world.profile(profile, self.account, **values)
        self.world.administrator(profile, self.account)


def nothing(_: Corner) -> None:
    pass


def cluster(corner: Corner) -> None:
    crn = corner.instance("containers-kubernetes", "prod")
    corner.instance("containers-kubernetes", "test")
    corner.linked("IKS_SA", crn, link_namespace="apps", link_name="default")


def server(corner: Corner) -> None:
    crn = f"crn:v1:bluemix:public:is:eu-de-1:a/{corner.account}::instance:vm"
    corner.linked("VSI", crn)


def bare_metal(corner: Corner) -> None:
    crn = f"crn:v1:bluemix:public:is:eu-de-1:a/{corner.account}::bare-metal-server:bm"
    corner.linked("BMS", crn)


def claims(corner: Corner, **conditions: str) -> None:
    """An administrators' trusted profile with a claim rule that trusts clusters."""
    said = [
        {"claim": claim, "operator": "EQUALS", "value": json.dumps(value)}
        for claim, value in conditions.items()
    ]
    profile = corner.own("claimed")
    corner.world.administrator(corner.world.profile(profile, corner.account), corner.account)
    values = {"tp_id": f"Profile-{profile}", "type": "Profile-CR", "cr_type": "ROKS_SA"}
    rule = {"id": corner.own("rule"), "conditions": json.dumps(said)}
    corner.world.insert("trustedprofile_rules", **rule, **values)
    for name in ("prod", "test"):
        corner.instance(KUBERNETES, name)


def one_cluster(corner: Corner) -> None:
    claims(corner, service_instance=corner.own("prod"), namespace="apps")


def every_cluster(corner: Corner) -> None:
    claims(corner, namespace="apps")


def clusters_of_a_group(corner: Corner) -> None:
    claims(corner, resource_group_id="rg", name="default")


def clusters_elsewhere(corner: Corner) -> None:
    claims(corner, location="eu-de")


def deploying(corner: Corner) -> None:
    """A project that an administrators' trusted profile trusts."""
    crn = f"crn:v1:bluemix:public:project:eu-de:a/{corner.account}:project-1::"
    profile = corner.own("deployer")
    corner.world.administrator(corner.world.profile(profile, corner.account), corner.account)
    values = {"iam_id": f"crn-{crn}", "identifier": crn, "type": "crn"}
    corner.world.insert("trustedprofile_identities", tp_id=f"Profile-{profile}", **values)


def authorize(corner: Corner, service: str, role: str, instance: str | None = None) -> None:
    """Let Secrets Manager, or one instance of it, use a service of account management."""
    world, source = corner.world, {"accountId": corner.account, "serviceName": VAULT}
    if instance:
        source["serviceInstance"] = corner.own(instance)
    target = {"serviceName": service}
    policy = world.grant(None, target, role, account=corner.account, type="authorization")
    for place, (name, value) in enumerate(source.items()):
        values = {"policy_id": policy, "position": place, "name": name, "value": value}
        world.insert("policy_subjects", **values)


def vaults(corner: Corner) -> None:
    for name in ("vault", "other"):
        corner.instance(VAULT, name)


def joining_engine(corner: Corner) -> None:
    """An instance that makes service IDs in access groups; it also makes keys for service IDs."""
    vaults(corner)
    authorize(corner, "iam-groups", f"crn:v1:bluemix:public:iam-groups::::serviceRole:{MEMBERS}")
    authorize(corner, "iam-identity", "Operator", "vault")


def key_engine(corner: Corner) -> None:
    vaults(corner)
    authorize(corner, "iam-identity", "Operator", "vault")


def project(corner: Corner) -> None:
    corner.linked("CE", corner.instance("codeengine", "jobs"))


def credential(corner: Corner) -> None:
    values = {"state": "active", "iam_compatible": 1, "service_iam_id": corner.robot}
    cache = corner.instance("databases-for-redis", "cache")
    key = {"id": corner.own("key"), "account_id": corner.account, "instance_id": cache}
    corner.world.insert("resource_keys", **key, **values)


def custom(service: str, *actions: str) -> Custom:
    return Custom(service, actions)


KUBERNETES = "containers-kubernetes"
CLUSTER, CACHE = {"serviceName": KUBERNETES}, {"serviceName": "databases-for-redis"}
CODE, PROJECT = {"serviceName": "codeengine"}, {"serviceName": "project"}
VAULT, MEMBERS = "secrets-manager", "GroupsServiceMemberManage"
ONE_VAULT = {"serviceName": VAULT, "serviceInstance": "vault-{}"}
OTHER_VAULT = {"serviceName": VAULT, "serviceInstance": "other-{}"}
ONE_CLUSTER = {**CLUSTER, "serviceInstance": "prod-{}"}
OTHER_CLUSTER = {**CLUSTER, "serviceInstance": "test-{}"}
GRANTS = ("iam.policy.create", "iam.policy.read")


@dataclass(frozen=True)
class Case:
    """What is there, what Ada has that leads to the path, and what is nearly that."""

    rule: int
    confidence: str
    granted: tuple[Any, ...]
    near: tuple[Any, ...]
    there: Callable[[Corner], None] = nothing
    also: frozenset[int] = (
        frozenset()
    )  # what else the same policy allows, at more hops or less sure


OF_ALL = {2, 4, 6, 9}
CASES = [
    Case(1, "high", (MANAGEMENT, "Administrator"), (MANAGEMENT, "Viewer"), also={*OF_ALL, 37}),
    Case(1, "high", (IAM, "Administrator"), (SERVICES, "Administrator", "Manager"), also=OF_ALL),
    Case(2, "medium", (GROUPS, "Editor"), (GROUPS, "Operator")),
    Case(
        2,
        "high",
        ({**GROUPS, "resource": "admins-{}"}, "Administrator"),
        ({**GROUPS, "resource": "readers-{}"}, "Administrator"),
    ),
    Case(
        2,
        "medium",
        (GROUPS, custom("iam-groups", "iam-groups.members.add")),
        (GROUPS, custom("iam-groups", "iam-groups.members.list", "iam-groups.groups.create")),
    ),
    Case(4, "high", (ONE_ID, "Operator"), (ONE_ID, "Editor")),
    Case(
        4,
        "high",
        (IDENTITY, custom("iam-identity", "iam-identity.apikey.create")),
        (IDENTITY, custom("iam-identity", "iam-identity.apikey.list")),
    ),
    Case(
        4,
        "high",
        (
            {**ONE_ID, "resource": "ServiceId-robot-{}"},
            custom("iam-identity", "iam-identity.apikey.create"),
        ),
        (
            {**ONE_ID, "resource": "ServiceId-other-{}"},
            custom("iam-identity", "iam-identity.apikey.create"),
        ),
    ),
    Case(6, "medium", (ONE_PROFILE, "Editor"), (ONE_PROFILE, "Viewer")),
    Case(
        6,
        "medium",
        (IDENTITY, custom("iam-identity", "iam-identity.profile.update")),
        (ONE_ID, custom("iam-identity", "iam-identity.profile.update")),
    ),
    Case(9, "medium", (USERS, "Editor"), (USERS, "Operator")),
    Case(
        9,
        "medium",
        (USERS, custom("user-management", "user-management.user.replace-iam-id")),
        (USERS, custom("user-management", "user-management.user.update")),
    ),
    Case(11, "medium", (ACCESS, "Administrator"), (ACCESS, "Editor")),
    Case(
        11,
        "low",
        (ACCESS, custom("iam-access-management", "iam.policy.create")),
        (
            {**ACCESS, "resourceType": "customRole"},
            custom("iam-access-management", "iam.policy.create"),
        ),
    ),
    # A role counts in the service whose actions it has.
    Case(
        11,
        "low",
        (MANAGEMENT, custom("iam-access-management", "iam.policy.create")),
        (MANAGEMENT, custom("billing", "iam.policy.create")),
    ),
    Case(13, "medium", (CLUSTER, "Administrator"), (CACHE, "Administrator"), cluster),
    Case(
        13,
        "medium",
        (CLUSTER, custom(KUBERNETES, "iam.policy.create")),
        (CLUSTER, custom("codeengine", "iam.policy.create")),
        cluster,
    ),
    Case(17, "high", (CACHE, "Administrator"), (CACHE, "Editor", "Manager"), credential),
    Case(
        17,
        "high",
        (CACHE, custom("databases-for-redis", "resource-controller.credential.retrieve_all")),
        (CACHE, custom("databases-for-redis", "resource-controller.key.retrieve")),
        credential,
    ),
    Case(
        18,
        "medium",
        ({**CLUSTER, "namespace": "apps"}, "Writer"),
        ({**CLUSTER, "namespace": "other"}, "Writer"),
        cluster,
    ),
    Case(
        18,
        "medium",
        (CLUSTER, custom(KUBERNETES, "containers-kubernetes.kube.write")),
        (CLUSTER, custom(KUBERNETES, "containers-kubernetes.kube.read")),
        cluster,
    ),
    Case(
        19, "medium", ({"serviceName": "is"}, "Operator"), ({"serviceName": "is"}, "Viewer"), server
    ),
    Case(20, "medium", (CODE, "Writer"), (CODE, "Reader"), project),
    Case(
        20,
        "medium",
        (CODE, custom("codeengine", "codeengine.tenant.entities.create")),
        (CODE, custom("codeengine", "codeengine.tenant.entities.read")),
        project,
    ),
    Case(
        25,
        "low",
        (GROUPS, custom("iam-groups", *GRANTS)),
        (GROUPS, custom("iam-groups", "iam.policy.read")),
    ),
    Case(
        25,
        "low",
        ({**GROUPS, "resource": "admins-{}"}, custom("iam-groups", "iam.policy.update")),
        ({**GROUPS, "resource": "readers-{}"}, custom("iam-groups", "iam.policy.update")),
    ),
    Case(
        26,
        "low",
        (ONE_ID, custom("iam-identity", *GRANTS)),
        (ONE_ID, custom("iam-groups", *GRANTS)),
    ),
    Case(
        27,
        "low",
        (ONE_PROFILE, custom("iam-identity", *GRANTS)),
        ({**IDENTITY, "resourceType": "apikey"}, custom("iam-identity", *GRANTS)),
    ),
    Case(
        28,
        "low",
        (USERS, custom("user-management", *GRANTS)),
        (USERS, custom("user-management", "iam.policy.read")),
    ),
    Case(30, "medium", (ONE_VAULT, "Writer"), (OTHER_VAULT, "Writer"), joining_engine, also={31}),
    Case(
        31,
        "low",
        (ONE_VAULT, custom(VAULT, "secrets-manager.secret.create")),
        (ONE_VAULT, "SecretsReader"),
        key_engine,
    ),
    Case(
        34,
        "medium",
        ({"serviceName": "is"}, "Operator"),
        ({"serviceName": "is"}, "Viewer"),
        bare_metal,
    ),
    Case(
        34,
        "medium",
        ({"serviceName": "is", "bareMetalServerId": "bm"}, "Operator"),
        ({"serviceName": "is", "instanceId": "bm"}, "Operator"),
        bare_metal,
    ),
    Case(36, "medium", (ONE_CLUSTER, "Writer"), (OTHER_CLUSTER, "Writer"), one_cluster),
    Case(
        36,
        "medium",
        ({**CLUSTER, "namespace": "apps"}, "Writer"),
        ({**CLUSTER, "namespace": "other"}, "Writer"),
        one_cluster,
    ),
    Case(36, "medium", (OTHER_CLUSTER, "Writer"), (OTHER_CLUSTER, "Reader"), every_cluster),
    Case(
        36,
        "medium",
        ({"resourceGroupId": "rg"}, "Manager"),
        ({"resourceGroupId": "rg-2"}, "Manager"),
        clusters_of_a_group,
    ),
    Case(37, "medium", (PROJECT, "Editor"), (PROJECT, "Operator"), deploying),
    Case(
        37,
        "low",
        (PROJECT, custom("project", "project.config.deploy")),
        (PROJECT, custom("project", "project.config.update")),
        deploying,
    ),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(blank_file(tmp_path_factory.mktemp("paths") / "each.sqlite3", A))
    with closing(world.database):
        for number, case in enumerate(CASES):
            for name, given in (("path", case.granted), ("near", case.near)):
                corner = Corner(world, f"{name}{number}")
                case.there(corner)
                corner.grant(*given)
        world.derive()
        yield world


def found(world: World, account: str) -> tuple[list[tuple[int, str]], set[int]]:
    """Rule and confidence of Ada's shortest path, and the rules of all that her policies allow."""
    ada = f"ada-{account}"
    paths = "select first_rule, confidence from shortest_escalation_paths where iam_id = ?"
    steps = """
        with recursive onward(target, kind, rule) as (
          select target, target_kind, rule
          from escalation_steps
          where source = ?1 and account_id = ?2
          union
          select steps.target, steps.target_kind, steps.rule
          from onward
          join escalation_steps as steps on steps.source = onward.target and steps.account_id = ?2
          where onward.rule = 0 and onward.kind in ('role', 'resource')
        )
        select distinct rule from onward where rule > 0
    """
    asked = world.database.execute
    return asked(paths, (ada,)).fetchall(), {rule for (rule,) in asked(steps, (ada, account))}


def called(number: int) -> str:
    return f"{number}-ibm-iam-{CASES[number].rule:03}"


@pytest.mark.parametrize("number", range(len(CASES)), ids=called)
def test_an_account_has_just_the_path(world, number):
    case = CASES[number]
    paths, rules = found(world, f"path{number}")
    assert paths == [(case.rule, case.confidence)]
    assert rules == {case.rule, *case.also}


@pytest.mark.parametrize("number", range(len(CASES)), ids=called)
def test_a_near_miss_has_no_path(world, number):
    paths, rules = found(world, f"near{number}")
    assert paths == []
    assert CASES[number].rule not in rules


def test_every_path_that_is_decided_has_a_case():
    # That anybody can keep access is a step, but leads to no more of it: test_escalation.py has it.
    assert {case.rule for case in CASES} == {*DECIDED} - {22}


def test_a_condition_that_no_cluster_can_be_held_against_leads_nowhere(world):
    account = "unknown"
    corner = Corner(world, account)
    clusters_elsewhere(corner)
    corner.grant(CLUSTER, "Writer")
    world.derive()
    assert found(world, account) == ([], set())


def test_the_way_through_any_cluster_is_told(world):
    number = next(n for n, case in enumerate(CASES) if case.there is every_cluster)
    asked = "select path from shortest_escalation_paths where iam_id = ?"
    assert world.database.execute(asked, (f"ada-path{number}",)).fetchall() == [
        (
            f"Ada-Path{number} → any cluster (can run pods in one: Writer)"
            f" → trusted profile Claimed-Path{number}"
            " (runs a pod in a cluster that its rule trusts)"
            " → full control (is a full administrator)",
        )
    ]
