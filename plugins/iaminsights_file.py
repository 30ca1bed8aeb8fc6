"""Keeps the site able to read its files: fixes what a killed collect left, says what is too old."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from datasette import Request, hookimpl
from datasette.utils import tilde_decode

from iaminsights.site.databases import other_version
from iaminsights.site.mending import is_half_done, mended
from iaminsights.site.patches import error_page
from iaminsights.site.readers import actor

if TYPE_CHECKING:
    from datasette.database import Database

STUCK = (
    "A collection was killed while it replaced {name}, and this site has no permission to write "
    "there and undo it. Collect again, or run iaminsights report on it, as a user with permission."
)


@hookimpl
def startup(datasette):
    """Undo what a killed collect left before anything is read."""
    for database in _files(datasette):
        mended(str(database.path))


@hookimpl
def asgi_wrapper(datasette):
    """Before a request is answered, see that what it asks for can be read and understood."""

    def wrap(app):
        async def with_files_seen_to(scope, receive, send):
            if scope["type"] == "http" and not scope["path"].endswith((".css", ".js", ".svg")):
                said = await _trouble(datasette, scope)
                if said:
                    return await _say(datasette, said, Request(scope, receive), send)
            await app(scope, receive, send)

        return with_files_seen_to

    return wrap


async def _trouble(datasette, scope) -> str | None:
    """Why this request cannot be answered, in a sentence; None if it can."""
    for database in _files(datasette):
        # Datasette looks at each of its files before it answers whatever it is asked.
        path = str(database.path)
        if is_half_done(path) and not await asyncio.to_thread(mended, path):
            return STUCK.format(name=database.name)
    asked = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
    name = tilde_decode(asked.lstrip("/").partition("/")[0].partition(".")[0])
    if name not in datasette.databases or not (said := other_version(datasette.databases[name])):
        return None
    permissions = [("view-database", name), "view-instance"]
    reader = await actor(datasette, scope)
    visible, _ = await datasette.check_visibility(reader, permissions=permissions)
    return said if visible else None  # else Datasette itself says so


async def _say(datasette, sentence: str, request: Request, send) -> None:
    """Answer with Datasette's own page, or JSON, of an error."""
    if response := await error_page(datasette, request, sentence, "This file cannot be shown", 503):
        await response.asgi_send(send)


def _files(datasette) -> Iterator[Database]:
    """Databases in files that may change; of one that is served as immutable nothing is looked at
    but the file itself.
    """
    return (
        database
        for database in datasette.databases.values()
        if database.path and database.is_mutable
    )
