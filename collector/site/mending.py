"""Undoes what a killed collect left half done in a file that a site serves."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

_mending = threading.Lock()


def is_half_done(path: str) -> bool:
    """Whether a collect was killed, or is still at it, while it put its file in place."""
    return os.path.exists(f"{path}-journal")


def mended(path: str) -> bool:
    """Undo what was left half done; False if it cannot be undone.

    SQLite does so by itself, but only for whoever may write the file, as Datasette does not. A
    collect that is still at it holds a lock: it is left alone.
    """
    if not is_half_done(path):
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
