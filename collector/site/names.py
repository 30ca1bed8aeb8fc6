"""What pages call rows, tables and databases: in titles, in headings, on the way to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..store.schema import TABLE
from ..store.table import TIME, heading
from .databases import holds_insights
from .readers import may, may_see
from .times import moment

# Identities by what they are.
KINDS = {
    "user": "person",
    "service_id": "service ID",
    "trusted_profile": "trusted profile",
    "service": "service",
    "unknown": "unknown identity",
}

SENTENCES = """
    select policy_id, sentence
    from policy_sentences
    where policy_id in (select value from json_each(:keys))
"""


def heading_of(table: str) -> str:
    """What the page of a table or view is called."""
    return TABLE[table].heading if table in TABLE else heading(table)


def by_heading(tables: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Tables in the order of what their pages are called."""
    return sorted(tables, key=lambda table: heading_of(table["name"]).casefold())


async def reports_title(datasette: Any, database: str) -> str:
    """What the page of a database of ours is called, which lists its reports."""
    own = (datasette.metadata("databases") or {}).get(database, {}).get("title")
    if own:
        return str(own)
    # Datasette's own databases begin so: asked each time, they would take most of a page's time.
    others = [name for name in datasette.databases if not name.startswith("_")]
    ours = [name for name in others if await holds_insights(datasette, name)]
    return "Reports" if len(ours) == 1 else f"Reports of {database}"


def kind_of(table: str, row: Mapping[str, Any]) -> str:
    """What a row is, in a word or a few."""
    if table == "identities":
        return KINDS.get(row["kind"], str(row["kind"]))
    if table == "policies" and row["type"] == "authorization":
        return "authorization"
    if table == "roles" and row["kind"]:
        return f"{row['kind']} role"
    return TABLE[table].one if table in TABLE else f"row of {heading_of(table)}"


async def name_of(datasette: Any, actor: Any, name: str, table: str, row: Any) -> str:
    """What a row is called: its name, of a policy what it says; without any, what its key names."""
    database = datasette.databases[name]
    declared = TABLE.get(table) if await holds_insights(datasette, name) else None
    if declared and table == "policies":
        said = await sentences(datasette, actor, name, [row["id"]])
        return said.get(row["id"]) or str(row["id"])
    if declared and declared.identity:
        # The row itself has them all, so that whoever sees it may see its name.
        names = ", ".join(f"nullif({sql}, '')" for sql in declared.identity.names)
        found = await database.execute(
            f"select coalesce({names}, id) from {table} where id = ?", [row["id"]]
        )
        return str(found.rows[0][0])
    label = await database.label_column_for_table(table)
    if label and str(row[label] or "").strip():
        return str(row[label])
    refers_to = {key["column"]: key for key in await database.foreign_keys_for_table(table)}
    times = {c.name for c in declared.columns if c.kind == TIME} if declared else set()
    parts = []
    for column in await database.primary_keys(table) or ["rowid"]:
        value = row[column]
        if column in refers_to and value is not None:
            value = await label_of(datasette, actor, name, table, refers_to[column], value)
        parts.append(moment(value) if column in times else str(value))
    if declared and table == "collections":
        parts.append(moment(row["finished_at"] or row["started_at"]))
    return ", ".join(part for part in parts if part)


async def label_of(
    datasette: Any, actor: Any, name: str, table: str, key: Mapping[str, str], value: Any
) -> str:
    """What the row that a foreign key of a table refers to is called; its key, if it is unseen."""
    other = key["other_table"]
    if not await may_see(datasette, actor, name, other):
        return str(value)
    if other == "policies" and await holds_insights(datasette, name):
        return (await sentences(datasette, actor, name, [value])).get(value, str(value))
    labels = await datasette.expand_foreign_keys(name, table, key["column"], [value])
    return str(labels.get((key["column"], value)) or value)


async def sentences(
    datasette: Any, actor: Any, name: str, policies: Collection[str]
) -> dict[str, str]:
    """What policies say, by ID; nothing if the reader may not see it."""
    if not policies or not await may_see(
        datasette, actor, name, "policies", "policy_descriptions", "policy_sentences"
    ):
        return {}
    rows = await datasette.databases[name].execute(SENTENCES, {"keys": json.dumps([*policies])})
    return {key: sentence for key, sentence in rows if sentence}


async def crumbs(
    datasette: Any,
    actor: Any,
    request: Any,
    database: str | None = None,
    table: str | None = None,
    tables: bool = False,
) -> list[dict[str, str]]:
    """The way to a page by name, as far as the reader may go it, as Datasette asks for it.

    The list of all tables is on the way to a `table`, and where `tables` says so.
    """
    urls = datasette.urls
    ways: list[tuple[list[Any], str, str]] = [(["view-instance"], urls.instance(), "home")]
    if database:
        ours = await holds_insights(datasette, database)
        called = await reports_title(datasette, database) if ours else database
        here: list[Any] = [("view-database", database), "view-instance"]
        ways.append((here, urls.database(database), called))
        if ours and (table or tables):
            ways.append((here, tables_url(datasette, database), "Tables"))
        if table:
            it = [("view-table", (database, table)), *here]
            ways.append((it, urls.table(database, table), heading_of(table) if ours else table))
    found = []
    for permissions, url, label in ways:
        if await may(datasette, actor, permissions):
            found.append({"href": url, "label": label})
    return found


def tables_url(datasette: Any, database: str) -> str:
    """Where the tables of a database are listed."""
    return f"{datasette.urls.database(database)}?_tables=1"
