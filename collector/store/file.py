"""A file of ours: whose it is, what it holds, how it is read.

Files of every version are read as if this one had made them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import DatabaseError
from . import takeover
from .schema import APPLICATION_ID, PUBLIC_ACCESS_GROUP, SCHEMA_VERSION


def check_target(path: Path) -> None:
    """Refuse, before anything is asked of IBM Cloud, a file that could not be written.

    Raises DatabaseError: no such folder, not writable, not SQLite, not a file of ours, or one of a
    later version. One of an earlier version is taken over.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise DatabaseError(
            f"The folder {folder} does not exist; create it or specify another file."
        )
    if path.is_dir():
        raise DatabaseError(f"{path} is a folder; specify a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseError(
            f"The folder {folder} is not writable; specify a file in another folder."
        )
    if not path.exists():
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise DatabaseError(
            f"{path} is not writable; change its permissions or specify another file."
        )
    if path.stat().st_size:
        _check_ours(path)


def check_source(path: Path) -> None:
    """Refuse a file that is not there, not ours or of another version; raises DatabaseError."""
    if not path.is_file() or not path.stat().st_size:
        raise DatabaseError(f"{path} has no data yet; run iaminsights collect first.")
    if _check_ours(path) < SCHEMA_VERSION:
        raise DatabaseError(
            f"{path} was created by an earlier version of IAM insights; collect into it again to "
            "update it. Its data is kept."
        )


def public_group_id(path: Path, account_id: str) -> str:
    """The ID for the account's Public Access group in this file.

    IBM Cloud gives that group the same ID in every account. The first account in a file
    keeps it; in further accounts the account's ID is appended.
    """
    if has_content(path):
        with reading(path) as db:
            holder = db.execute(
                "select account_id from access_groups where id = ?", (PUBLIC_ACCESS_GROUP,)
            ).fetchone()
        if holder and holder[0] != account_id:
            return f"{PUBLIC_ACCESS_GROUP}/{account_id}"
    return PUBLIC_ACCESS_GROUP


def accounts_in(path: Path) -> dict[str, str]:
    """ID and name of each account that the file holds; empty if there is no file yet."""
    if not has_content(path):
        return {}
    with reading(path) as db:
        return dict(db.execute("select account_id, coalesce(name, account_id) from accounts"))


def next_collection_id(path: Path) -> int:
    """Number of the next run in the file's history."""
    if not has_content(path):
        return 1
    with reading(path) as db:
        (last,) = db.execute("select coalesce(max(id), 0) from collections").fetchone()
        return int(last) + 1


def has_content(path: Path) -> bool:
    """Whether there is a file with something in it."""
    return path.exists() and path.stat().st_size > 0


def location(path: Path, mode: str) -> str:
    """The file as SQLite's URI; `mode` is ro, rw or rwc."""
    return f"{path.absolute().as_uri()}?mode={mode}"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """An open file, with the tables of this version whatever version made it."""
    # Not read-only: SQLite undoes what a collect left half done that was killed while it
    # published, but only for whoever may write the file.
    with (
        readable_errors(path),
        closing(sqlite3.connect(location(path, "rw"), uri=True, timeout=60)) as connection,
    ):
        mark, version = marks(connection)
        if mark == APPLICATION_ID and version < SCHEMA_VERSION:
            takeover.see_as_of_now(connection, "main")
        yield connection


def marks(connection: sqlite3.Connection) -> tuple[int, int]:
    """Whose file it is, and in which version, by its header."""
    return tuple(
        connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )


@contextmanager
def readable_errors(target: Path) -> Iterator[None]:
    """Errors of SQLite and of the disk as DatabaseError, which says that the file is as it was."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DatabaseError(
            f"{target} could not be written: {error}. It was not changed."
        ) from error


def _check_ours(path: Path) -> int:
    """The version of a file of ours; raises DatabaseError for any other, and for a later one."""
    try:
        with reading(path) as db:
            mark, version = marks(db)
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise
        raise DatabaseError(f"{path} is not a SQLite file; specify another file.") from None
    if mark != APPLICATION_ID:
        raise DatabaseError(f"{path} was not created by IAM insights; specify another file.")
    if version > SCHEMA_VERSION:
        raise DatabaseError(
            f"{path} was created by a later version of IAM insights; use that version, or specify "
            "another file."
        )
    return version
