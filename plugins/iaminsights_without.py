"""The page of what would be lost without a policy, access group, or member of one, and its JSON."""

from __future__ import annotations

import functools
import sqlite3

from datasette import Forbidden, NotFound, Response, hookimpl
from datasette.utils import tilde_decode, tilde_encode

from iaminsights.site import without
from iaminsights.site.answers import json_answer
from iaminsights.site.databases import holds_insights

TOO_LONG = "This answer takes longer than this site allows (the setting sql_time_limit_ms)."


@hookimpl
def register_routes():
    return [
        (
            r"^/-/iaminsights/without/(?P<database>[^/]+)/(?P<table>[^/]+)/(?P<key>[^/.]+)"
            r"(?P<format>\.json)?$",
            _page,
        )
    ]


@hookimpl
def extra_template_vars(datasette, request):
    """Where the page about a row is, and those about the access groups of an identity.

    None where there is none, or the reader may not see it.
    """
    if request is None:
        return {}
    reader = (datasette, request.actor)
    return {
        "without_url": functools.partial(_address, *reader),
        "groups_of": functools.partial(_groups, *reader),
    }


async def _address(datasette, actor, name: str, table: str, row) -> str | None:
    if table not in without.TABLES or not await holds_insights(datasette, name):
        return None
    if not without.can_go(table, row) or not await without.may_ask(datasette, actor, name):
        return None
    return without.address(datasette, name, table, row)


async def _groups(datasette, actor, name: str, table: str, row) -> dict | None:
    if not without.is_identity(table) or not await holds_insights(datasette, name):
        return None
    if not await without.may_ask(datasette, actor, name):
        return None
    return await without.groups_of(datasette, name, table, row)


async def _page(datasette, request) -> Response:
    name, table = (tilde_decode(request.url_vars[part]) for part in ("database", "table"))
    if table not in without.TABLES or not await holds_insights(datasette, name):
        raise NotFound("There is no such page")
    await datasette.ensure_permissions(request.actor, [("view-database", name), "view-instance"])
    if not await without.may_ask(datasette, request.actor, name):
        raise Forbidden("view-table")
    row = await without.row_of(datasette, name, table, request.url_vars["key"])
    if row is None or not without.can_go(table, row):
        raise NotFound("There is no such row")
    found = None
    try:
        found = await without.lost(datasette, name, table, row)
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
    if request.url_vars["format"]:
        if found is None:
            return json_answer(datasette, {"ok": False, "error": TOO_LONG}, status=400)
        return json_answer(datasette, found.as_json())
    said = await without.policies_of(datasette, request.actor, name, found) if found else {}
    json_address = f"{without.address(datasette, name, table, row)}.json"
    html = await datasette.render_template(
        "without.html",
        {
            "database": name,
            "table": table,
            "row": row,
            "row_url": datasette.urls.row(name, table, request.url_vars["key"]),
            "lost": found,
            "said": said,
            "url_of": lambda table, key: datasette.urls.row(name, table, tilde_encode(key)),
            "too_long": TOO_LONG,
            "json_url": json_address,
            "alternate_url_json": datasette.absolute_url(request, json_address),
        },
        request=request,
        view_name="iaminsights_without",
    )
    return Response.html(html)
