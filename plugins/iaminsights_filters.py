"""Lets reports be filtered, sorted and paged by their address, as Datasette lets tables be."""

from __future__ import annotations

from datasette import Request, Response, hookimpl

from iaminsights.errors import FilterError
from iaminsights.site.asked import asked, current
from iaminsights.site.patches import error_page, took_too_long
from iaminsights.site.report_page import report_pages

TOO_LONG = (
    "Filtering, sorting, or counting the rows of this report takes longer than this site allows: "
    "{limit:,} ms (the setting sql_time_limit_ms){instead}."
)
INSTEAD = "; narrow the report with its own {parameters} first"


@hookimpl(tryfirst=True)  # the innermost: only what can be read at all is asked for anything
def asgi_wrapper(datasette):
    """Find out what a request asks of a report, and remember it as long as the request lasts."""

    def wrap(app):
        async def with_what_is_asked(scope, receive, send):
            if scope["type"] != "http":
                return await app(scope, receive, send)
            token = current.set(None)  # one page may be asked for while another one is made
            try:
                found = await asked(datasette, scope)
                if isinstance(found, str):
                    return await Response.redirect(found).asgi_send(send)
                current.set(found)
                await app(scope, receive, send)
            except FilterError as error:
                request = Request(scope, receive)
                title, back = "There is no such filter", error.report_url
                said = await error_page(datasette, request, str(error), title, 400, report_url=back)
                if said:
                    await said.asgi_send(send)
            finally:
                current.reset(token)

        return with_what_is_asked

    return wrap


@hookimpl
def canned_queries(datasette, database):
    """The query that answers what is asked, in the place of the report's own."""
    found = current.get()
    if found is None or found.site is not datasette or found.database != database:
        return None
    return {found.name: found.answer}


@hookimpl
def extra_template_vars():
    return {"report_page": report_pages()}


@hookimpl
def handle_exception(datasette, request, exception):
    """Say in a sentence what took too long, if it was more than the report itself."""
    found = current.get()
    if found is None or not took_too_long(exception):
        return None
    selection = found.selection
    if not (selection.filters or selection.sort or selection.count_by):
        return None
    fields = [name.replace("_", " ") for name in found.parameters if name not in found.hidden]
    sentence = TOO_LONG.format(
        limit=datasette.setting("sql_time_limit_ms"),
        instead=INSTEAD.format(parameters=" or ".join(fields)) if fields else "",
    )
    title = "This takes too long"
    return error_page(datasette, request, sentence, title, 400, report_url=found.unasked)
