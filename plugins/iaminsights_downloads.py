"""Hands CSV over as a file whose name says what it holds; its bytes are Datasette's."""

from __future__ import annotations

from datasette import hookimpl

from iaminsights.site.downloads import attachment, file_name

_DATA = (b"text/plain", b"text/csv")  # what is traced is a page


@hookimpl
def asgi_wrapper(datasette):
    """Name the file in the headers of an answer, as Datasette does when asked with _dl."""

    def wrap(app):
        async def with_name(scope, receive, send):
            is_asked = scope["type"] == "http" and ".csv" in scope["path"]
            name = await file_name(datasette, scope) if is_asked else None

            async def send_with_name(message):
                if message["type"] == "http.response.start" and message["status"] == 200:
                    message = {**message, "headers": _named(name, message.get("headers", ()))}
                await send(message)

            await app(scope, receive, send_with_name if name else send)

        return with_name

    return wrap


def _named(name: str, headers) -> list[tuple[bytes, bytes]]:
    given = {key.lower(): value for key, value in headers}
    if given.get(b"content-type", b"").startswith(_DATA):
        given[b"content-type"] = b"text/csv; charset=utf-8"
        given[b"content-disposition"] = attachment(name).encode("ascii")
        return list(given.items())
    return list(headers)
