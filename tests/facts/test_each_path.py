"""Each escalation path that the facts decide: an account that has just it, and a near miss.

All accounts are in one file, which is derived once. In each there are an administrators' service
ID, trusted profile, and access group with Bob in it, and Ada, who has what the case gives her.
"""

from __future__ import annotations

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
CODE = {"serviceName": "codeengine"}


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


OF_ALL = frozenset({2, 4, 6, 9})
CASES = [
    Case(1, "high", (MANAGEMENT, "Administrator"), (MANAGEMENT, "Viewer"), also=OF_ALL),
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
        select distinct coalesce(onward.rule, steps.rule)
        from escalation_steps as steps
        left join escalation_steps as onward
          on onward.source = steps.target and onward.account_id = steps.account_id
          and steps.target_kind = 'role'
        where steps.source = ?
    """
    asked = world.database.execute
    return asked(paths, (ada,)).fetchall(), {rule for (rule,) in asked(steps, (ada,))}


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
