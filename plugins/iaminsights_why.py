"""The page that explains why an identity is allowed something or not, and the same as JSON."""

from __future__ import annotations

import functools
import sqlite3

from datasette import Forbidden, NotFound, Response, hookimpl
from datasette.utils import tilde_decode

from iaminsights.errors import NameUnresolved
from iaminsights.site import why
from iaminsights.site.answers import json_answer
from iaminsights.site.databases import holds_insights
from iaminsights.why import words
from iaminsights.why.answer import as_json

TOO_LONG = "This answer takes longer than this site allows (the setting sql_time_limit_ms)."


@hookimpl
def register_routes():
    return [(r"^/-/iaminsights/why/(?P<database>[^/.]+)(?P<format>\.json)?$", _page)]


@hookimpl
def extra_template_vars(datasette, request):
    """Where to ask: the page of a database, and the one about a row; None where one may not."""
    if request is None:
        return {}
    return {
        "why_url": functools.partial(_address, datasette, request.actor),
        "why_url_of": functools.partial(_address_of, datasette, request.actor),
    }


async def _address(datasette, actor, name: str) -> str | None:
    if await holds_insights(datasette, name) and await why.may_ask(datasette, actor, name):
        return why.address(datasette, name)
    return None


async def _address_of(datasette, actor, name: str, table: str, row) -> str | None:
    if not await holds_insights(datasette, name):
        return None
    return await why.address_from(datasette, actor, name, table, row)


async def _page(datasette, request) -> Response:
    name = tilde_decode(request.url_vars["database"])
    if not await holds_insights(datasette, name):
        raise NotFound("There is no such page")
    await datasette.ensure_permissions(request.actor, [("view-database", name), "view-instance"])
    if not await why.may_ask(datasette, request.actor, name):
        raise Forbidden("view-table")
    asked = {field: (request.args.get(field) or "").strip() for field in (*why.FIELDS, "account")}
    found, refused = None, None
    if all(asked[field] for field in why.FIELDS):
        try:
            found = await why.answered(datasette, name, asked)
        except NameUnresolved as error:
            refused = error
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            refused = NameUnresolved(TOO_LONG, (), False)
    if request.url_vars["format"]:
        return _json(datasette, found, refused)
    return await _html(datasette, request, name, asked, found, refused)


def _json(datasette, found, refused) -> Response:
    if found:
        return json_answer(datasette, as_json(found))
    sentence = refused.sentence if refused else f"Specify {', '.join(why.FIELDS)}."
    things = [
        {"kind": one.kind, "name": one.name, "detail": one.detail, "id": one.typed}
        for one in (refused.things if refused else ())
    ]
    return json_answer(datasette, {"ok": False, "error": sentence, "things": things}, status=400)


async def _html(datasette, request, name, asked, found, refused) -> Response:
    given = {field: value for field, value in asked.items() if value}
    plain, _, query = why.address(datasette, name, given).partition("?")
    json_address = f"{plain}.json?{query}"
    html = await datasette.render_template(
        "why.html",
        {
            "database": name,
            "fields": why.FIELDS,
            "asked": asked,
            "examples": [] if given else await why.examples(datasette, request.actor, name),
            "choose_from": await why.accounts_of(datasette, name),
            "action": plain,
            "found": found,
            "words": words,
            "refused": refused,
            "thing_url": functools.partial(why.row_url, datasette, name),
            "instead_url": lambda thing: why.address(
                datasette, name, {**given, **why.instead(thing)}
            ),
            "json_url": json_address,
            "alternate_url_json": datasette.absolute_url(request, json_address),
        },
        request=request,
        view_name="iaminsights_why",
    )
    return Response.html(html)
