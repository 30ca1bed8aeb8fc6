"""Keeps what the site shows inside the site: the headers of its answers."""

from __future__ import annotations

from datasette import hookimpl
from datasette.utils import await_me_maybe

from iaminsights.site.content_policy import DATA_POLICY, Page, page_policy

NAME = "iaminsights_safety"  # under `plugins` in a metadata file, and in the scope of a request

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # addresses of pages hold names and IDs
    "x-frame-options": "DENY",
}


@hookimpl(trylast=True)  # the outermost, so that answers of other plugins have the headers, too
def asgi_wrapper(datasette):
    """Complete the headers of every answer, when it is known what its page needs."""

    def wrap(app):
        async def with_headers(scope, receive, send):
            if scope["type"] != "http":
                return await app(scope, receive, send)
            page = Page()

            async def send_with_headers(message):
                if message["type"] == "http.response.start":
                    message = {**message, "headers": _completed(datasette, page, message)}
                await send(message)

            # Datasette hands copies of this dictionary on, each with the very same page in it.
            return await app({**scope, NAME: page}, receive, send_with_headers)

        return with_headers

    return wrap


def _completed(datasette, page: Page, message) -> list[tuple[bytes, bytes]]:
    """The headers of an answer and those of ours that it does not have yet."""
    present = [(name.lower(), value) for name, value in message.get("headers", ())]
    kind = dict(present).get(b"content-type", b"")
    policy = DATA_POLICY
    if kind.startswith(b"text/html"):
        policy = (datasette.plugin_config(NAME) or {}).get("content_security_policy")
        if policy is None:
            policy = page_policy(datasette, page)
    ours = {**HEADERS, **({"content-security-policy": policy} if policy else {})}
    taken = {name for name, _ in present}
    return present + [
        (name.encode(), value.encode())
        for name, value in ours.items()
        if name.encode() not in taken
    ]


@hookimpl(hookwrapper=True)
def extra_body_script(request):
    """Note the scripts that plugins add to a page; they are as much code of the site as its own."""
    outcome = yield
    if request is None or NAME not in request.scope:
        return
    page = request.scope[NAME]

    def noted(script):
        async def note():
            final = await await_me_maybe(script)
            if script_text := final["script"] if isinstance(final, dict) else final:
                page.scripts.append(script_text)
            return final

        return note

    outcome.force_result([noted(script) for script in outcome.get_result()])


@hookimpl(hookwrapper=True)
def extra_js_urls(datasette, view_name, columns, request):
    """Keep datasette-vega, which is large, for when somebody looks at a chart.

    Vega does nothing without 'unsafe-eval'. The page of a table or query allows it and names the
    script, which is loaded there when it is needed; no other page does, neither home nor a login.
    """
    outcome = yield
    if request is None or NAME not in request.scope:
        return
    page = request.scope[NAME]
    page.evaluates = bool(view_name in ("table", "database") and columns)

    def without_vega(urls):
        async def filtered():
            found = await await_me_maybe(urls)
            vega = [url for url in found if "datasette_vega" in str(url)]
            if page.evaluates:
                page.draws_with += map(datasette.urls.path, vega)
            return [url for url in found if url not in vega]

        return filtered

    outcome.force_result([without_vega(urls) for urls in outcome.get_result()])


@hookimpl
def extra_template_vars(request):
    """What draws charts on a page, for its script to load; empty where nothing can be drawn."""
    page = request.scope.get(NAME) if request else None
    return {"draws_with": page.draws_with if page else []}
