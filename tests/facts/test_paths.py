"""Paths from anybody to anything, and who reaches it, in a small file by hand."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from ..database_file import blank_file
from ..report_rows import rows
from .test_escalation import (
    GROUPS,
    IDENTITY,
    MANAGEMENT,
    ONE_ID,
    ONE_PROFILE,
    RULE,
    USERS,
    A,
    B,
    World,
)

VAULT = {"serviceName": "secrets-manager", "serviceInstance": "vault"}
OVER = {
    "key": "{{environment.attributes.current_date_time}}",
    "operator": "dateTimeLessThanOrEquals",
    "value": "2020-01-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two accounts, A with a vault in it, and people who get far, nearly far, and nowhere."""
    world = World(blank_file(tmp_path_factory.mktemp("paths") / "paths.sqlite3", A))
    with closing(world.database):
        world.account()
        world.insert(
            "collections",
            **{"account_id": A, "started_at": "2026-01-01T00:00:00Z", "status": "ok"},
            finished_at="2026-01-01T00:00:00Z",
        )
        for role in ("Administrator", "Manager", "SecretsReader", "Viewer", "Operator", "Editor"):
            kind = "role" if role in ("Administrator", "Viewer", "Operator", "Editor") else ""
            crn = f"crn:v1:bluemix:public:iam::::{kind or 'serviceRole'}:{role}"
            world.insert("roles", role_id=crn, display_name=role, kind="platform", listed=1)
            if role == "SecretsReader":
                world.insert(
                    "role_actions",
                    **{"role_id": crn, "service_name": "secrets-manager"},
                    action="secrets-manager.secret.read",
                )
        world.instance("secrets-manager", "vault")
        world.instance("secrets-manager", "other vault")
        for name in ("ada", "bea", "cyd", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim"):
            world.user(name)
        world.administrator(world.service_id("robot"))
        world.administrator(world.group("admins"))
        world.service_id("reader")
        world.profile("night")

        # Ada: by a policy of hers, by a group, and by a profile that has a group.
        world.grant("ada", {**ONE_ID, "resource": "ServiceId-robot"}, "Operator")
        world.grant(world.group("helpers", "ada"), GROUPS, "Editor")
        world.insert("trustedprofile_identities", tp_id="Profile-night", iam_id="ada")
        world.grant(world.group("nurses", "night"), MANAGEMENT, "Administrator")
        # Bea is in a group without steps; Cyd, whom the administrators can replace, cannot go
        # back; Dan's policy is over; Eve's is under a condition.
        world.grant(world.group("idle", "bea"), IDENTITY, "Viewer")
        world.grant("cyd", {**ONE_PROFILE, "resource": "ServiceId-robot"}, "Operator")
        world.grant("dan", IDENTITY, "Operator", rule=json.dumps(OVER))
        world.grant("eve", {**ONE_ID, "resource": "reader"}, "Operator", rule=json.dumps(RULE))
        # The vault: Fay reads in it, Gus by acting as who does, Hal can let himself, Ida cannot.
        # Jon administers the other vault; Kim can replace Fay, and everybody else.
        world.grant(world.group("readers", "fay", "reader"), VAULT, "SecretsReader")
        world.grant("gus", {**ONE_ID, "resource": "reader"}, "Operator")
        world.grant("hal", VAULT, "Administrator")
        world.grant("ida", VAULT, "Viewer")
        world.grant("jon", {**VAULT, "serviceInstance": "other vault"}, "Administrator")
        world.grant("kim", USERS, "Editor")

        # Another account, with the same names.
        world.account(B, "boss")
        world.instance("secrets-manager", "vault of B", account=B)
        world.administrator(world.service_id("robot of B", B), account=B)
        world.user("dan", B)
        world.grant("dan", IDENTITY, "Operator", account=B)
        world.derive()
        yield world


def between(world, source, target, *columns):
    found = rows(world.path, "paths_between", *columns, source=source, target=target)
    return found if len(columns) > 1 else [value for (value,) in found]


def reaching(world, target, role="", *columns):
    columns = columns or ("iam_id", "hops", "confidence")
    return rows(world.path, "who_reaches", *columns, target=target, role=role)


READS = "secrets-manager vault (SecretsReader)"
ROBOT = "service ID Robot (creates an API key for it: iam-identity Operator)"
KEY = "service ID Reader (creates an API key for it: iam-identity Operator)"
TO_ADMINS = "access group admins (adds itself to it: iam-groups Editor)"
REPLACES = "puts an IBMid of its own in their place: user-management"
FULL = "full control (is a full administrator)"


def test_each_beginning_has_its_best_path(world):
    columns = ("rank", "path", "hops", "confidence", "via", "policy_id")
    expected = [
        (1, f"Ada → {ROBOT} → {FULL}", 1, "high", "direct", "policy-5"),
        (
            2,
            "Ada → trusted profile Night (can assume it) → access group nurses (member)"
            " → full control (Administrator on all account management services)",
            *(1, "high", "trusted profile Night, access group nurses", "policy-7"),
        ),
        (
            3,
            f"Ada → access group helpers (member) → {TO_ADMINS}"
            " → full control (its members are full administrators)",
            *(1, "medium", "access group helpers", "policy-6"),
        ),
    ]
    for source, target in (("Ada", "full control"), ("ada", ""), ("AD", "Full Control")):
        assert between(world, source, target, *columns) == expected


@pytest.mark.parametrize(
    ("source", "target", "paths"),
    [
        # An instance: by a group, through others, with any role, through full control.
        ("fay", "vault", [f"Fay → access group readers (member) → {READS}"]),
        ("gus", "vault", [f"Gus → {KEY} → access group readers (member) → {READS}"]),
        ("hal", "vault", ["Hal → secrets-manager vault (Administrator)"]),
        ("owner", "vault", [
            "Owner → full control (is the account owner) → secrets-manager vault (includes it)"]),
        ("kim", "vault", [
            f"Kim → Fay ({REPLACES} Editor) → access group readers (member) → {READS}"]),
        ("helpers", "vault", [
            f"access group helpers → {TO_ADMINS}"
            " → secrets-manager vault (Administrator, Manager)"]),
        # A role, and on what.
        ("fay", "secretsreader", [
            "Fay → access group readers (member) → role SecretsReader"
            " (SecretsReader on secrets-manager instance vault)"]),
        ("jon", "Administrator", [
            "Jon → role Administrator (Administrator on secrets-manager instance other vault)"]),
        # Identities and groups.
        ("eve", "reader", [f"Eve → {KEY[:-1]}, under a condition)"]),
        ("ada", "helpers", ["Ada → access group helpers (member)"]),
        ("ada", "night", ["Ada → trusted profile Night (can assume it)"]),
        ("kim", "fay", [f"Kim → Fay ({REPLACES} Editor)"]),
        ("robot of b", "dan", [
            f"service ID Robot Of B → Dan ({REPLACES} Administrator)",
            "service ID Robot Of B → full control (is a full administrator)"
            " → Dan (puts an IBMid of its own in their place: with full control)"]),
        # Nowhere: a group without steps, the wrong kind of role, a policy that is over, another
        # instance, the owner, back from a group to its member, to oneself, to another account.
        *((source, target, []) for source, target in (
            ("bea", ""), ("cyd", ""), ("dan", "robot"), ("ida", "SecretsReader"), ("jon", "vault"),
            ("kim", "owner"), ("idle", "bea"), ("gus", "gus"), ("ada", "vault of B"),
            ("boss", "other vault"), ("nobody", "vault"), ("", "vault"), ("ada", "no such"))),
    ],
)  # fmt: skip
def test_from_here_to_there(world, source, target, paths):
    assert between(world, source, target, "path") == paths


def test_who_is_in_two_accounts_has_paths_in_each_where_there_are_some(world):
    assert between(world, "dan", "", "account", "path") == [
        ("B", f"Dan → service ID Robot Of B{ROBOT[16:]} → {FULL}")
    ]


def test_a_path_is_a_list_of_steps_as_well(world):
    (steps,) = between(world, "gus", "vault", "steps")
    crn = "crn:v1:bluemix:public:secrets-manager:eu-de:a/" + A + ":vault::"
    assert json.loads(steps) == [
        ["reader", "service ID Reader", KEY[19:-1], "policy-13"],
        ["readers", "access group readers", "member", None],
        [crn, "secrets-manager vault", "SecretsReader", "policy-12"],
    ]


def test_the_first_path_is_that_of_the_report_on_escalation(world):
    found = world.database.execute(
        "select iam_id, path, hops, confidence from shortest_escalation_paths where account_id = ?",
        [A],
    ).fetchall()
    assert {who for who, *_ in found} == {"ada", "night", "kim"}
    for who, *path in found:
        assert between(world, who, "", "path", "hops", "confidence")[0] == tuple(path)


def test_who_reaches_an_instance_directly_and_through_others(world):
    assert reaching(world, "vault") == [
        *((name, 0, "high") for name in ("fay", "hal", "ida", "owner", "reader", "robot")),
        *((name, 1, "high") for name in ("ada", "gus", "night")),
        *((name, 1, "medium") for name in ("eve", "kim")),
    ]


@pytest.mark.parametrize("role", ["SecretsReader", "secretsreader", "secrets-manager.secret.read"])
def test_who_can_read_a_secret(world, role):
    """Who is a Viewer only cannot; an administrator of the vault can grant himself the role."""
    assert reaching(world, "vault", role) == [
        *((name, 0, "high") for name in ("fay", "owner", "reader", "robot")),
        *((name, 1, "high") for name in ("ada", "gus", "hal", "night")),
        *((name, 1, "medium") for name in ("eve", "kim")),
    ]
    steps = dict(reaching(world, "vault", role, "identity", "first_step"))
    assert steps["Fay"] == "access group readers (member)"
    assert steps["Gus"] == KEY
    assert steps["Hal"] == "secrets-manager vault (grants itself every role there: Administrator)"
    assert steps["Kim"] == f"every user ({REPLACES} Editor)"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("fay", [("fay", 0), ("ada", 1), ("kim", 1), ("night", 1), ("owner", 1), ("robot", 1)]),
        ("reader", [
            *(("reader", 0), ("ada", 1), ("gus", 1), ("night", 1), ("owner", 1), ("robot", 1)),
            *(("eve", 1), ("kim", 2)),
        ]),
        ("idle", [
            *(("bea", 0), ("ada", 1), ("night", 1), ("owner", 1), ("robot", 1), ("kim", 1)),
        ]),
        ("other vault", [
            *(("jon", 0), ("owner", 0), ("robot", 0), ("ada", 1), ("night", 1), ("kim", 2)),
        ]),
        ("vault of B", [("boss", 0), ("robot of B", 0), ("dan", 1)]),
        ("nothing like it", []),
        ("", []),
    ],
)  # fmt: skip
def test_who_reaches(world, target, expected):
    assert reaching(world, target, "", "iam_id", "hops") == expected


def test_full_control_of_each_account(world):
    distances = world.database.execute(
        "select account_id, id, hops from escalation_distances "
        "join identities on identities.iam_id = id"
    ).fetchall()
    found = reaching(world, "full control", "", "account_id", "iam_id", "hops")
    assert sorted(found) == sorted(distances)
    assert (B, "dan", 1) in found and (A, "dan", 1) not in found
