"""Draws who gets where for one identity, access group or service instance, for one reader.

Here is what comes after what, and what is told beside the picture: holders.py finds who has access,
reach.py through which policies and to what. All of it is asked of facts: nothing is worked out but
what there is room for.
"""

from __future__ import annotations

from .access_queries import OWNED, OWNER, PROFILES
from .escalation import add_escalations, mark_privileged
from .graph import Graph
from .holders import add_groups, add_identities, memberships_of
from .lookup import MOST, PARTS, Lookup, address, some
from .nodes import identity_nodes, root_node
from .reach import add_policies, add_resources, connect_to_root, policies_about

MOST_PROFILES = MOST  # named below the picture


async def draw(lookup: Lookup, asked: str = "", chosen: int = 0) -> Graph:
    """The graph of the row that is looked up, with what its reader may see.

    `asked` is what paths shall lead to, as paths_between takes it, and `chosen` which one is drawn.
    """
    graph = Graph()
    graph.hidden = [part for part in PARTS if part not in lookup.sees]
    graph.root = graph.add(await root_node(lookup))

    memberships = await memberships_of(lookup)
    policies = await policies_about(lookup, memberships)
    drawn = some(policies)
    groups = await add_groups(lookup, graph, memberships, policies, drawn)
    await add_identities(lookup, graph, groups, memberships, policies, drawn)
    await add_policies(lookup, graph, policies, drawn)
    if lookup.is_instance:
        await connect_to_root(lookup, graph)
    else:
        await add_resources(lookup, graph, [policy["id"] for policy in drawn])
    await add_escalations(lookup, graph, asked, chosen)
    await mark_privileged(lookup, graph)
    await _remark(lookup, graph)
    return graph


async def _remark(lookup: Lookup, graph: Graph) -> None:
    """What gives access without a policy: to own the account, or to assume a trusted profile."""
    if "accounts" in lookup.sees:
        if lookup.is_identity:
            graph.owns = [row["account"] for row in await lookup.ask(OWNED)]
        elif lookup.is_instance:
            for row in await lookup.ask(OWNER):
                for node in await identity_nodes(lookup, {row["owner"]}):
                    named = {"iam_id": row["owner"], "name": node.name, "url": node.url}
                    graph.owner = {"account": row["account"], **named}
    if lookup.is_identity and {"trustedprofiles", "trustedprofile_identities"} <= lookup.sees:
        graph.profiles = [
            {**row, "url": address(lookup.datasette, lookup.name, "trustedprofiles", row["id"])}
            for row in await lookup.ask(PROFILES, most=MOST_PROFILES)
        ]
