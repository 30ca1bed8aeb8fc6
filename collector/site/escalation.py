"""Marks in the picture who and what is privileged, and how the root could become so."""

from __future__ import annotations

import json

from .access_queries import (
    ESCALATIONS,
    PRIVILEGED_GROUPS,
    PRIVILEGED_IDENTITIES,
    PRIVILEGED_POLICIES,
)
from .graph import GROUPS, IDENTITIES, POLICIES, Escalation, Graph
from .lookup import Lookup

# By what the keys of a path begin with: the table of what they are the keys of.
_TABLES = {"AccessGroupId-": "access_groups", "crn:": None, "": "identities"}


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


async def add_escalations(lookup: Lookup, graph: Graph) -> None:
    """Add how the root could get full control, and mark the lines of the first step of that."""
    # A path names whoever and whatever it leads through.
    needed = {"shortest_escalation_paths", "policies", "identities", "access groups"}
    if not lookup.is_identity or not needed <= lookup.sees:
        return
    for row in await lookup.ask(ESCALATIONS):
        steps = [
            {"key": key, "name": name, "why": why, "url": _page(lookup, key)}
            for key, name, why in json.loads(row["steps"])
        ]
        graph.escalations.append(
            Escalation(row["account"], row["path"], row["confidence"], row["policy_id"], steps)
        )
        _mark_first_step(graph, f"policies/{row['policy_id']}", steps)


def _page(lookup: Lookup, key: str) -> str | None:
    """The page of what a step leads to, if it has one."""
    table = next(table for begins, table in _TABLES.items() if key.startswith(begins))
    if table is None or " " in key:  # of a resource, and of full control there is none
        return None
    return lookup.url(table, key)


def _mark_first_step(graph: Graph, policy: str, steps: list[dict[str, str | None]]) -> None:
    """Mark the lines from the root to the policy: its own, or of the group that comes first."""
    group = f"access_groups/{steps[0]['key']}"
    for way in ((graph.root, policy), (graph.root, group, policy)):
        lines = [graph.edges.get(pair) for pair in zip(way, way[1:], strict=False)]
        if all(lines):
            for line in lines:
                if line:
                    line.escalates = True
            return
