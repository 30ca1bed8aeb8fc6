"""Which of the databases that a Datasette serves are ours, and what version made them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from ..store.schema import APPLICATION_ID, SCHEMA_VERSION

if TYPE_CHECKING:
    from datasette.database import Database

USUAL_NAME = "iaminsights"  # of the database, in metadata.yml

EARLIER = (
    "{name} was created by an earlier version of IAM insights; collect into it again to update it. "
    "Its data is kept."
)
LATER = "{name} was created by a later version of IAM insights; serve it with that version."

# Databases that are ours: they stay so. An empty one may become ours at any time.
_known: WeakSet[Database] = WeakSet()


async def is_ours(database: Database) -> bool:
    """Whether a database holds what is collected, in whatever version."""
    if database not in _known and {"accounts", "collections", "collection_steps"} <= set(
        await database.table_names()
    ):
        _known.add(database)
    return database in _known


_at_start: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # by Datasette: the names of ours


async def recognise(datasette: Any) -> list[str]:
    """The names of the databases that are ours as the site starts."""
    ours = [name for name, base in datasette.databases.items() if await is_ours(base)]
    _at_start[datasette] = {*ours, USUAL_NAME}
    return ours


def was_ours_at_start(datasette: Any, name: str) -> bool:
    """Whether a database was ours when the site started, or has the name that ours have.

    For what is asked too often to look again.
    """
    return name in _at_start.get(datasette, ())


async def holds_insights(datasette: Any, name: str) -> bool:
    """Whether there is a database of this name, and one that the pages know how to show."""
    database = datasette.databases.get(name)
    return database is not None and not other_version(database) and await is_ours(database)


_versions: dict[str, tuple[tuple[int, ...], tuple[int, int]]] = {}  # by path: state, header


def other_version(database: Database) -> str | None:
    """What to do about a file that another version made; None if there is nothing to do."""
    if not database.path:
        return None
    mark, version = _header(str(database.path))
    if mark != APPLICATION_ID or version == SCHEMA_VERSION:
        return None
    return (EARLIER if version < SCHEMA_VERSION else LATER).format(name=database.name)


def state_of(path: str) -> tuple[int, ...]:
    """What is another one once the file has changed; raises OSError if there is none."""
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def _header(path: str) -> tuple[int, int]:
    """Whose file it is, and in which version; asked again when the file has changed."""
    # Through SQLite and not by reading the file: to close it would let go of SQLite's own locks.
    try:
        state = state_of(path)
        if path not in _versions or _versions[path][0] != state:
            location = f"{Path(path).absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(location, uri=True, timeout=5)) as connection:
                (mark,) = connection.execute("pragma application_id").fetchone()
                (version,) = connection.execute("pragma user_version").fetchone()
            _versions[path] = (state, (mark, version))
        return _versions[path][1]
    except (sqlite3.Error, OSError):
        return 0, 0
