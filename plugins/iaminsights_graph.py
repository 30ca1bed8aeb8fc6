"""The page with the picture of access: who gets where, through which access groups and policies.

It is drawn by the server for one identity, access group or service instance and needs no script:
the lines are SVG, and what they connect is HTML over it, because the browser alone knows how wide a
text is in its fonts and can cut what does not fit. Below the picture stands a table that says the
same, and its JSON is beside it.
"""

from __future__ import annotations

import functools

from datasette import NotFound, Response, hookimpl
from datasette.utils import tilde_decode

from iaminsights.site.access import draw
from iaminsights.site.answers import json_answer
from iaminsights.site.databases import holds_insights
from iaminsights.site.lookup import Lookup, address
from iaminsights.site.picture import paths, picture
from iaminsights.site.subjects import PICTURED
from iaminsights.store.schema import TABLE


@hookimpl
def register_routes():
    return [
        (
            r"^/-/iaminsights/graph/(?P<database>[^/]+)/(?P<table>[^/]+)/(?P<key>[^/.]+)"
            r"(?P<format>\.json)?$",
            _page,
        )
    ]


@hookimpl
def extra_template_vars(datasette):
    return {"graph_url": functools.partial(_graph_url, datasette)}


async def _graph_url(datasette, name: str, table: str, row) -> str | None:
    """Where the picture of a row is; None where there is none."""
    if table not in PICTURED or not await holds_insights(datasette, name):
        return None
    return address(datasette, name, table, row[TABLE[table].key[0]])


async def _page(datasette, request) -> Response:
    name, table, key = (
        tilde_decode(request.url_vars[part]) for part in ("database", "table", "key")
    )
    if table not in PICTURED or not await holds_insights(datasette, name):
        raise NotFound("There is no such graph")
    await datasette.ensure_permissions(
        request.actor,
        [("view-table", (name, table)), ("view-database", name), "view-instance"],
    )
    rows = await datasette.databases[name].execute(
        f"select * from {table} where {TABLE[table].key[0]} = :key", {"key": key}
    )
    if not rows.rows:
        raise NotFound("There is no such row")
    lookup = await Lookup(datasette, request.actor, name, table, rows.rows[0]).prepare()
    asked, number = request.args.get("to") or "", request.args.get("path") or "1"
    graph = await draw(lookup, asked, int(number) - 1 if number.isdecimal() else 0)
    if request.url_vars["format"]:
        return json_answer(datasette, graph.as_json())
    query = f"?{request.query_string}" if asked else ""
    json_address = f"{address(datasette, name, table, key)}.json{query}"
    html = await datasette.render_template(
        "graph.html",
        {
            "database": name,
            "table": table,
            "graph": graph,
            "root": graph.nodes[graph.root],
            "picture": picture(graph),
            "paths": paths(graph),
            "all_of_it": lookup.as_report,
            "json_url": json_address,
            "alternate_url_json": datasette.absolute_url(request, json_address),
        },
        request=request,
        view_name="iaminsights_graph",
    )
    return Response.html(html)
