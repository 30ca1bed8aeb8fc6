"""Marks in the picture who and what is privileged, and draws how the root gets to full control,
or to whatever somebody asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .access_queries import (
    ESCALATIONS,
    PRIVILEGED_GROUPS,
    PRIVILEGED_IDENTITIES,
    PRIVILEGED_POLICIES,
    SENTENCES,
)
from .catalogue import is_visible, known
from .graph import GROUPS, IDENTITIES, POLICIES, RESOURCES, Escalation, Graph, Node
from .lookup import Lookup
from .nodes import identity_nodes

# By what the keys of a path begin with: the table of what they are the keys of.
_TABLES = {"AccessGroupId-": "access_groups", "crn:": None, "": "identities"}
_REPORT = "paths_between"
# A path names whoever and whatever it leads through.
_NEEDED = {"shortest_escalation_paths", "policies", "identities", "access groups"}


async def mark_privileged(lookup: Lookup, graph: Graph) -> None:
    """Mark who is privileged, in the root's account, and the groups and policies that make so."""
    columns = (
        (IDENTITIES, "administrators", PRIVILEGED_IDENTITIES),
        (GROUPS, "policies", PRIVILEGED_GROUPS),
        (POLICIES, "policies", PRIVILEGED_POLICIES),
    )
    for column, part, sql in columns:
        nodes = {node.key: node for node in graph.column(column) if node.kind != "more"}
        if nodes and part in lookup.sees:
            for row in await lookup.ask(sql, keys=list(nodes)):
                nodes[row["key"]].privileged = True


async def add_escalations(lookup: Lookup, graph: Graph, asked: str = "", chosen: int = 0) -> None:
    """Add how the root could get full control, or to what is asked for, and draw it.

    Of several paths to what is asked for, one is drawn: the `chosen` one, counted from 0.
    """
    rows = await _paths(lookup, asked) if lookup.sees >= _NEEDED else []
    for row in rows:
        steps = [
            {"key": key, "name": name, "why": why, "policy": policy, "url": _page(lookup, key)}
            for key, name, why, policy in json.loads(row["steps"])
        ]
        graph.escalations.append(
            Escalation(
                **{name: row[name] for name in ("account", "target", "path", "confidence")},
                policy_id=row["policy_id"],
                steps=steps,
            )
        )
    graph.asked = asked
    graph.chosen = min(max(chosen, 0), max(len(graph.escalations) - 1, 0))
    drawn = graph.escalations[graph.chosen :][:1] if asked else graph.escalations
    for escalation in drawn:
        await _draw(lookup, graph, escalation.steps)


async def _paths(lookup: Lookup, asked: str) -> list[dict[str, Any]]:
    if not asked:
        return await lookup.ask(ESCALATIONS) if lookup.is_identity else []
    reader = (lookup.datasette, lookup.actor, lookup.name)
    report = (await known(*reader)).get(_REPORT)
    if lookup.is_instance or not report or not await is_visible(*reader, report):
        return []
    return await lookup.ask(report["sql"], source=lookup.key, target=asked)


def _page(lookup: Lookup, key: str) -> str | None:
    """The page of what a step leads to, if it has one."""
    table = next(table for begins, table in _TABLES.items() if key.startswith(begins))
    if table is None or " " in key:  # of a resource, and of full control there is none
        return None
    return lookup.url(table, key)


async def _draw(lookup: Lookup, graph: Graph, steps: Sequence[Mapping[str, Any]]) -> None:
    """Draw each step from the root on: to the policy that allows it, and from there."""
    policies = {step["policy"] for step in steps} - {None}
    said = {row["policy_id"]: row for row in await lookup.ask(SENTENCES, policies=list(policies))}
    people = await identity_nodes(lookup, {step["key"] for step in steps})
    nodes = {node.key: node for node in people}
    here = graph.root
    for step in steps:
        there = _add(graph, nodes.get(step["key"]) or _node(step))
        if row := said.get(step["policy"]):
            url = lookup.url("policies", row["policy_id"])
            policy = _add(
                graph,
                Node(
                    f"policies/{row['policy_id']}", POLICIES, "policy",
                    row["roles"] or "no roles", row["target"] or "", url,
                ),
            )  # fmt: skip
            _mark(graph, here, policy, "grants")
            here = policy
        is_member = there.startswith("access_groups/") and not step["policy"]
        _mark(graph, here, there, "member" if is_member else "leads", step["why"])
        here = there


def _node(step: Mapping[str, Any]) -> Node:
    """What is no identity: an access group, or what paths end at, or a resource on their way."""
    key, name = step["key"], step["name"]
    if key.startswith("AccessGroupId-"):
        name = name.removeprefix("access group ")
        return Node(
            f"access_groups/{key}", GROUPS, "access_group", name, "access group", step["url"]
        )
    if key.startswith("crn:"):
        return Node(f"resource_service_instances/{key}", RESOURCES, "service_instance", name)
    return Node(f"ends/{key}", RESOURCES, "end", name)


def _add(graph: Graph, node: Node) -> str:
    if node.id not in graph.nodes:
        node.on_path = True
    return graph.add(node)


def _mark(graph: Graph, start: str, end: str, kind: str, detail: str = "") -> None:
    """Mark the line between two things, which may be there for another reason."""
    graph.connect(start, end, kind, detail)
    graph.edges[start, end].escalates = True
