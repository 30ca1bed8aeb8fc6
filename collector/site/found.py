"""What a search has found, grouped by kind: people first, then what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasette.utils import to_css_class
from markupsafe import Markup, escape

from .layout import Layout

# Kinds in this order, whatever else there is behind them, by name.
KINDS = {
    "person": "People",
    "service ID": "Service IDs",
    "trusted profile": "Trusted profiles",
    "access group": "Access groups",
    "service instance": "Service instances",
    "policy": "Policies",
    "API key": "API keys",
    "resource group": "Resource groups",
}


def by_kind(
    layout: Layout, rows: Sequence[Mapping[str, Any]], cells: Sequence[Sequence[Any]], found: int
) -> Markup:
    """The rows of a page as HTML, below a heading for each kind; in a group they stay as ranked.

    A heading has the number of its rows if these are all that were found.
    """
    order = list(KINDS)
    groups: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        groups.setdefault(row["kind"], []).append(at)
    parts = []
    for kind in sorted(groups, key=lambda kind: (kind not in KINDS, _place(order, kind), kind)):
        title = KINDS.get(kind, kind)
        number = f"{len(groups[kind]):,}" if found == len(rows) else ""
        parts.append(
            f'<tr class="group {to_css_class(kind)}"><th scope="rowgroup" '
            f'colspan="{len(layout.table)}">{escape(title)} '
            f'<span class="quiet">{number}</span></th></tr>\n'
        )
        of_kind = groups[kind]
        parts.append(layout.html([rows[at] for at in of_kind], [cells[at] for at in of_kind]))
    return Markup("".join(parts))


def _place(order: Sequence[str], kind: str) -> int:
    return order.index(kind) if kind in KINDS else 0
