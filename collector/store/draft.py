"""The SQLite file: a draft beside it is filled and checked, then takes the file's place.

Whoever reads the file sees the whole old data or the whole new data. Knows nothing of HTTP.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import DatabaseError
from . import history, takeover
from .file import has_content, location, readable_errors
from .filling import INSERT, VALUES, add_identities, name_roles
from .making import statements
from .schema import APPLICATION_ID, SCHEMA_VERSION, TABLE, TABLES, account_of
from .table import Table

_BATCH = 1000
_BUSY = (5, 6)  # SQLITE_BUSY and SQLITE_LOCKED, which sqlite3 names from Python 3.11 on
_PATIENCE_WITH_READERS = 120  # seconds until a file that is always being read is given up

# Tables whose objects have pieces that are asked for one object at a time.
OWNERS = frozenset(table.owner for table in TABLES if table.owner)

_COLUMNS = {table.name: [column.name for column in table.columns] for table in TABLES}


class Draft:
    """A new file beside the target, held by one collect at a time.

    `add` rows, then `complete`, then `publish`; leaving the context removes the draft.
    It begins as a copy of `blank`, or else with the tables for what IBM Cloud says. Raises
    DatabaseError when another collect holds it or the disk is full.
    """

    def __init__(self, target: Path, blank: sqlite3.Connection | None = None) -> None:
        self._target = target
        self._blank = blank
        self._path = target.absolute().with_name(f".{target.name}.collecting")
        self._renamed = False
        self._waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._mentioned: list[tuple[str, Mapping[str, Any], str]] = []

    def __enter__(self) -> Draft:
        with readable_errors(self._target), ExitStack() as undone:
            held = _held_new_file(self._path, self._target)
            undone.callback(os.close, held)
            undone.callback(self._remove)  # while it is held: later it may be another collect's
            self._connection = undone.enter_context(closing(_connected(self._path)))
            if self._blank is not None:
                self._blank.backup(self._connection)
            self._connection.execute("begin")
            if self._blank is None:
                create_tables(self._connection)
            self._held, self._undone = held, undone.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undone.close()

    def _remove(self) -> None:
        if not self._renamed:
            with suppress(OSError):
                self._path.unlink()

    def add(self, table: str, row: Mapping[str, Any], part: str = "") -> None:
        """Add a row of this part, unless its key is there already: the first one stands.

        A row with `listed` = 0 is only mentioned by another object; it waits for `complete`,
        so that it gives way to the row of a listing.
        """
        if row.get("listed") == 0:
            self.mention(table, row, part)
        else:
            self._put(table, row)

    def mention(self, table: str, row: Mapping[str, Any], part: str = "") -> None:
        """Add a row at the end, if by then neither a listing nor the old file brought its key."""
        self._mentioned.append((table, row, part))

    def remove(self, table: str, key: str) -> None:
        """Take back an object that turned out to be gone, with its pieces."""
        self._write_all()
        for piece in TABLES:
            if piece.owner == table:
                self._connection.execute(
                    f"delete from [{piece.name}] where [{piece.piece_of}] = ?", (key,)
                )
        self._connection.execute(f"delete from [{table}] where [{TABLE[table].key[0]}] = ?", (key,))

    def discard(self, part: str) -> None:
        """Take back everything that was added of a part."""
        self._write_all()
        self._mentioned = [mention for mention in self._mentioned if mention[2] != part]
        for table in TABLES:
            if table.filled_by == part:
                self._connection.execute(f"delete from [{table.name}]")

    def has(self, table: str, key: Any) -> bool:
        """Whether a row with this (single-column) key was added."""
        self._write(table)
        statement = f"select 1 from [{table}] where [{TABLE[table].key[0]}] = ?"
        return self._connection.execute(statement, (key,)).fetchone() is not None

    def count(self, table: str) -> int:
        """Rows added to a table so far, without what is only mentioned."""
        self._write(table)
        (rows,) = self._connection.execute(f"select count(*) from [{table}]").fetchone()
        return int(rows)

    def complete(
        self,
        account_id: str,
        kept_parts: Collection[str],
        at: str,
        partial_parts: Collection[str] = (),
    ) -> None:
        """Add what the old file keeps, what is only mentioned, and every identity; check all.

        What differs from the old file is noted as changed `at` this time.

        Kept are other accounts, earlier collections, and this account's `kept_parts`: those
        that were not asked for or could not be read. What `partial_parts` lack need not be gone.
        """
        with readable_errors(self._target):
            self._write_all()
            old = has_content(self._target)
            if old:
                self._connection.execute("commit")
                self._connection.execute("attach ? as old", (location(self._target, "ro"),))
                takeover.see_as_of_now(self._connection, "old", prefix="old_")
                self._connection.execute("begin")
                self._keep_old_rows(account_id, kept_parts)
            # Of several mentions of one thing the fullest stands, whichever came first.
            for table, row, _ in sorted(self._mentioned, key=_gaps):
                self._put(table, row)
            self._write_all()
            if old:
                self._drop_pieces_of_nothing()
                self._keep_missing_parents()
            self._empty_weak_references()
            add_identities(self._connection)
            name_roles(self._connection)
            create_indexes(self._connection)
            if old:
                read = set(TABLE) - set(kept_parts)
                history.record_changes(self._connection, account_id, read, at, partial_parts)
            self._connection.execute("commit")
            if old:
                takeover.forget(self._connection, prefix="old_")
                self._connection.execute("detach old")

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The complete draft, for what is made of it in one transaction; raises DatabaseError."""
        with readable_errors(self._target):
            self._connection.execute("begin")
            yield self._connection
            self._connection.execute("commit")

    def publish(self) -> None:
        """Check the draft and put it in the target's place.

        A reader sees all of it or nothing of it. Raises DatabaseError.
        """
        with readable_errors(self._target):
            self._connection.execute("analyze main")
            self._check()
            if not self._target.exists():
                os.fsync(self._held)
                os.replace(self._path, self._target)
                self._renamed = True
                return
            # A short wait, many times: new readers are held up while one waits for the old.
            with closing(sqlite3.connect(self._target, timeout=0.5)) as live:
                self._connection.backup(live, progress=_give_up_after_a_while(self._target))

    def _put(self, table: str, row: Mapping[str, Any]) -> None:
        waiting = self._waiting[table]
        waiting.append(VALUES[table](row))
        if len(waiting) >= _BATCH:
            self._write(table)

    def _write(self, table: str) -> None:
        if waiting := self._waiting.pop(table, None):
            with readable_errors(self._target):
                self._connection.executemany(INSERT[table], waiting)

    def _write_all(self) -> None:
        for table in list(self._waiting):
            self._write(table)

    def _keep_old_rows(self, account_id: str, kept_parts: Collection[str]) -> None:
        for table in reversed(TABLES):  # a set before its owner, which would hide that it is new
            if table.is_derived:
                continue
            condition = "true"
            if not table.is_history and table.filled_by not in kept_parts:
                account = account_of(table, "old", "temp.old_")
                condition = f"coalesce({account}, '') <> :account"
            if table.set_of:
                same = " and ".join(
                    f"new.[{theirs}] = old.[{ours}]"
                    for theirs, ours in table.set_of.columns.items()
                )
                condition += (
                    f" and not exists (select 1 from main.[{table.set_of.table}] new where {same})"
                )
            self._copy_old(table, condition, {"account": account_id})

    def _drop_pieces_of_nothing(self) -> None:
        """Kept rows may be pieces of what a new listing no longer has: then they are gone too."""
        for piece in TABLES:
            if piece.owner:
                listed = " where listed" if "listed" in _COLUMNS[piece.owner] else ""
                self._connection.execute(
                    f"delete from [{piece.name}] where [{piece.piece_of}] not in "
                    f"(select [{TABLE[piece.owner].key[0]}] from [{piece.owner}]{listed})"
                )

    def _keep_missing_parents(self) -> None:
        """Kept rows may point at what is no longer listed: the old file still knows it."""
        for table in reversed(TABLES):
            for column in table.columns:
                if column.references in (None, "identities") or column.weak:
                    continue
                parent = TABLE[column.references]
                key = parent.key[0]
                self._copy_old(
                    parent,
                    f"[{key}] in (select [{column.name}] from main.[{table.name}]) and not exists "
                    f"(select 1 from main.[{parent.name}] new where new.[{key}] = old.[{key}])",
                    {},
                    listed="0",
                )

    def _empty_weak_references(self) -> None:
        for table in TABLES:
            for column in table.columns:
                if column.weak and column.references:
                    parent = TABLE[column.references]
                    self._connection.execute(
                        f"update [{table.name}] set [{column.name}] = null where [{column.name}] "
                        f"not in (select [{parent.key[0]}] from [{parent.name}])"
                    )

    def _copy_old(
        self, table: Table, condition: str, values: Mapping[str, Any], **replaced: str
    ) -> None:
        names = [column.name for column in table.columns]
        columns = ", ".join(f"[{name}]" for name in names)
        selected = ", ".join(replaced.get(name, f"[{name}]") for name in names)
        self._connection.execute(
            f"insert into main.[{table.name}] ({columns}) select {selected} "
            f"from temp.[old_{table.name}] as old where {condition} on conflict do nothing",
            values,
        )

    def _check(self) -> None:
        broken = self._connection.execute("pragma foreign_key_check").fetchone()
        state = self._connection.execute("pragma integrity_check").fetchone()[0]
        if broken or state != "ok":
            raise DatabaseError(
                f"The collected data does not hold together ({broken or state}); "
                f"{self._target} was not changed. Please report this."
            )


def _gaps(mentioned: tuple[str, Mapping[str, Any], str]) -> int:
    return sum(value is None for value in mentioned[1].values())


def _give_up_after_a_while(target: Path) -> Callable[[int, int, int], None]:
    """A function that is told of each attempt to publish, and ends what readers keep up."""
    end = time.monotonic() + _PATIENCE_WITH_READERS

    def attempted(status: int, remaining: int, pages: int) -> None:
        if status in _BUSY and time.monotonic() > end:
            raise DatabaseError(
                f"{target} could not be replaced: another program has been using it for "
                f"{_PATIENCE_WITH_READERS} seconds. It was not changed; close that program "
                "and collect again."
            )

    return attempted


def _held_new_file(path: Path, target: Path) -> int:
    """Descriptor of an empty file, readable by its owner only, held until it is closed.

    What a killed collect left behind is removed; what a running one holds is not. Of several
    that begin at the same moment one gets the file: only who holds it removes or fills it.
    """
    while True:
        try:
            held, ours = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), True
        except FileExistsError:
            try:
                held, ours = os.open(path, os.O_RDONLY | os.O_NOFOLLOW), False
            except FileNotFoundError:
                continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise DatabaseError(
                f"Another collection is writing {target}; wait until it finishes."
            ) from None
        if _is_at(path, held):
            if ours:
                return held
            path.unlink()
        os.close(held)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file still has this name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _connected(path: Path) -> sqlite3.Connection:
    # The draft is worth nothing before it is complete: no journal, no waiting for the disk.
    # Nobody else opens it: SQLite need not lock it.
    connection = sqlite3.connect(f"{location(path, 'rw')}&nolock=1", isolation_level=None, uri=True)
    connection.execute("pragma journal_mode = off")
    connection.execute("pragma synchronous = off")
    return connection


@cache
def _statements() -> tuple[list[str], list[str]]:
    return statements(TABLES)


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables for what IBM Cloud says, and mark the file as ours."""
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
    for statement in _statements()[0]:
        connection.execute(statement)


def create_indexes(connection: sqlite3.Connection) -> None:
    """Make their indexes, once they are full."""
    for statement in _statements()[1]:
        connection.execute(statement)
    connection.execute("analyze main")
