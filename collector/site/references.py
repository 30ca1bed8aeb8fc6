"""What the page of a row calls the row itself, and the rows that it refers to."""

from __future__ import annotations

from typing import Any

from datasette.utils import tilde_encode

from .readers import may_see


async def about_row(datasette: Any, actor: Any, name: str, table: str, row: Any) -> dict[str, Any]:
    """The name of a row, and by column the rows that it refers to; Datasette 0.65 shows neither."""
    database = datasette.databases[name]
    label = await database.label_column_for_table(table)
    refers_to = {}
    for key in await database.foreign_keys_for_table(table):
        value, other = row[key["column"]], key["other_table"]
        if value is not None and await may_see(datasette, actor, name, other):
            labels = await datasette.expand_foreign_keys(name, table, key["column"], [value])
            refers_to[key["column"]] = {
                "name": labels.get((key["column"], value), value),
                "url": datasette.urls.row(name, other, tilde_encode(str(value))),
            }
    return {"name": label and row[label], "refers_to": refers_to}
