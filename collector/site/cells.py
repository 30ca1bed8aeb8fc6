"""Says on the page of a table in words what its cells hold: Datasette asks plugins cell by cell,
and here one question is asked for all rows of the page. JSON and CSV stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from .names import sentences


async def tell(
    datasette: Any, actor: Any, name: str, table: str, rows: Sequence[Sequence[dict[str, Any]]]
) -> str:
    """Rewrite the cells of a page's rows, where they are; gives nothing for a template to show."""
    await _tell_policies(datasette, actor, name, table, rows)
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
