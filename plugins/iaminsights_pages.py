"""Functions that templates call for pages of rows, findings and search, and the files pages load.

Each looks at what the reader may see only.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from datasette import Response, hookimpl

from iaminsights.files import project_file
from iaminsights.site.counts import findings
from iaminsights.site.readers import may_see
from iaminsights.site.stories import about_row, story

# --- Files that the pages load ------------------------------------------------------------------


def _file(name: str) -> Path:
    return project_file("templates") / name


_TYPES = {"site.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8"}


@functools.cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256(_file(name).read_bytes()).hexdigest()[:12]


@hookimpl
def register_routes():
    """The style and the script, each a file that a browser keeps."""

    async def file(request):
        name = request.url_vars["name"]
        return Response(
            _file(name).read_text(encoding="utf-8"),
            content_type=_TYPES[name],
            headers={"Cache-Control": "max-age=31536000, immutable"},
        )

    return [(r"^/-/iaminsights/(?P<name>site\.css|site\.js)$", file)]


@hookimpl(tryfirst=True)
def extra_js_urls(datasette):
    """The script comes before that of datasette-vega, which looks at the screen when it loads."""
    return [datasette.urls.path(f"/-/iaminsights/site.js?{_fingerprint('site.js')}")]


@hookimpl
def prepare_jinja2_environment(env, datasette):
    """Where the files are, also for the page of an error, which gets nothing else from plugins."""
    env.globals["site_file"] = lambda name: datasette.urls.path(
        f"/-/iaminsights/{name}?{_fingerprint(name)}"
    )


# --- What the templates ask for -----------------------------------------------------------------


@hookimpl
def extra_template_vars(datasette, request):
    """Functions for the templates, which call them only on the pages that need them."""
    if request is None:
        return {}
    actor = request.actor
    return {
        "findings_of": functools.partial(findings, datasette, actor),
        "about_row": functools.partial(about_row, datasette, actor),
        "story_of": functools.partial(story, datasette, actor),
        "search_url": functools.partial(_search_url, datasette, actor),
    }


async def _search_url(datasette, actor) -> str | None:
    """Where a search is sent to; None if there is nothing to search or it may not be seen."""
    for name in datasette.databases:
        if await datasette.get_canned_query(name, "find", actor) and await may_see(
            datasette, actor, name, "find", action="view-query"
        ):
            return datasette.urls.query(name, "find")
    return None
