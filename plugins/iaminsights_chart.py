"""Serves what datasette-vega draws of a report: one row for each bar, and its name in words."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from datasette import NotFound, Response, hookimpl

from iaminsights.errors import FilterError
from iaminsights.site.asked import asked
from iaminsights.site.chart import FEED, asked_for, feed
from iaminsights.site.sums import summed, summed_in_part


@hookimpl
def register_routes():
    return [(rf"^{FEED}/(?P<database>[^/]+)/(?P<query>[^/.]+)\.json$", _answer)]


async def _answer(datasette, request) -> Response:
    """The answer to the address of a report's page with the words of a chart beside it."""
    given = parse_qsl(request.query_string, True)
    words = {key: value for key, value in reversed(given) if key.startswith("g.")}
    own = urlencode([pair for pair in given if pair[0] not in words])
    path = "/{database}/{query}.json".format(**request.url_vars)
    scope = {**request.scope, "path": path, "raw_path": b"", "query_string": own.encode()}
    try:
        found = await asked(datasette, scope)
    except FilterError as error:
        return _refused(str(error))
    if found is None or isinstance(found, str):
        raise NotFound("There is no such report")
    await datasette.ensure_permissions(
        request.actor,
        [
            ("view-query", (found.database, found.name)),
            ("view-database", found.database),
            "view-instance",
        ],
    )
    columns = found.report.columns
    chart = asked_for(words, columns)
    if chart is None:
        return _refused("There is no such chart of this report.")
    drawn = (found, chart.labels, chart.numbers)
    sums = await summed(*drawn) or await summed_in_part(*drawn)
    if sums is None:
        return _refused("This chart takes longer than this site allows.")
    answer = feed(chart, sums, columns)
    if request.args.get("_shape") == "array":
        return Response.json(answer.rows)
    return Response.json({"name": answer.name, "note": answer.note, "rows": answer.rows})


def _refused(sentence: str) -> Response:
    return Response.json({"ok": False, "error": sentence}, status=400)
