"""Adds policies to the picture, and what they reach: instances and account management."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .access_queries import (
    ACCOUNT_RESOURCES,
    INSTANCES,
    POLICIES_OF_HOLDERS,
    POLICIES_OF_INSTANCE,
    REACHED,
    SCOPES_OF_INSTANCE,
    SENTENCES,
)
from .graph import GROUPS, IDENTITIES, POLICIES, RESOURCES, Graph, Node
from .lookup import MOST, Lookup
from .nodes import MORE, add_more, instance_node

Policies = Sequence[Mapping[str, Any]]  # with id, iam_id and access_group_id
Reaches = list[tuple[str, str, str]]  # ID of a policy, ID of a node, scope


async def policies_about(lookup: Lookup, groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """The policies that the picture is about, those that make privileged first."""
    if "policies" not in lookup.sees:
        return []
    if not lookup.is_instance:
        return await lookup.ask(POLICIES_OF_HOLDERS, groups=list(groups))
    return await lookup.ask(POLICIES_OF_INSTANCE) if "service instances" in lookup.sees else []


async def add_policies(lookup: Lookup, graph: Graph, policies: Policies, drawn: Policies) -> None:
    """Add the policies that there is room for, each beside whom it is for."""
    words = {
        row["policy_id"]: row
        for row in await lookup.ask(SENTENCES, policies=[policy["id"] for policy in drawn])
    }
    places = {key: place for place, key in enumerate(graph.nodes)}
    placed = []
    for policy in drawn:
        said, holder = words[policy["id"]], _holder(graph, policy)
        node = Node(
            id=f"policies/{policy['id']}",
            column=POLICIES,
            kind="policy",
            name=said["roles"],
            detail=said["target"],
            url=lookup.url("policies", policy["id"]),
        )
        beside = (holder.startswith("access_groups/"), places.get(holder, len(places)))
        placed.append(((*beside, node.name, node.detail, node.id), holder, node))
    for _, holder, node in sorted(placed, key=lambda one: one[0]):
        graph.add(node)
        graph.connect(holder, node.id, "grants")
    rest = policies[len(drawn) :]
    what = "policies" if lookup.is_instance else "policies; their resources are not shown"
    add_more(lookup, graph, POLICIES, len(rest), what)
    for policy in rest:
        graph.connect(_holder(graph, policy), MORE[POLICIES], "grants")


def _holder(graph: Graph, policy: Mapping[str, Any]) -> str:
    """The node of whom a policy is for, or the one that stands for it."""
    if policy["access_group_id"]:
        column, node = GROUPS, f"access_groups/{policy['access_group_id']}"
    else:
        column, node = IDENTITIES, f"identities/{policy['iam_id']}"
    return node if node in graph.nodes else MORE[column]


async def connect_to_root(lookup: Lookup, graph: Graph) -> None:
    """Connect the policies with the instance that they all reach."""
    policies = graph.column(POLICIES)
    scopes = await lookup.ask(SCOPES_OF_INSTANCE) if policies else []
    scope_of = {row["policy_id"]: row["scope"] for row in scopes}
    for node in policies:
        graph.connect(node.id, graph.root, "reaches", scope_of.get(node.key, ""))


async def add_resources(lookup: Lookup, graph: Graph, policies: Sequence[str]) -> None:
    """Add what these policies reach, as far as there is room, what few policies reach first."""
    nodes: dict[str, Node] = {}
    reaches: Reaches = []
    if policies and "account management" in lookup.sees:
        for row in await lookup.ask(ACCOUNT_RESOURCES, policies=list(policies)):
            key = f"account_services/{row['resource']}"
            nodes[key] = Node(key, RESOURCES, "account_service", row["name"], row["about"])
            reaches.append((row["policy_id"], key, row["scope"]))
    left_out = 0
    if policies and "service instances" in lookup.sees:
        instances, left_out, to_instances = await _instances(lookup, policies, MOST - len(nodes))
        nodes |= {node.id: node for node in instances}
        reaches += to_instances
    _add_in_order(graph, nodes.values(), reaches)
    add_more(lookup, graph, RESOURCES, left_out, "service instances")
    for policy, resource, scope in reaches:
        graph.connect(f"policies/{policy}", resource, "reaches", scope)


async def _instances(
    lookup: Lookup, policies: Sequence[str], room: int
) -> tuple[list[Node], int, Reaches]:
    """The instances that there is room for, how many more there are, and who reaches them."""
    reached = await lookup.ask(REACHED, policies=list(policies), shown=room)
    first = {row["policy_id"]: json.loads(row["shown"]) for row in reached}
    total = max((row["of_all"] for row in reached), default=0)
    width: dict[str, int] = {}
    for row in reached:
        for key in first[row["policy_id"]]:
            width[key] = min(width.get(key, row["instances"]), row["instances"])
    shown = sorted(width, key=lambda key: (width[key], key))
    if total > room:
        shown = shown[: room - 1]
    reaches: Reaches = []
    for row in reached:
        own = [key for key in first[row["policy_id"]] if key in shown]
        nodes = [f"resource_service_instances/{key}" for key in own]
        if row["instances"] > len(own):
            nodes.append(MORE[RESOURCES])
        reaches += [(row["policy_id"], node, row["scope"]) for node in nodes]
    rows = await lookup.ask(INSTANCES, instances=shown)
    return [instance_node(lookup, row) for row in rows], total - len(shown), reaches


def _add_in_order(graph: Graph, nodes: Iterable[Node], reaches: Reaches) -> None:
    """Add resources at the height of the policies that reach them, so that few lines cross."""
    places = {node.id: place for place, node in enumerate(graph.column(POLICIES))}
    heights = defaultdict(list)
    for policy, resource, _ in reaches:
        heights[resource].append(places[f"policies/{policy}"])
    for node in sorted(
        nodes,
        key=lambda node: (
            sum(heights[node.id]) / len(heights[node.id]),
            node.kind,
            node.name.casefold(),
            node.id,
        ),
    ):
        graph.add(node)
