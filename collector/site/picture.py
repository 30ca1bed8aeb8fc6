"""Where everything in the picture of access stands, and the same as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .graph import COLUMNS, GROUPS, IDENTITIES, POLICIES, RESOURCES, Edge, Graph, Node
from .labels import labels, with_ending

WIDTHS = (220, 220, 310, 250)  # of the columns, and what is between them
GAP, MARGIN, TOP = 80, 4, 40
HEIGHT, STEP = 42, 52  # of a node, and from one to the next
LETTER = 8  # the width of most letters of a name
LANE = 9  # between policies' lines that pass by the access groups
LEFTS = [MARGIN + sum(WIDTHS[:place]) + GAP * place for place in range(4)]
WIDTH = LEFTS[-1] + WIDTHS[-1] + MARGIN


def picture(graph: Graph) -> dict[str, Any]:
    """Where everything is: for the template."""
    edges = list(graph.edges.values())
    lanes = _lanes(graph, edges)
    block = 30 + LANE * len(lanes) if lanes else 0  # of the lanes, above the groups
    tallest = max(
        STEP * len(graph.column(number)) + (block if number == GROUPS else 0) for number in range(4)
    )
    tops = _tops(graph, edges, TOP + tallest, block)
    spots = {
        node.id: {
            **_spot(node, tops[node.id], node.id == graph.root),
            "name": _label_of(node, cut),
        }
        for number in range(4)
        for cut in [labels([node.name for node in graph.column(number)], WIDTHS[number] // LETTER)]
        for node in graph.column(number)
    }
    ways: list[float] = []
    if lanes:
        # As high as the policies that they lead to, as far as there is room above the groups.
        own = [tops[edge.end] for edge in edges if edge.start in lanes and edge.kind == "grants"]
        highest = min((tops[node.id] for node in graph.column(GROUPS)), default=TOP + tallest)
        top = max(TOP, min(sum(own) / len(own) - block / 2, highest - block))
        ways = [top + 24 + LANE * place for place in range(len(lanes))]
    return {
        "width": WIDTH,
        "height": TOP + tallest + MARGIN,
        "columns": [
            {
                "title": COLUMNS[number],
                "number": sum(node.more or 1 for node in graph.column(number) if not node.on_path),
                "x": LEFTS[number],
                "width": WIDTHS[number],
            }
            for number in range(4)
        ],
        "nodes": list(spots.values()),
        "edges": [
            {
                "style": edge.detail if edge.kind == "reaches" and edge.detail else edge.kind,
                "escalates": edge.escalates,
                "path": _path(spots, edge, dict(zip(lanes, ways, strict=True))),
                "title": _told(graph, edge),
            }
            # What is marked is drawn over what is not.
            for edge in sorted(edges, key=lambda edge: edge.escalates)
        ],
        "directly": ways and {"y": ways[0] - 10, "x": LEFTS[GROUPS] + WIDTHS[GROUPS] / 2},
    }


def _lanes(graph: Graph, edges: Iterable[Edge]) -> list[str]:
    """The identities whose own policies' lines pass by the access groups, from the top."""
    starts = {
        edge.start
        for edge in edges
        if graph.nodes[edge.start].column == IDENTITIES and graph.nodes[edge.end].column == POLICIES
    }
    return [node.id for node in graph.column(IDENTITIES) if node.id in starts]


def _tops(graph: Graph, edges: Iterable[Edge], bottom: float, block: float) -> dict[str, float]:
    """How high each node stands: the longest column first, the others beside what they lead to."""
    beside = defaultdict(list)
    for edge in edges:
        for one, other in ((edge.start, edge.end), (edge.end, edge.start)):
            # What is drawn in any case does not move for the sake of a path.
            if edge.kind != "leads" or graph.nodes[one].on_path:
                beside[one].append(other)
    longest = max(range(4), key=lambda number: len(graph.column(number)))
    tops: dict[str, float] = {}
    for number in sorted(range(4), key=lambda number: abs(number - longest)):
        nodes = graph.column(number)
        at = TOP + (block if number == GROUPS else 0)
        for node in nodes:
            near = [tops[other] for other in beside[node.id] if other in tops]
            wanted = sum(near) / len(near) if near else at
            if len(nodes) == 1:
                wanted = min(wanted, TOP + 260)  # seen at once, also in a tall picture
            tops[node.id] = at = max(at, wanted)
            at += STEP
        at = bottom
        for node in reversed(nodes):
            at -= STEP
            tops[node.id] = min(tops[node.id], at)
            at = tops[node.id]
    return tops


def _label_of(node: Node, cut: dict[str, tuple[str, str]]) -> tuple[str, str]:
    # What stands for several is short, and its number is what it says.
    return (node.name, "") if node.kind == "more" else cut[node.name]


def _spot(node: Node, y: float, is_root: bool) -> dict[str, Any]:
    return {
        "node": node,
        "x": LEFTS[node.column],
        "y": y,
        "width": WIDTHS[node.column],
        "height": HEIGHT,
        "detail": with_ending(node.detail) if node.kind == "policy" else (node.detail, ""),
        "is_root": is_root,
    }


def _path(spots: Any, edge: Edge, lanes: dict[str, float]) -> str:
    start, end = spots[edge.start], spots[edge.end]
    x, y = start["x"] + start["width"], start["y"] + HEIGHT / 2
    path = f"M{x} {y:g}"
    if edge.start in lanes and start["node"].column == IDENTITIES and edge.kind == "grants":
        lane, left, right = lanes[edge.start], LEFTS[GROUPS], LEFTS[GROUPS] + WIDTHS[GROUPS]
        path += f"C{x + GAP / 2:g} {y:g} {left - GAP / 2:g} {lane:g} {left} {lane:g}H{right}"
        x, y = right, lane
    to_x, to_y, bend = end["x"], end["y"] + HEIGHT / 2, GAP / 2
    if edge.kind == "leads" and start["node"].column >= end["node"].column:
        return _back(start, end)
    return path + f"C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x} {to_y:g}"


def _back(start: Any, end: Any) -> str:
    """The line of a step to something in the same column, or in one before it."""
    is_beside, is_last = start["x"] == end["x"], start["node"].column == RESOURCES
    x = start["x"] + (start["width"] if is_beside and not is_last else 0)
    to_x = end["x"] + (0 if is_beside and is_last else end["width"])
    y, to_y = start["y"] + HEIGHT / 2, end["y"] + HEIGHT / 2
    side = 1 if is_beside and not is_last else -1
    to_side = -1 if is_beside and is_last else 1
    return (
        f"M{x} {y:g}C{x + side * GAP * 0.75:g} {y:g} {to_x + to_side * GAP * 0.75:g} {to_y:g} "
        f"{to_x} {to_y:g}"
    )


def _told(graph: Graph, edge: Edge) -> str:
    start, end = graph.nodes[edge.start], graph.nodes[edge.end]
    words = {"member": "is in", "grants": "has", "reaches": "reaches", "leads": "leads to"}
    return f"{start.name} {words[edge.kind]} {end.name}" + (
        f" ({edge.detail})" if edge.detail else ""
    )


def paths(graph: Graph) -> list[dict[str, Any]]:
    """The picture as a table: a row for each policy, and for each group that has none."""
    before, after = defaultdict(list), defaultdict(list)
    for edge in graph.edges.values():
        if edge.kind == "leads" or graph.nodes[edge.start].on_path or graph.nodes[edge.end].on_path:
            continue  # told with the path
        before[edge.end].append((graph.nodes[edge.start], edge.detail))
        after[edge.start].append((graph.nodes[edge.end], edge.detail))
    rows = []
    for group in graph.column(GROUPS):
        if not after[group.id] and not group.on_path:
            rows.append(_row(before[group.id], [(group, "")], None, []))
    for policy in graph.column(POLICIES):
        if policy.on_path:
            continue
        groups = [node for node, _ in before[policy.id] if node.column == GROUPS]
        own = [(node, "") for node, _ in before[policy.id] if node.column == IDENTITIES]
        people = own + [one for group in groups for one in before[group.id]]
        people = list({node.id: (node, membership) for node, membership in people}.values())
        rows.append(_row(people, [(group, "") for group in groups], policy, after[policy.id]))
    rows.sort(key=lambda row: row["policy"] is None)
    return rows


def _row(identities: Any, groups: Any, policy: Any, resources: Any) -> dict[str, Any]:
    return {
        "identities": identities,
        "groups": groups,
        "policy": policy,
        "resources": resources,
        "scope": ", ".join(dict.fromkeys(scope for _, scope in resources if scope)),
    }
