"""Says on the page of a table in words what its cells hold: Datasette asks plugins cell by cell,
and here one question is asked for all rows of the page. JSON and CSV stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from .differences import differences
from .names import sentences

_OF_A_CHANGE = ("what", "key", "name", "change", "before", "after")


async def tell(
    datasette: Any, actor: Any, name: str, table: str, rows: Sequence[Sequence[dict[str, Any]]]
) -> str:
    """Rewrite the cells of a page's rows, where they are; gives nothing for a template to show."""
    await _tell_policies(datasette, actor, name, table, rows)
    if table == "changes":
        await tell_changes(datasette, actor, name, rows)
    return ""


async def tell_changes(
    datasette: Any, actor: Any, name: str, rows: Sequence[Sequence[dict[str, Any]]]
) -> str:
    """Say in the cells of changes what differs; gives nothing for a template to show."""
    cells = [{cell["column"]: cell for cell in row} for row in rows]
    changes = [{column: of[column]["raw"] for column in _OF_A_CHANGE} for of in cells]
    told = await differences(datasette, actor, name, changes)
    for of, difference in zip(cells, told, strict=True):
        of["name"]["value"] = difference.link()
        if of["before"]["raw"]:
            of["before"]["value"] = difference.html(new=False)
        if of["after"]["raw"]:
            of["after"]["value"] = difference.html(old=False)
    return ""


async def tell_report(
    datasette: Any,
    actor: Any,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Any],
    cells: Sequence[list[Any]],
) -> str:
    """The same for a report on changes; other reports stay as they are."""
    if not {*_OF_A_CHANGE, "difference"} <= {*columns}:
        return ""
    changes = [
        {**{column: row[column] for column in _OF_A_CHANGE}, "what": row["what"].replace(" ", "_")}
        for row in rows
    ]
    place = columns.index
    told = await differences(datasette, actor, name, changes)
    for row, shown, difference in zip(rows, cells, told, strict=True):
        shown[place("name")] = difference.link()
        shown[place("difference")] = difference.html() or Markup("&nbsp;")
        shown[place("before")] = difference.html(new=False) if row["before"] else ""
        shown[place("after")] = difference.html(old=False) if row["after"] else ""
    return ""


async def _tell_policies(
    datasette: Any, actor: Any, name: str, table: str, rows: Sequence[Sequence[dict[str, Any]]]
) -> None:
    """Policies as what they say, above their IDs."""
    columns = {
        key["column"]
        for key in await datasette.databases[name].foreign_keys_for_table(table)
        if key["other_table"] == "policies"
    }
    if table == "policies":
        columns = {"id"}
    cells = [cell for row in rows for cell in row if cell["column"] in columns and cell["raw"]]
    said = await sentences(datasette, actor, name, {str(cell["raw"]) for cell in cells})
    for cell in cells:
        key = str(cell["raw"])
        if key in said:
            url = datasette.urls.row(name, "policies", tilde_encode(key))
            cell["value"] = Markup(
                f'<a class="said" href="{escape(url)}"><bdi>{escape(said[key])}</bdi></a>'
                f'<span class="key-of-row">{escape(key)}</span>'
            )
