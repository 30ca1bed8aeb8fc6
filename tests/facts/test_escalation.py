"""Who can become an administrator: small accounts by hand, with what must and must not be found."""

from __future__ import annotations

import json
import shutil
from contextlib import closing

import pytest

from ..database_file import blank_file, facts_behind
from ..report_rows import RULE, rows
from .world import (
    ACCESS,
    EVERYTHING,
    FULL,
    GROUPS,
    IAM,
    IDENTITY,
    MANAGEMENT,
    ONE_ID,
    ONE_PROFILE,
    SERVICES,
    USERS,
    A,
    B,
    World,
)

# What the report on paths reads.
ASKED = facts_behind("shortest_escalation_paths", "policy_remediations", "public_access")


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory):
    return blank_file(tmp_path_factory.mktemp("empty") / "empty.sqlite3", A)


@pytest.fixture
def empty(tmp_path, empty_file):
    world = World(shutil.copy(empty_file, tmp_path / "escalation.sqlite3"), ASKED)
    with closing(world.database):
        yield world


@pytest.fixture
def world(empty):
    """An account with an owner, an administrators' service ID, profile and group, and Ada."""
    empty.account()
    empty.user("ada")
    empty.administrator(empty.service_id("robot"))
    empty.administrator(empty.profile("pilot"))
    empty.administrator(empty.group("admins"))
    return empty


@pytest.mark.parametrize("view", ["escalation_steps", "shortest_escalation_paths"])
def test_an_empty_file_has_none(empty, view):
    assert empty.query(f"select * from {view}") == []
    assert rows(empty.path, "escalation_paths", "path") == []


@pytest.mark.parametrize(
    ("target", "role", "rule", "confidence"),
    [
        (MANAGEMENT, "Administrator", 1, "high"),
        (IAM, "Administrator", 1, "high"),
        (EVERYTHING, "Administrator", 1, "medium"),  # inferred to include account management
        (GROUPS, "Administrator", 2, "high"),
        (GROUPS, "Editor", 2, "medium"),
        ({**GROUPS, "resource": "admins"}, "Administrator", 2, "high"),
        ({**GROUPS, "resource": ("stringMatch", "adm*")}, "Editor", 2, "medium"),
        (IDENTITY, "Operator", 4, "high"),
        (IDENTITY, "Administrator", 4, "high"),
        (IDENTITY, "Editor", 6, "medium"),  # no 4: an Editor creates no API key for others
        (ONE_ID, "Operator", 4, "high"),
        ({**ONE_ID, "resource": "ServiceId-robot"}, "Operator", 4, "high"),
        ({**ONE_ID, "resource": "robot"}, "Administrator", 4, "high"),
        (
            {
                **ONE_ID,
                "resource": ("stringEqualsAnyOf", json.dumps(["ServiceId-robot", "ServiceId-x"])),
            },
            "Operator",
            4,
            "high",
        ),
        ({**ONE_ID, "resource": "*"}, "Operator", 4, "high"),
        (ONE_PROFILE, "Operator", 6, "medium"),
        (ONE_PROFILE, "Editor", 6, "medium"),
        ({**ONE_PROFILE, "resource": "Profile-pilot"}, "Administrator", 6, "medium"),
        (ACCESS, "Administrator", 11, "medium"),
        # All account management services stand for each of them.
        (MANAGEMENT, "Operator", 4, "high"),
        (IAM, "Operator", 4, "high"),
    ],
)
def test_what_leads_to_full_control(world, target, role, rule, confidence):
    policy = world.grant("ada", target, role)
    assert world.found() == {"ada": (rule, confidence)}
    assert world.query("select first_policy_id from shortest_escalation_paths") == [(policy,)]


@pytest.mark.parametrize(
    ("target", "role"),
    [
        *((target, "Viewer") for target in (EVERYTHING, MANAGEMENT, IAM, GROUPS, IDENTITY, ACCESS)),
        (GROUPS, "Operator"),
        ({**GROUPS, "resource": "readers"}, "Administrator"),
        ({**ONE_ID, "resource": "ServiceId-harmless"}, "Operator"),
        (ONE_ID, "Editor"),
        ({**ONE_ID, "resource": "ServiceId-robot"}, "Editor"),
        ({**ONE_ID, "resource": "Profile-pilot"}, "Operator"),
        ({**ONE_PROFILE, "resource": "ServiceId-robot"}, "Operator"),
        ({**IDENTITY, "resourceType": "apikey"}, "Operator"),
        ({**IDENTITY, "something": "else"}, "Operator"),
        ({**ACCESS, "resourceType": "customRole"}, "Administrator"),
        (ACCESS, "Editor"),
        (SERVICES, "Administrator"),
        ({**IDENTITY, "resourceGroupId": "rg"}, "Operator"),
        ({"serviceName": "kms"}, "Administrator"),
        ({"serviceName": "billing"}, "Administrator"),
        ({"serviceName": "secrets-manager"}, "Manager"),
        (USERS, "Editor"),  # the owner's is the only other user
        (IDENTITY, "Manager"),
    ],
)
def test_what_leads_nowhere(world, target, role):
    world.service_id("harmless")
    world.group("readers")
    world.grant("readers", SERVICES, "Viewer", "Reader")
    world.grant("ada", target, role)
    assert world.paths() == []


def test_policies_that_grant_nothing(world):
    world.grant("ada", MANAGEMENT, "Administrator", state="deleted")
    world.grant("ada", MANAGEMENT, "Administrator", type="authorization")
    tagged = world.grant("ada", EVERYTHING, "Administrator")
    world.insert("policy_resource_tags", policy_id=tagged, position=0, name="env", value="dev")
    world.grant(world.group("strangers"), MANAGEMENT, "Administrator")
    assert world.paths() == []


@pytest.mark.parametrize(
    ("target", "role", "rule", "confidence"),
    [
        (MANAGEMENT, "Administrator", 1, "medium"),
        (IDENTITY, "Operator", 4, "medium"),
        (ACCESS, "Administrator", 11, "low"),
        (ONE_ID, "Operator", 4, "medium"),
    ],
)
def test_a_condition_lowers_the_confidence(world, target, role, rule, confidence):
    world.grant("ada", target, role, rule=json.dumps(RULE))
    ((who, hops, first, found, path),) = world.paths()
    assert (who, hops, first, found) == ("ada", 1, rule, confidence)
    assert "under a condition" in path


def test_a_condition_makes_no_full_administrator(world):
    for target, *roles in FULL:
        world.grant("ada", target, *roles, rule=json.dumps(RULE))
    assert world.found() == {"ada": (1, "medium")}


def test_full_administrators_are_the_end_and_no_start(world):
    world.administrator("ada")
    world.grant("ada", IDENTITY, "Operator")
    world.grant("owner", IDENTITY, "Operator")
    world.user("bob")
    world.group("admins", "bob")
    world.grant("bob", IDENTITY, "Operator")
    half = world.group("half", world.user("eve"))  # one half by a group, the other by herself
    world.grant(half, SERVICES, "Administrator", "Manager")
    world.grant("eve", MANAGEMENT, "Administrator")
    world.grant(world.user("max"), EVERYTHING, "Administrator", "Manager")
    assert world.paths() == []
    assert set(world.query("select id, kind from full_administrators")) == {
        *((name, "identity") for name in ("owner", "robot", "pilot", "ada", "bob", "eve", "max")),
        ("admins", "access_group"),
    }


@pytest.mark.parametrize(
    "policies",
    [
        [(SERVICES, "Administrator"), (MANAGEMENT, "Administrator")],
        [(SERVICES, "Manager"), (MANAGEMENT, "Administrator")],
        [({**SERVICES, "region": "eu-de"}, "Administrator", "Manager"), FULL[1]],
        [({"serviceName": "kms"}, "Administrator", "Manager"), FULL[1]],
        [FULL[0], (IAM, "Administrator")],
    ],
)
def test_not_quite_a_full_administrator(world, policies):
    for target, *roles in policies:
        world.grant("ada", target, *roles)
    assert world.found() == {"ada": (1, "high")}


def test_a_user_can_be_replaced_but_not_the_owner(world):
    world.grant("ada", USERS, "Editor")
    assert world.paths() == []
    world.group("admins", world.user("bob"))
    assert world.paths() == [
        (
            *("ada", 1, 9, "medium"),
            "Ada → Bob (puts an IBMid of its own in their place: user-management Editor)"
            " → full control (is a full administrator)",
        )
    ]


def test_a_group_gives_its_members_its_steps(world):
    group = world.group("ops", "ada", world.service_id("cron"))
    policy = world.grant(group, IDENTITY, "Operator")
    end = (
        " → access group ops (member)"
        " → service ID Robot (creates an API key for it: iam-identity Operator)"
        " → full control (is a full administrator)"
    )
    assert world.paths() == [
        ("ada", 1, 4, "high", f"Ada{end}"),
        ("cron", 1, 4, "high", f"service ID Cron{end}"),
    ]
    assert world.query(
        "select via, target, first_policy_id, why from shortest_escalation_paths where iam_id='ada'"
    ) == [("access group ops", "service ID Robot", policy, "ibm-iam-004 (high)")]


def test_the_public_group_stands_for_users_and_service_ids(world):
    world.service_id("cron")
    world.profile("idle")
    world.grant(world.group("everyone", public=1), IDENTITY, "Operator")
    assert world.found() == {"ada": (4, "high"), "cron": (4, "high")}


def test_who_may_assume_an_administrators_profile_has_no_hop(world):
    world.insert("trustedprofile_identities", tp_id="Profile-pilot", iam_id="ada", type="user")
    assert world.paths() == [
        (
            *("ada", 0, 0, "high"),
            "Ada → trusted profile Pilot (can assume it) → full control (is a full administrator)",
        )
    ]
    assert world.report("identity") == []


def test_assuming_a_profile_is_a_way_on(world):
    helper = world.profile("helper")
    world.grant(helper, IDENTITY, "Operator")
    world.insert("trustedprofile_identities", tp_id="Profile-helper", iam_id="ada", type="user")
    assert world.found() == {"ada": (4, "high"), "helper": (4, "high")}


CLUSTER = {"serviceName": "containers-kubernetes"}
ANY, NONE = ("stringExists", "true"), ("stringExists", "false")


@pytest.fixture
def linked(world):
    """A profile for a service account of a cluster, one for a project and one for a server."""
    cluster = world.instance("containers-kubernetes", "prod")
    world.instance("containers-kubernetes", "test")
    project = world.instance("codeengine", "jobs")
    server = f"crn:v1:bluemix:public:is:eu-de-1:a/{A}::instance:vm-1"
    links = (("IKS_SA", cluster, "apps"), ("ce", project, None), ("VSI", server, None))
    for kind, crn, namespace in links:
        name = world.profile(
            f"on-{kind}", cr_type=kind, link_crn=crn, link_namespace=namespace, link_name="default"
        )
        world.grant(name, MANAGEMENT, "Administrator")
    return world


@pytest.mark.parametrize(
    ("target", "role", "rule", "confidence"),
    [
        ({**CLUSTER, "serviceInstance": "prod"}, "Writer", 18, "medium"),
        (CLUSTER, "Manager", 18, "medium"),
        (SERVICES, "Writer", 20, "medium"),  # the project comes first by name
        ({"resourceGroupId": "rg"}, "Manager", 20, "medium"),
        ({**CLUSTER, "namespace": "apps"}, "Writer", 18, "medium"),
        ({**CLUSTER, "namespace": ("stringMatch", "a*")}, "Writer", 18, "medium"),
        ({"serviceName": "codeengine"}, "Writer", 20, "medium"),
        ({"serviceName": "is"}, "Editor", 19, "medium"),
        ({"serviceName": "is", "region": "eu-de"}, "Operator", 19, "medium"),
        ({"serviceName": "is", "instanceId": "vm-1"}, "Operator", 19, "medium"),
        # A server is no service instance; it is in some resource group, which no list tells.
        ({"serviceName": "is", "serviceInstance": NONE}, "Operator", 19, "medium"),
        ({"serviceName": "is", "resourceGroupId": ANY}, "Operator", 19, "medium"),
        ({"serviceName": ("stringMatch", "i?")}, "Operator", 19, "medium"),
        ({"serviceName": ("stringEqualsAnyOf", '["kms", "is"]')}, "Operator", 19, "medium"),
        ({**CLUSTER, "serviceInstance": "prod"}, "Administrator", 13, "medium"),
        ({"serviceName": "is"}, "Administrator", 13, "medium"),
    ],
)
def test_linked_compute_leads_to_its_profile(linked, target, role, rule, confidence):
    policy = linked.grant("ada", target, role)
    found = {who: row for who, *row in linked.paths() if who == "ada"}
    assert [tuple(row[1:3]) for row in found.values()] == [(rule, confidence)]
    assert found["ada"][0] == (3 if rule == 13 else 2)
    assert linked.query(
        "select first_policy_id from shortest_escalation_paths where iam_id = 'ada'"
    ) == [(policy,)]


@pytest.mark.parametrize(
    ("target", "role"),
    [
        ({**CLUSTER, "serviceInstance": "test"}, "Writer"),
        ({**CLUSTER, "namespace": "other"}, "Writer"),
        ({**CLUSTER, "something": "apps"}, "Writer"),
        (CLUSTER, "Reader"),
        (CLUSTER, "Editor"),
        (CLUSTER, "Operator"),
        ({**CLUSTER, "region": "eu-gb"}, "Manager"),
        ({"resourceGroupId": "rg-2"}, "Manager"),
        ({"serviceName": "codeengine"}, "Editor"),
        ({"serviceName": "is"}, "Manager"),
        ({"serviceName": "is", "region": "eu-gb"}, "Operator"),
        ({"serviceName": "is", "instanceId": "vm-2"}, "Operator"),
        ({"serviceName": "is", "resourceGroupId": "rg"}, "Operator"),
        ({"serviceName": "is", "serviceInstance": ANY}, "Operator"),
        ({"serviceName": "is", "resourceGroupId": NONE}, "Operator"),
        ({"serviceName": "is", "region": NONE}, "Operator"),
        ({"serviceName": NONE}, "Operator"),
        ({"serviceName": "is", "vpcId": "vpc-1"}, "Operator"),
        ({**CLUSTER, "serviceInstance": "test"}, "Administrator"),
    ],
)
def test_other_compute_does_not_lead_to_a_profile(linked, target, role):
    linked.grant("ada", target, role)
    assert "ada" not in linked.found()


# --- Compute that is in no list of service instances -------------------------------------------


def listed_in_full(world, *parts):
    """Note that these parts of the account were read."""
    world.insert("collections", id=1, account_id=A, started_at="2026-01-01", status="ok")
    for part in parts:
        world.insert("collection_steps", collection_id=1, part=part, status="ok")


EVERY_LIST = ("resource_service_instances", "resources")


@pytest.fixture
def unlisted(world):
    """A profile for a service account of a cluster that no list of service instances has."""
    crn = f"crn:v1:bluemix:public:containers-kubernetes:eu-de:a/{A}:c1::"
    world.profile("pod", cr_type="IKS_SA", link_crn=crn, link_namespace="apps", link_name="x")
    world.grant("pod", MANAGEMENT, "Administrator")
    world.cluster = crn
    return world


def search_shows(world, crn, **values):
    values = {"account_id": A, "resource_group_id": "rg", **values}
    world.insert("resources", crn=crn, **values)
    world.insert("tag_attachments", crn=crn, kind="access", name="env:prod", account_id=A)


def shown_cluster(world):
    values = {"guid": "c1", "name": "quayside", "region_id": "eu-de"}
    search_shows(world, world.cluster, service_name="containers-kubernetes", **values)


@pytest.mark.parametrize(
    ("target", "is_found"),
    [
        ({**CLUSTER, "serviceInstance": "c1"}, True),
        (CLUSTER, True),
        (SERVICES, True),
        ({"resourceGroupId": "rg"}, True),
        ({**CLUSTER, "region": "eu-de", "namespace": "apps"}, True),
        ({**CLUSTER, "serviceInstance": "c2"}, False),
        ({"serviceName": "codeengine"}, False),
        ({"resourceGroupId": "rg-2"}, False),
        ({**CLUSTER, "region": "eu-gb"}, False),
        ({**CLUSTER, "namespace": "other"}, False),
    ],
)
def test_a_cluster_that_only_search_shows_leads_to_its_profile(unlisted, target, is_found):
    listed_in_full(unlisted, *EVERY_LIST)
    shown_cluster(unlisted)
    unlisted.grant("ada", target, "Writer")
    assert unlisted.found().get("ada") == ((18, "medium") if is_found else None)
    if is_found:
        assert "(runs a pod in the cluster quayside: Writer)" in unlisted.paths()[0][-1]


def test_the_administrator_of_a_cluster_that_only_search_shows(unlisted):
    shown_cluster(unlisted)
    unlisted.grant("ada", {**CLUSTER, "serviceInstance": "c1"}, "Administrator")
    path = unlisted.paths()[0][-1]
    assert path.startswith("Ada → containers-kubernetes quayside (grants itself every role there")


@pytest.mark.parametrize(
    ("region", "wanted", "is_found"),
    [("eu-de", ANY, True), ("eu-de", NONE, False), ("", ANY, False), ("", NONE, True)],
)
def test_a_region_that_a_crn_leaves_empty_is_absent(world, region, wanted, is_found):
    crn = f"crn:v1:bluemix:public:containers-kubernetes:{region}:a/{A}:c1::"
    world.profile("pod", cr_type="IKS_SA", link_crn=crn, link_namespace="apps", link_name="x")
    world.grant("pod", MANAGEMENT, "Administrator")
    world.grant("ada", {**CLUSTER, "region": wanted}, "Writer")
    assert ("ada" in world.found()) == is_found


@pytest.mark.parametrize("tag", ["env:prod", "env:dev"])
def test_tags_of_what_is_in_no_list(unlisted, tag):
    shown_cluster(unlisted)
    policy = unlisted.grant("ada", SERVICES, "Writer")
    name, value = tag.split(":")
    unlisted.insert("policy_resource_tags", policy_id=policy, position=0, name=name, value=value)
    assert unlisted.found().get("ada") == ((18, "medium") if tag == "env:prod" else None)


@pytest.mark.parametrize(
    ("read", "is_found"),
    [((), True), (EVERY_LIST[:1], True), (EVERY_LIST[1:], True), (EVERY_LIST, False)],
)
def test_a_cluster_is_gone_only_if_it_was_looked_for_everywhere(unlisted, read, is_found):
    listed_in_full(unlisted, *read)
    unlisted.grant("ada", {**CLUSTER, "serviceInstance": "c1"}, "Writer")
    assert unlisted.found().get("ada") == ((18, "medium") if is_found else None)


def test_where_a_server_is_search_knows(linked):
    linked.grant("ada", {"serviceName": "is", "resourceGroupId": "rg"}, "Operator")
    assert "ada" not in linked.found()
    server = f"crn:v1:bluemix:public:is:eu-de-1:a/{A}::instance:vm-1"
    search_shows(linked, server, service_name="is", name="runner", region_id="eu-de-1")
    assert linked.found()["ada"] == (19, "medium")
    linked.grant(linked.user("bob"), {"serviceName": "is", "region": "eu-de"}, "Operator")
    assert linked.found()["bob"] == (19, "medium")
    linked.grant(linked.user("cora"), {"serviceName": "is", "resourceGroupId": "rg-2"}, "Operator")
    assert "cora" not in linked.found()


def test_a_credential_of_an_instance_that_was_not_listed(world):
    source = f"crn:v1:bluemix:public:databases-for-redis:eu-de:a/{A}:cache::"
    values = {"state": "active", "iam_compatible": 1, "service_iam_id": "robot"}
    world.insert("resource_keys", id="key", account_id=A, source_crn=source, **values)
    world.grant("ada", {"serviceName": "databases-for-redis"}, "Administrator")
    world.grant(world.user("bob"), {"serviceName": "kms"}, "Administrator")
    assert world.found() == {"ada": (17, "high")}


def test_the_administrator_of_a_cluster_takes_three_hops(linked):
    linked.grant("ada", {**CLUSTER, "serviceInstance": "prod"}, "Administrator")
    assert {who: path for who, *_, path in linked.paths()}["ada"] == (
        "Ada → containers-kubernetes prod (grants itself every role there: Administrator)"
        " → trusted profile On-Iks_Sa (runs a pod in the cluster)"
        " → full control (Administrator on all account management services)"
    )


def test_a_condition_on_linked_compute(linked):
    linked.grant("ada", CLUSTER, "Writer", rule=json.dumps(RULE))
    assert linked.found()["ada"] == (18, "low")


def test_policies_with_one_target_keep_their_subjects(linked):
    linked.user("bob")
    for who in ("ada", "bob"):
        linked.grant(who, CLUSTER, "Writer")
    paths = {who: path for who, *_, path in linked.paths()}
    for who in ("ada", "bob"):
        assert paths[who] == (
            f"{who.title()} → trusted profile On-Iks_Sa (runs a pod in the cluster prod: Writer)"
            " → full control (Administrator on all account management services)"
        )


@pytest.mark.parametrize(
    ("columns", "is_found"),
    [
        ({}, True),
        ({"onetime_credentials": 1}, False),
        ({"iam_compatible": 0}, False),
        ({"state": "removed"}, False),
    ],
)
def test_stored_credentials(world, columns, is_found):
    database = world.instance("databases-for-redis", "cache")
    values = {"state": "active", "iam_compatible": 1, "service_iam_id": "robot", **columns}
    world.insert("resource_keys", id="key", account_id=A, instance_id=database, **values)
    world.grant("ada", {"serviceName": "databases-for-redis"}, "Administrator")
    world.grant(world.user("bob"), {"serviceName": "databases-for-redis"}, "Editor", "Manager")
    assert world.found() == ({"ada": (17, "high")} if is_found else {})


@pytest.mark.parametrize(
    ("setting", "count"), [("NOT_SET", 1), ("NOT_RESTRICTED", 1), ("RESTRICTED", 0), (None, 0)]
)
def test_unrestricted_creation_is_a_step_but_no_path(world, setting, count):
    world.insert("account_settings", account_id=A, restrict_create_service_id=setting)
    steps = world.query("select source, target, confidence from escalation_steps where rule = 22")
    assert steps == [("every user", "lasting access", "high")] * count
    assert world.paths() == []


def test_three_and_four_hops(world):
    """Each can only do the next thing: every hop is needed."""
    world.service_id("one"), world.service_id("two")
    world.grant("ada", {**ONE_ID, "resource": "ServiceId-one"}, "Operator")
    world.grant("one", {**GROUPS, "resource": "middle"}, "Administrator")
    world.group("middle")
    world.grant("middle", {**ONE_ID, "resource": "ServiceId-two"}, "Operator")
    world.grant("two", {**ONE_PROFILE, "resource": "Profile-pilot"}, "Operator")
    assert world.paths() == [
        (
            *("ada", 4, 4, "medium"),
            "Ada → service ID One (creates an API key for it: iam-identity Operator)"
            " → access group middle (adds itself to it: iam-groups Administrator)"
            " → service ID Two (creates an API key for it: iam-identity Operator)"
            " → trusted profile Pilot (makes itself trusted by it: iam-identity Operator)"
            " → full control (is a full administrator)",
        ),
        (
            *("one", 3, 2, "medium"),
            "service ID One → access group middle (adds itself to it: iam-groups Administrator)"
            " → service ID Two (creates an API key for it: iam-identity Operator)"
            " → trusted profile Pilot (makes itself trusted by it: iam-identity Operator)"
            " → full control (is a full administrator)",
        ),
        (
            *("two", 1, 6, "medium"),
            "service ID Two"
            " → trusted profile Pilot (makes itself trusted by it: iam-identity Operator)"
            " → full control (is a full administrator)",
        ),
    ]


def test_the_shortest_then_the_surest_then_the_first_by_name(world):
    world.grant("ada", ACCESS, "Administrator", rule=json.dumps(RULE))  # low
    world.grant("ada", GROUPS, "Editor")  # medium
    world.administrator(world.service_id("another"))
    assert world.found() == {"ada": (2, "medium")}
    world.grant("ada", ONE_ID, "Operator")  # high
    ((*_, path),) = world.paths()
    assert path.startswith("Ada → service ID Another (creates an API key")
    weak = world.grant("ada", ACCESS, "Administrator", rule=json.dumps(RULE))
    assert world.found() == {"ada": (4, "high")}
    assert weak


def test_the_confidence_is_that_of_the_weakest_step_of_the_best_way(world):
    """Two ways of two hops: over `bad` to a low step, over `good` to a medium one."""
    for name in ("bad", "good"):
        world.service_id(name)
        world.grant("ada", {**ONE_ID, "resource": f"ServiceId-{name}"}, "Operator")
    low = json.dumps(RULE)  # a condition makes a medium step a low one
    world.grant("bad", {**ONE_PROFILE, "resource": "Profile-pilot"}, "Operator", rule=low)
    world.grant("good", {**ONE_PROFILE, "resource": "Profile-pilot"}, "Operator")
    paths = {who: (hops, confidence, path) for who, hops, _, confidence, path in world.paths()}
    assert paths["bad"][:2] == (1, "low") and paths["good"][:2] == (1, "medium")
    assert paths["ada"][:2] == (2, "medium") and "service ID Good" in paths["ada"][2]


def test_a_circle_without_an_exit(world):
    for who, whom in (("one", "two"), ("two", "one")):
        world.service_id(who)
        world.grant(who, {**ONE_ID, "resource": f"ServiceId-{whom}"}, "Operator")
    assert world.paths() == []


def test_a_circle_with_an_exit(world):
    for who, whom in (("one", "two"), ("two", "one"), ("two", "robot")):
        world.service_id(who)
        world.grant(who, {**ONE_ID, "resource": f"ServiceId-{whom}"}, "Operator")
    assert [(who, hops) for who, hops, *_ in world.paths()] == [("one", 2), ("two", 1)]


def test_a_big_circle_ends(world):
    """200 service IDs, each able to become every other, and profiles that trust one another."""
    names = [world.service_id(f"sid-{number:03}") for number in range(200)]
    for number, name in enumerate(names):
        world.grant(
            name, {**ONE_ID, "resource": f"ServiceId-sid-{(number + 1) % 200:03}"}, "Operator"
        )
        world.grant(name, {**ONE_ID, "resource": ("stringMatch", "ServiceId-sid-*")}, "Operator")
    for one, other in (("iam-Profile-1", "iam-Profile-2"), ("iam-Profile-2", "iam-Profile-1")):
        world.profile(one)
        world.insert("trustedprofile_identities", tp_id=f"Profile-{one}", iam_id=other)
        world.grant(one, ONE_ID, "Operator")
    assert world.found() == {name: (4, "high") for name in ("iam-Profile-1", "iam-Profile-2")}
    world.grant("sid-000", {**ONE_ID, "resource": "ServiceId-robot"}, "Operator")
    hops = {who: hops for who, hops, *_ in world.paths()}
    assert hops == {
        **dict.fromkeys(names, 2),
        **{"sid-000": 1, "iam-Profile-1": 1, "iam-Profile-2": 1},
    }


def test_paths_of_more_than_six_hops_are_left_out(world):
    names = [world.service_id(f"sid-{number}") for number in range(10)]
    for one, other in zip(names, [*names[1:], "robot"], strict=True):
        world.grant(one, {**ONE_ID, "resource": f"ServiceId-{other}"}, "Operator")
    assert [(who, hops) for who, hops, *_ in world.paths()] == [
        (f"sid-{number}", 10 - number) for number in range(4, 10)
    ]


def test_two_accounts_do_not_mix(world):
    world.account(B, "boss")
    world.user("ada", B)
    # In A she may do nothing; in B there is nobody worth becoming.
    world.grant("ada", IDENTITY, "Operator", account=B)
    world.service_id("worker", B)
    world.grant("worker", GROUPS, "Viewer", account=B)
    assert world.paths() == []
    cluster = world.instance("containers-kubernetes", "b-cluster", account=B)
    world.profile("on-b", cr_type="IKS_SA", link_crn=cluster)
    world.administrator("on-b")
    world.grant("ada", CLUSTER, "Writer", account=B)
    assert world.paths() == []
    world.administrator("worker", account=B)
    assert world.query("select account_id, iam_id from shortest_escalation_paths") == [(B, "ada")]
    world.grant("ada", MANAGEMENT, "Administrator")
    assert world.query(
        "select account_id, first_rule from shortest_escalation_paths order by account_id"
    ) == [(A, 1), (B, 4)]
    # The owner of one account is nobody special in the other.
    world.user("boss")
    world.grant("boss", ACCESS, "Administrator")
    assert world.report("account", "identity", "rule") == [
        ("A", "Ada", 1),
        ("A", "Boss", 11),
        ("B", "Ada", 4),
    ]


def test_the_report(world):
    group = world.group("ops", "ada")
    policy = world.grant(group, IDENTITY, "Operator")
    columns = (
        *("account", "identity", "kind", "hops", "via", "rule", "rule_id", "outcome", "confidence"),
        *("target", "identities", "iam_id", "policy_id", "report_rows"),
    )
    assert world.report(*columns) == [
        (
            *("A", "Ada", "user", 1, "access group ops", 4, "ibm-iam-004"),
            *("acts as that service ID", "high", "service ID Robot", 1, "ada", policy, 1),
        )
    ]
    remediations = ("command", "console", "acknowledged", "account_id")
    assert world.report(*remediations) == [
        (
            f"ibmcloud iam access-group-policy-delete 'ops' '{policy}'",
            "https://cloud.ibm.com/iam/groups/ops?tab=iam",
            *(None, A),
        )
    ]


def test_the_command_deletes_the_first_policy_whoever_has_it(world):
    helper = world.profile("helper")
    policy = world.grant(helper, IDENTITY, "Operator")
    world.insert("trustedprofile_identities", tp_id="Profile-helper", iam_id="ada", type="user")
    own = world.grant(world.service_id("cron"), GROUPS, "Administrator")
    delete = f"ibmcloud iam trusted-profile-policy-delete 'Profile-helper' '{policy}'"
    assert world.report("iam_id", "command") == [
        ("ada", delete),
        ("cron", f"ibmcloud iam service-policy-delete 'ServiceId-cron' '{own}'"),
        ("helper", delete),
    ]


def test_steps_to_everything_are_few(world):
    """A policy about every service ID is one step, however many there are."""
    for number in range(50):
        world.service_id(f"sid-{number}")
        world.grant(f"sid-{number}", IDENTITY, "Operator")
    ((count,),) = world.query(
        "select count(*) from escalation_steps where rule = 4 and source glob 'sid*'"
    )
    assert count == 50
