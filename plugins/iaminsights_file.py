"""Keeps the site able to read its files: mends what a killed collect left, and knows their version.

Like its neighbours it imports nothing of the package: Datasette loads it from the package and,
under `datasette .`, straight from this folder.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from datasette import Request, hookimpl
from datasette.plugins import pm
from datasette.utils import await_me_maybe, tilde_decode
from datasette.views.base import DatasetteError

if TYPE_CHECKING:
    from datasette.database import Database

# As in the package's schema.py: whose file it is, and in which version.
APPLICATION_ID = 0x49414D69
SCHEMA_VERSION = 4

EARLIER = (
    "{name} was made by an earlier version of IAM insights; collect into it again, and all that it "
    "holds is kept."
)
LATER = "{name} was made by a later version of IAM insights; serve it with that one."
STUCK = (
    "A collect was killed while it replaced {name}, and this site may not write there to undo it: "
    "collect again, or run iaminsights report on it, as somebody who may."
)


@hookimpl
def startup(datasette):
    """Undo what a killed collect left before anything is read."""
    for database in _files(datasette):
        _mended(database.path)


@hookimpl
def asgi_wrapper(datasette):
    """Before a request is answered, see that what it asks for can be read and understood."""

    def wrap(app):
        async def with_files_seen_to(scope, receive, send):
            if scope["type"] == "http" and not scope["path"].endswith((".css", ".js")):
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
        half_done = os.path.exists(f"{database.path}-journal")
        if half_done and not await asyncio.to_thread(_mended, database.path):
            return STUCK.format(name=database.name)
    asked = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
    name = tilde_decode(asked.lstrip("/").partition("/")[0].partition(".")[0])
    if name not in datasette.databases or not (said := other_version(datasette.databases[name])):
        return None
    permissions = [("view-database", name), "view-instance"]
    actor = await _actor(datasette, scope)
    visible, _ = await datasette.check_visibility(actor, permissions=permissions)
    return said if visible else None  # else Datasette itself says so


async def _actor(datasette, scope):
    """Who asks, as Datasette finds it out a little later."""
    for found in pm.hook.actor_from_request(datasette=datasette, request=Request(scope, None)):
        if actor := await await_me_maybe(found):
            return actor
    return scope.get("actor")


async def _say(datasette, sentence: str, request: Request, send) -> None:
    """Answer with Datasette's own page, or JSON, of an error."""
    error = DatasetteError(sentence, title="This file cannot be shown", status=503)
    for found in pm.hook.handle_exception(datasette=datasette, request=request, exception=error):
        if response := await await_me_maybe(found):
            return await response.asgi_send(send)


def _files(datasette) -> Iterator[Database]:
    """Databases in files that may change; of one that is served as immutable nothing is looked at
    but the file itself.
    """
    return (
        database
        for database in datasette.databases.values()
        if database.path and database.is_mutable
    )


# --- Half a publication --------------------------------------------------------------------------

_mending = threading.Lock()


def _mended(path: str) -> bool:
    """Undo what a collect left half done that was killed while it put its file in place.

    SQLite does so by itself, but only for whoever may write the file, as Datasette does not. False
    if it cannot be undone. A collect that is still at it holds a lock: it is left alone.
    """
    if not os.path.exists(f"{path}-journal"):
        return True
    location = f"{Path(path).absolute().as_uri()}?mode=rw"
    with _mending:
        try:
            with closing(sqlite3.connect(location, uri=True, timeout=0)) as connection:
                connection.execute("pragma schema_version")
        except sqlite3.OperationalError as error:
            return "locked" in str(error)
        except sqlite3.DatabaseError:
            pass  # no file of SQLite's: Datasette says so
    return True


# --- Versions ------------------------------------------------------------------------------------

_versions: dict[str, tuple[tuple[int, ...], tuple[int, int]]] = {}  # by path: state, header


def other_version(database: Database) -> str | None:
    """What to do about a file that another version made; None if there is nothing to do."""
    if not database.path:
        return None
    mark, version = _header(str(database.path))
    if mark != APPLICATION_ID or version == SCHEMA_VERSION:
        return None
    return (EARLIER if version < SCHEMA_VERSION else LATER).format(name=database.name)


def _header(path: str) -> tuple[int, int]:
    """Whose file it is, and in which version; asked again when the file has changed."""
    # Through SQLite and not by reading the file: to close it would let go of SQLite's own locks.
    try:
        found = os.stat(path)
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        if path not in _versions or _versions[path][0] != state:
            location = f"{Path(path).absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(location, uri=True, timeout=5)) as connection:
                (mark,) = connection.execute("pragma application_id").fetchone()
                (version,) = connection.execute("pragma user_version").fetchone()
            _versions[path] = (state, (mark, version))
        return _versions[path][1]
    except (sqlite3.Error, OSError):
        return 0, 0
