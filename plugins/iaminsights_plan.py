"""A remediation plan for download: of the findings to fix as they are filtered, and of a report."""

from __future__ import annotations

from datasette import NotFound, Response, hookimpl

from iaminsights.site.databases import was_ours_at_start
from iaminsights.site.plans import can_plan, planned

_TYPE = "text/x-shellscript; charset=utf-8"


@hookimpl
def register_output_renderer():
    return {"extension": "sh", "render": _render, "can_render": _can_render}


async def _can_render(datasette, columns, query_name, database, table, request) -> bool:
    # Asked for every page: most are none of ours.
    if not was_ours_at_start(datasette, database):
        return False
    return await can_plan(datasette, request.actor, database, table, query_name, columns)


async def _render(datasette, columns, rows, query_name, database, table, request, data) -> Response:
    if not await _can_render(datasette, columns, query_name, database, table, request):
        raise NotFound(
            "There is no plan for this page: only findings have one, with all their columns"
        )
    text = await planned(datasette, request.actor, database, query_name, columns, rows, data)
    name = f"{query_name or 'plan'}.sh"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type=_TYPE, headers=headers)
