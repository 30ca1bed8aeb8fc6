"""Serves the style, the script and the icon of pages, each as a file that a browser keeps."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from datasette import Response, hookimpl

from iaminsights.files import project_file

_TYPES = {
    "site.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
}


@hookimpl
def register_routes():
    return [(r"^/-/iaminsights/(?P<name>site\.css|site\.js|favicon\.svg)$", _serve)]


@hookimpl(tryfirst=True)
def extra_js_urls(datasette):
    """The script comes before that of datasette-vega, which looks at the screen when it loads."""
    return [_url(datasette, "site.js")]


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Where the files are, also for the page of an error, which gets nothing else from plugins."""
    env.globals["site_file"] = functools.partial(_url, datasette)


async def _serve(request) -> Response:
    name = request.url_vars["name"]
    return Response(
        _file(name).read_text(encoding="utf-8"),
        content_type=_TYPES[name],
        headers={"Cache-Control": "max-age=31536000, immutable"},
    )


def _url(datasette, name: str) -> str:
    """The address of a file; another one once the file has changed."""
    return datasette.urls.path(f"/-/iaminsights/{name}?{_fingerprint(name)}")


@functools.cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256(_file(name).read_bytes()).hexdigest()[:12]


def _file(name: str) -> Path:
    return project_file("templates") / name
