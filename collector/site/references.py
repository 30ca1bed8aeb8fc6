"""What the page of a row calls the row itself, and the rows that it refers to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette.utils import tilde_encode

from .databases import holds_insights
from .names import heading_of, kind_of, label_of, name_of
from .readers import may_see


def about_rows(datasette: Any, actor: Any) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A function like about_row for the row of one page, which looks it up once for all blocks."""
    known: list[dict[str, Any]] = []

    async def once(*row: Any) -> dict[str, Any]:
        if not known:
            known.append(await about_row(datasette, actor, *row))
        return known[0]

    return once


async def about_row(datasette: Any, actor: Any, name: str, table: str, row: Any) -> dict[str, Any]:
    """What a row is called, its kind, its table, and by column the rows that it refers to.

    Datasette 0.65 shows none of these.
    """
    refers_to = {}
    for key in await datasette.databases[name].foreign_keys_for_table(table):
        value, other = row[key["column"]], key["other_table"]
        if value is not None and await may_see(datasette, actor, name, other):
            refers_to[key["column"]] = {
                "name": await label_of(datasette, actor, name, table, key, value),
                "url": datasette.urls.row(name, other, tilde_encode(str(value))),
            }
    called = await name_of(datasette, actor, name, table, row)
    ours = await holds_insights(datasette, name)
    return {
        "name": called,
        "kind": kind_of(table, row) if ours else f"row of {table}",
        "table": heading_of(table) if ours else table,
        "refers_to": refers_to,
    }
