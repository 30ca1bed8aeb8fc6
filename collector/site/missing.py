"""What the page tells that stands where nothing is: what was looked for, and where to go on."""

from __future__ import annotations

from typing import Any

from datasette.utils import tilde_decode, tilde_encode

from ..store.schema import TABLE
from .databases import holds_insights
from .names import reports_title
from .readers import may_enter, may_see

# The last time that a row was removed.
REMOVED = """
    select id, name, changed_at
    from changes
    where what = :table and key = :key and change = 'removed'
    order by id desc
    limit 1
"""


async def missing(datasette: Any, actor: Any, path: str) -> dict[str, Any]:
    """What somebody looked for at an address, in a sentence and as words to search for.

    With `removed`, if it was something that a collection found gone, and `places` to go on from.
    """
    parts = [tilde_decode(part) for part in _below(datasette, path).split("/") if part]
    if parts[:3] == ["-", "iaminsights", "graph"]:
        parts = parts[3:]
    removed = None
    if len(parts) == 3 and parts[1] in TABLE and await holds_insights(datasette, parts[0]):
        name, table, key = parts
        sentence = f"This file has no {TABLE[table].one} with the key {key}."
        removed = await _removed(datasette, actor, name, table, key)
    elif len(parts) == 2 and parts[0] in datasette.databases:
        sentence = f"There is no table and no report named {parts[1]}."
    else:
        sentence = f"There is no page at {tilde_decode(path)}."
    places = []
    for name in datasette.databases:
        if await holds_insights(datasette, name) and await may_enter(datasette, actor, name):
            url = datasette.urls.database(name)
            places.append({"url": url, "words": await reports_title(datasette, name)})
    words = " ".join(parts[-1].replace(",", " ").replace("_", " ").split()) if parts else ""
    return {"sentence": sentence, "words": words, "removed": removed, "places": places}


def _below(datasette: Any, path: str) -> str:
    return path.removeprefix(datasette.setting("base_url").rstrip("/"))


async def _removed(
    datasette: Any, actor: Any, name: str, table: str, key: str
) -> dict[str, Any] | None:
    """When a row went that was there, and where that is told; keys of several parts have blanks."""
    if not await may_see(datasette, actor, name, "changes", table):
        return None
    values = {"table": table, "key": key.replace(",", " ")}
    rows = (await datasette.databases[name].execute(REMOVED, values)).rows
    if not rows:
        return None
    url = datasette.urls.row(name, "changes", tilde_encode(str(rows[0]["id"])))
    return {"url": url, "name": rows[0]["name"], "changed_at": rows[0]["changed_at"]}
