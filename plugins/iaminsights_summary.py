"""The summary of an account on one page, to read or to print, and the same as JSON."""

from __future__ import annotations

import functools

from datasette import Forbidden, NotFound, Response, hookimpl
from datasette.utils import tilde_decode, tilde_encode

from iaminsights.site.answers import json_answer
from iaminsights.site.databases import holds_insights
from iaminsights.site.summary import as_json, summaries


@hookimpl
def register_routes():
    return [
        (
            r"^/-/iaminsights/summary/(?P<database>[^/.]+)(?:/(?P<account>[^/.]+))?"
            r"(?P<format>\.json)?$",
            _page,
        )
    ]


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Where the summaries are; addresses are the same for everybody."""
    env.globals["summary_url"] = functools.partial(_address, datasette)


def _address(datasette, name: str, account_id: str | None = None) -> str:
    """Where the summary of one account is, or those of all accounts of a database."""
    account = "" if account_id is None else f"/{tilde_encode(account_id)}"
    return datasette.urls.path(f"/-/iaminsights/summary/{tilde_encode(name)}{account}")


async def _page(datasette, request) -> Response:
    name = tilde_decode(request.url_vars["database"])
    asked = request.url_vars["account"]
    account_id = None if asked is None else tilde_decode(asked)
    if not await holds_insights(datasette, name):
        raise NotFound("There is no such summary")
    await datasette.ensure_permissions(request.actor, [("view-database", name), "view-instance"])
    told = await summaries(datasette, request.actor, name, account_id)
    if told is None:
        raise Forbidden("view-table")
    if account_id is not None and not told:
        raise NotFound("There is no such account")
    if request.url_vars["format"]:
        return json_answer(datasette, [as_json(one) for one in told])
    json_address = f"{_address(datasette, name, account_id)}.json"
    html = await datasette.render_template(
        "summary.html",
        {
            "database": name,
            "summaries": told,
            "json_url": json_address,
            "alternate_url_json": datasette.absolute_url(request, json_address),
        },
        request=request,
        view_name="iaminsights_summary",
    )
    return Response.html(html)
