"""Makes the nodes of identities, access groups and service instances, with their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..store.schema import TABLE
from .access_queries import GROUP_NAMES, IDENTITY_NAMES
from .graph import GROUPS, IDENTITIES, RESOURCES, Graph, Node
from .lookup import Lookup
from .names import KINDS

# What stands for those that a column has no room for, by column.
MORE = ("more/identities", "more/groups", "more/policies", "more/resources")


async def root_node(lookup: Lookup) -> Node:
    """The node of the row itself, which links to its own page."""
    if lookup.is_instance:
        node = instance_node(lookup, lookup.row)
    elif lookup.is_identity:
        (node,) = await identity_nodes(lookup, {lookup.key})
    else:
        (node,) = await group_nodes(lookup, {lookup.key})
    node.url = lookup.url(lookup.table, lookup.row[TABLE[lookup.table].key[0]])
    return node


async def identity_nodes(lookup: Lookup, identities: Collection[str]) -> list[Node]:
    """Identities by name; those that the reader may not see are not among them."""
    if "identities" in lookup.sees:
        rows = await lookup.ask(IDENTITY_NAMES, identities=list(identities))
    else:  # he sees the row that he has asked for
        own = {lookup.key} & {*identities}
        rows = [{"iam_id": key, "name": key, "kind": ""} for key in own]
    return [
        Node(
            id=f"identities/{row['iam_id']}",
            column=IDENTITIES,
            kind=row["kind"],
            name=row["name"],
            detail=KINDS.get(row["kind"], row["kind"]),
            url=lookup.url("identities", row["iam_id"]),
        )
        for row in sorted(rows, key=lambda row: (row["name"].casefold(), row["iam_id"]))
    ]


async def group_nodes(lookup: Lookup, groups: Collection[str]) -> list[Node]:
    """Access groups by name."""
    rows = await lookup.ask(GROUP_NAMES, groups=list(groups))
    return [
        Node(
            id=f"access_groups/{row['access_group_id']}",
            column=GROUPS,
            kind="access_group",
            name=row["name"],
            detail="access group",
            url=lookup.url("access_groups", row["access_group_id"]),
        )
        for row in sorted(rows, key=lambda row: (row["name"].casefold(), row["access_group_id"]))
    ]


def instance_node(lookup: Lookup, row: Mapping[str, Any]) -> Node:
    """A service instance: its service, region and, unless that is active, state."""
    states = () if row["state"] in (None, "active") else (row["state"],)
    return Node(
        id=f"resource_service_instances/{row['id']}",
        column=RESOURCES,
        kind="service_instance",
        name=row["name"] or row["id"],
        detail=", ".join(filter(None, (row["service_name"], row["region_id"], *states))),
        url=lookup.url("resource_service_instances", row["id"]),
    )


def add_more(
    lookup: Lookup, graph: Graph, column: int, number: int, what: str, url: str | None = None
) -> None:
    """Add what stands for those that there is no room for, if there are any."""
    if number > 0:
        name, url = f"and {number:,} more", url or lookup.as_report
        graph.add(Node(MORE[column], column, "more", name, what, url, number))
