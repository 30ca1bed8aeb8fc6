"""The page of a report: the rows that it shows of those that were found, and what stands where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from ..reports.report import ROWS_COLUMN
from .asked import Asked, current
from .facets import Facet, facets
from .filters import MOST_COUNTED, ROWS
from .layout import Layout, layout


@dataclass(frozen=True)
class ReportPage:
    """What the template of a report needs to know of it beside its rows.

    `asked` is none where rows cannot be chosen, `found` the number of rows on all pages.
    """

    asked: Asked | None
    found: int
    facets: list[Facet]
    layout: Layout

    @property
    def fragment(self) -> str:
        """The chart of counted rows, in datasette-vega's vocabulary."""
        column = self.asked.selection.count_by if self.asked else None
        by = quote(column or "", safe="")
        return (
            f"g.mark=bar&g.x_column={ROWS}&g.x_type=quantitative&g.y_column={by}&g.y_type=nominal"
        )

    def counts(self, rows: Sequence[Any]) -> list[tuple[Markup, int]]:
        """Rows of counted values: each value as a link to what it counts, and the number."""
        if self.asked is None or not (column := self.asked.selection.count_by):
            return []
        cells = []
        for place, (value, number) in enumerate(rows):
            text = Markup("<em>empty</em>") if value is None else escape(value)
            if place < MOST_COUNTED:
                there = escape(self.asked.only(column, value))
                text = Markup(f'<a href="{there}">{text}</a>')
            cells.append((text, number))
        return cells


def report_pages() -> Callable[..., Awaitable[ReportPage]]:
    """A function for one page, which works out once for all of its blocks what there is."""
    known: list[ReportPage] = []

    async def once(*page: Any) -> ReportPage:
        if not known:
            known.append(await report_page(current.get(), *page))
        return known[0]

    return once


async def report_page(
    asked: Asked | None,
    metadata: Mapping[str, Any],
    columns: Sequence[str],
    rows: Sequence[Any],
    cells: Sequence[Sequence[Any]],
    arguments: Mapping[str, str],
) -> ReportPage:
    """The page of a report that has these rows, which are shown as these cells."""
    found = rows[0][ROWS_COLUMN] if rows and ROWS_COLUMN in columns else len(rows)
    if asked is not None and asked.selection.count_by:
        whole = Layout(tuple(columns), (), (), (), 0, "", tuple(columns))
        return ReportPage(asked, found, [], whole)
    if asked is None:
        return ReportPage(asked, found, [], layout(metadata, columns, rows, cells, arguments))
    of_columns = await facets(asked, metadata, rows, found)
    settled = None if found == len(rows) else [one.column for one in of_columns if one.is_settled]
    return ReportPage(
        asked,
        found,
        [one for one in of_columns if one.chooses],
        layout(metadata, columns, rows, cells, arguments, settled),
    )
