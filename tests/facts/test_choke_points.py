"""What to remove first: against every possible choice on small graphs, and on a file by hand."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from itertools import combinations

import pytest

from iaminsights.facts.chokes import Link, Members, choke_points

from ..database_file import blank_file
from ..report_rows import rows
from .test_escalation import GROUPS, IDENTITY, MANAGEMENT, ONE_ID, A, B, World

ROOT, EVERY_SERVICE_ID, EVERY_GROUP, EVERY_USER = 0, 60, 61, 62


def small_graph(seed):
    """Users, service IDs, and groups with random policies; the links, and who is in which group."""
    dice = random.Random(seed)
    users = range(1, dice.randint(5, 9))
    service_ids, groups = range(20, 20 + dice.randint(0, 3)), range(40, 41 + dice.randint(0, 3))
    links = [
        *(Link(EVERY_SERVICE_ID, each, None) for each in service_ids),
        *(Link(EVERY_GROUP, each, None) for each in groups),
        *(Link(EVERY_USER, each, None) for each in users),
    ]
    targets = [ROOT, ROOT, EVERY_SERVICE_ID, EVERY_GROUP, EVERY_USER, *groups, *service_ids]
    for holder in (*users, *service_ids, *groups):
        for number in range(dice.choice((0, 0, 1, 2) if holder in users else (0, 1, 1, 2))):
            links.append(Link(holder, dice.choice(targets), f"policy-{holder}-{number}"))
    links.append(Link(dice.choice([*service_ids, *groups]), ROOT, None))
    identities = [*users, *service_ids]
    members = [
        Members(group, True, [each for each in identities if dice.random() < 0.35])
        for group in groups
    ]
    return identities, links, members


def reaching(links, members, removed=()):
    """Whatever reaches full control, by trying until nothing new does."""
    found, grown = {ROOT}, True
    pairs = [(source, target) for source, target, policy in links if policy not in removed] + [
        (identity, group)
        for group, _, identities in members
        for identity in identities
        if (identity, group) not in removed
    ]
    while grown:
        more = {source for source, target in pairs if target in found} - found
        grown = bool(more)
        found |= more
    return found


def test_the_list_closes_nearly_as_much_as_the_best_choice():
    closed, best = [0, 0, 0], [0, 0, 0]
    for seed in range(20):
        identities, links, members = small_graph(seed)
        full = {source for source, target, policy in links if not policy and target == ROOT}
        starts = (reaching(links, members) & {*identities}) - full
        found = choke_points(ROOT, starts, links, members)
        removable = [policy for _, _, policy in links if policy] + [
            (identity, group) for group, _, identities in members for identity in identities
        ]
        for number in (1, 2, 3):
            left = reaching(links, members, {choke.removed for choke in found[:number]})
            told = sum(choke.closes for choke in found[:number])
            assert told == len(starts - left)
            closed[number - 1] += told
            best[number - 1] += max(
                len(starts - reaching(links, members, chosen))
                for chosen in combinations(removable, number)
            )
    assert all(ours >= 0.9 * theirs for ours, theirs in zip(closed, best, strict=True))


def test_what_must_go_together_is_found_as_a_pair():
    links = [Link(40, ROOT, "one"), Link(40, ROOT, "two"), Link(1, ROOT, "alone")]
    members = [Members(40, True, [2, 3, 4, 5])]
    found = choke_points(ROOT, {1, 2, 3, 4, 5}, links, members)
    assert {choke.removed for choke in found[:2]} == {"one", "two"}
    assert [choke.closes for choke in found] == [0, 4, 1]


def test_what_nobody_can_remove_is_not_named():
    assert choke_points(ROOT, {2}, [Link(40, ROOT, None)], [Members(40, False, [2])]) == []
    assert choke_points(ROOT, {2}, [Link(2, 3, None), Link(3, ROOT, None)], []) == []
    assert choke_points(ROOT, {2}, [Link(40, ROOT, None)], [Members(40, True, [2])]) == [
        ((2, 40), 1)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The administrators' service ID can be used by a group of three, and by Eve of another."""
    folder = tmp_path_factory.mktemp("chokes")
    world = World(blank_file(folder / "chokes.sqlite3", A))
    with closing(world.database):
        for account, owner in ((A, "owner"), (B, "boss")):
            world.account(account, owner)
            world.administrator(world.service_id(f"robot of {owner}", account), account=account)
        for name in ("ada", "bob", "cyd", "dan", "eve", "fay", "gus"):
            world.user(name)
        world.user("hal", B)
        world.grant(world.group("keys", "ada", "bob", "cyd"), IDENTITY, "Operator")
        world.grant("eve", {**ONE_ID, "resource": "robot of owner"}, "Operator")
        # Dan and Fay could do the same in two ways, of which the membership is Fay's alone.
        world.administrator(world.group("admins"))
        world.grant(world.group("joiners", "fay"), GROUPS, "Editor")
        world.grant("joiners", MANAGEMENT, "Administrator")
        world.grant(world.group("idle", "gus", "ada"), IDENTITY, "Viewer")
        world.grant("hal", {**ONE_ID, "resource": "robot of owner"}, "Operator", account=B)
        world.grant("dan", IDENTITY, "Viewer")
        world.database.execute("update users set user_id = iam_id || '@example.com'")
        world.derive()
    return shutil.copy(world.path, folder / "read.sqlite3")


def test_the_report_tells_what_to_remove_first(path):
    columns = ("account", "place", "kind", "closes", "closed_share", "command")
    assert rows(path, "escalation_choke_points", *columns) == [
        (
            *("A", 1, "policy", 3, 60.0),
            "ibmcloud iam access-group-policy-delete 'keys' 'policy-5'",
        ),
        (
            *("A", 2, "policy", 1, 80.0),
            "ibmcloud iam user-policy-delete 'eve@example.com' 'policy-6'",
        ),
        (
            *("A", 3, "membership", 1, 100.0),
            "ibmcloud iam access-group-user-remove 'joiners' 'fay@example.com'",
        ),
    ]
    told = rows(path, "escalation_choke_points", "what", "iam_id", "access_group_id")
    assert told[2] == ("Fay in access group joiners", "fay", "joiners")
