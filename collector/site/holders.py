"""Adds who has access to the picture: access groups, and the identities that are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .access_queries import (
    EVERYBODY,
    FIRST_MEMBERS,
    GROUPS_OF_IDENTITY,
    MEMBERS,
    MEMBERSHIPS,
)
from .graph import GROUPS, IDENTITIES, Graph
from .lookup import MOST, Lookup, some
from .nodes import MORE, add_more, group_nodes, identity_nodes

MEMBERSHIPS_IN_WORDS = {
    "static": "static member",
    "dynamic": "dynamic member, as of the last login",
    "public": "everyone in the account is a member",
}
Policies = Sequence[Mapping[str, Any]]  # with id, iam_id and access_group_id


async def memberships_of(lookup: Lookup) -> dict[str, str]:
    """The groups that the root identity is in, and how; the root itself if it is a group."""
    if lookup.table == "access_groups":
        return {lookup.key: ""}
    if not lookup.is_identity or "access groups" not in lookup.sees:
        return {}
    return {
        row["access_group_id"]: row["membership_type"]
        for row in await lookup.ask(GROUPS_OF_IDENTITY)
    }


async def add_groups(
    lookup: Lookup,
    graph: Graph,
    memberships: Mapping[str, str],
    policies: Policies,
    drawn: Policies,
) -> list[str]:
    """Add the groups: first those whose policies are drawn, then others, by name. Gives all."""
    if "access groups" not in lookup.sees:
        return []
    every = {*memberships, *(policy["access_group_id"] for policy in policies)} - {None}
    needed = {policy["access_group_id"] for policy in drawn}
    nodes = await group_nodes(lookup, every)
    nodes.sort(key=lambda node: node.key not in needed)
    for node in some(nodes):
        if membership := memberships.get(node.key):
            node.detail = MEMBERSHIPS_IN_WORDS.get(membership, membership)
        graph.add(node)
    add_more(lookup, graph, GROUPS, len(nodes) - len(some(nodes)), "access groups")
    return [node.key for node in nodes]


async def add_identities(
    lookup: Lookup,
    graph: Graph,
    groups: Sequence[str],
    memberships: Mapping[str, str],
    policies: Policies,
    drawn: Policies,
) -> None:
    """Add the identities that are in the groups or have policies of their own."""
    if lookup.is_identity:
        _connect_root(graph, memberships)
    elif "identities" in lookup.sees:
        await _add_members(lookup, graph, groups, policies, drawn)


def _connect_root(graph: Graph, memberships: Mapping[str, str]) -> None:
    for group, membership in memberships.items():
        if f"access_groups/{group}" in graph.nodes:
            graph.connect(graph.root, f"access_groups/{group}", "member", membership)
        else:
            graph.connect(graph.root, MORE[GROUPS], "member")


async def _add_members(
    lookup: Lookup, graph: Graph, groups: Sequence[str], policies: Policies, drawn: Policies
) -> None:
    drawn_groups = [key for key in groups if f"access_groups/{key}" in graph.nodes]
    own = {policy["iam_id"] for policy in policies if not policy["access_group_id"]} - {None}
    first = [policy["iam_id"] for policy in drawn if not policy["access_group_id"]]
    found = await lookup.ask(FIRST_MEMBERS, groups=drawn_groups, most=MOST)
    order = [*first, *(row["iam_id"] for row in found), *sorted(own)]
    order = [key for key in dict.fromkeys(order) if key]
    (everybody,) = await lookup.ask(EVERYBODY, groups=list(groups), identities=own)
    total = everybody["number"]
    shown = order[:MOST] if total <= MOST else order[: MOST - 1]
    pairs = [
        (f"identities/{row['iam_id']}", f"access_groups/{row['access_group_id']}", row)
        for row in await lookup.ask(MEMBERSHIPS, groups=drawn_groups, identities=shown)
    ]
    # Who has policies of his own stands on top, the others beside their groups.
    places = {f"access_groups/{key}": place for place, key in enumerate(drawn_groups)}
    beside = {f"identities/{key}": -1 for key in first}
    for identity, group, _ in pairs:
        beside[identity] = min(beside.get(identity, len(places)), places[group])
    nodes = await identity_nodes(lookup, shown)
    for node in sorted(nodes, key=lambda node: beside.get(node.id, len(places))):
        graph.add(node)
    add_more(lookup, graph, IDENTITIES, total - len(nodes), "identities", _list_of_members(lookup))
    for identity, group, row in pairs:
        graph.connect(identity, group, "member", row["membership_type"])
    await _connect_the_rest(lookup, graph, drawn_groups, Counter(group for _, group, _ in pairs))


async def _connect_the_rest(
    lookup: Lookup, graph: Graph, groups: Sequence[str], drawn: Mapping[str, int]
) -> None:
    """Lines of the members whom there is no room for, to each group that has such."""
    for row in await lookup.ask(MEMBERS, groups=list(groups)):
        group = f"access_groups/{row['access_group_id']}"
        if row["members"] > drawn[group]:
            graph.connect(MORE[IDENTITIES], group, "member")
    graph.connect(MORE[IDENTITIES], MORE[GROUPS], "member")


def _list_of_members(lookup: Lookup) -> str | None:
    """Where all members of a group are listed: no report has them."""
    if lookup.table != "access_groups":
        return None
    url = lookup.datasette.urls.table(lookup.name, "access_group_identities")
    return f"{url}?access_group_id={quote(lookup.key, safe='')}"
