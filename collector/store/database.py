"""The SQLite file: a draft beside it is filled and checked, then takes the file's place.

Whoever reads the file sees the whole old data or the whole new data. Knows nothing of HTTP.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlite_utils

from ..errors import DatabaseError
from ..facts.derived import ALL_TABLES, VIEWS, derive
from ..ibmcloud.rows import PUBLIC_ACCESS_GROUP
from ..reports import findings
from ..reports.findings import Acknowledgement, Earlier
from ..reports.report import Report
from . import history, takeover
from .schema import APPLICATION_ID, SCHEMA_VERSION, TABLE, TABLES, Table

_BATCH = 1000
_BUSY = (5, 6)  # SQLITE_BUSY and SQLITE_LOCKED, which sqlite3 names from Python 3.11 on
_PATIENCE_WITH_READERS = 120  # seconds until a file that is always being read is given up
_SEARCH = Path(__file__).with_name("search.sql")

# Rows that make sense only as a set, with the table and columns that tell whether the set was
# read anew: then none of its old rows is kept beside the new ones.
_SETS = {
    "role_actions": ("role_actions", {"role_id": "role_id", "service_name": "service_name"}),
    "cbr_rule_zones": ("cbr_rules", {"id": "rule_id"}),
    **{
        table.name: ("policies", {"id": "policy_id"})
        for table in TABLES
        if table.part == "policies"
    },
}

# Rows that are a piece of another object, asked for one object at a time: column and table of what
# they belong to. Where that is gone they are gone.
_PIECES = {
    "trustedprofile_links": ("tp_id", "trustedprofiles"),
    "trustedprofile_rules": ("tp_id", "trustedprofiles"),
    "trustedprofile_identities": ("tp_id", "trustedprofiles"),
    "access_group_members": ("group_id", "access_groups"),
    "access_group_rules": ("group_id", "access_groups"),
    "cbr_zone_addresses": ("zone_id", "cbr_zones"),
}

OWNERS = frozenset(owner for _, owner in _PIECES.values())

# Made anew from the whole file in each collect.
_DERIVED = ("identities", "acknowledgements", "findings", "report_counts", "search", "facts")

_KEYS = {table.name: table.key[0] for table in ALL_TABLES}

_COLUMNS = {table.name: [column.name for column in table.columns] for table in TABLES}

# The values of a row in the order of its table's columns.
_VALUES = {table.name: itemgetter(*(c.name for c in table.columns)) for table in TABLES}

# Kind of an IAM ID that no listing explains: the platform writes "IAM", a bare service name
# or the CRN of a resource; everything else is deleted or belongs to another account.
_UNKNOWN_KIND = """case when {id} = 'IAM' or {id} glob 'crn-*' or {id} not glob '*[^a-z-]*'
    then 'service' else 'unknown' end"""

# Where the names of identities come from: table, kind, and the name's expression.
_NAMED = (
    (
        "users",
        "user",
        "trim(coalesce(firstname, '') || ' ' || coalesce(lastname, ''))",
        "user_id",
    ),
    ("serviceids", "service_id", "name", "null"),
    ("trustedprofiles", "trusted_profile", "name", "null"),
)


def check_target(path: Path) -> None:
    """Refuse, before anything is asked of IBM Cloud, a file that could not be written.

    Raises DatabaseError: no such folder, not writable, not SQLite, not a file of ours, or one of a
    later version. One of an earlier version is taken over.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise DatabaseError(f"The folder {folder} does not exist; create it or name another file.")
    if path.is_dir():
        raise DatabaseError(f"{path} is a folder; name a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseError(f"The folder {folder} is not writable; name a file elsewhere.")
    if not path.exists():
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise DatabaseError(f"{path} is not writable; change its permissions or name another file.")
    if path.stat().st_size:
        _check_ours(path)


def check_source(path: Path) -> None:
    """Refuse a file that is not there, not ours or of another version; raises DatabaseError."""
    if not path.is_file() or not path.stat().st_size:
        raise DatabaseError(f"{path} holds nothing yet; run iaminsights collect first.")
    if _check_ours(path) < SCHEMA_VERSION:
        raise DatabaseError(
            f"{path} was made by an earlier version of IAM insights; collect into it again, and "
            "all that it holds is kept."
        )


def public_group_id(path: Path, account_id: str) -> str:
    """The ID for the account's Public Access group in this file.

    IBM Cloud gives that group the same ID in every account. The first account in a file
    keeps it; in further accounts the account's ID is appended.
    """
    if _has_content(path):
        with _reading(path) as db:
            holder = db.execute(
                "select account_id from access_groups where id = ?", (PUBLIC_ACCESS_GROUP,)
            ).fetchone()
        if holder and holder[0] != account_id:
            return f"{PUBLIC_ACCESS_GROUP}/{account_id}"
    return PUBLIC_ACCESS_GROUP


def accounts_in(path: Path) -> dict[str, str]:
    """ID and name of each account that the file holds; empty if there is no file yet."""
    if not _has_content(path):
        return {}
    with _reading(path) as db:
        return dict(db.execute("select account_id, coalesce(name, account_id) from accounts"))


class Draft:
    """A new file beside the target, held by one collect at a time.

    `add` rows, then `complete`, then `publish`; leaving the context removes the draft.
    Raises DatabaseError when another collect holds it or the disk is full.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.absolute().with_name(f".{target.name}.collecting")
        self._renamed = False
        self._waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._mentioned: list[tuple[str, Mapping[str, Any], str]] = []
        self._insert = {table.name: _insert_statement(table) for table in TABLES}

    def __enter__(self) -> Draft:
        with _readable_errors(self._target), ExitStack() as undone:
            held = _held_new_file(self._path, self._target)
            undone.callback(os.close, held)
            undone.callback(self._remove)  # while it is held: later it may be another collect's
            self._connection = undone.enter_context(closing(_connected(self._path)))
            _create_tables(self._connection)
            self._connection.execute("begin")
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
        for piece, (column, owner) in _PIECES.items():
            if owner == table:
                self._connection.execute(f"delete from [{piece}] where [{column}] = ?", (key,))
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
        return self._connection.execute(f"select count(*) from [{table}]").fetchone()[0]

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
        with _readable_errors(self._target):
            self._write_all()
            old = _has_content(self._target)
            if old:
                self._connection.execute("commit")
                self._connection.execute("attach ? as old", (_location(self._target, "ro"),))
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
            self._add_identities()
            # A v2 policy names its roles by CRN only.
            self._connection.execute(
                "update policy_roles set display_name = (select roles.display_name from roles "
                "where roles.role_id = policy_roles.role_id) where display_name is null"
            )
            self._connection.execute("commit")
            _create_indexes_and_views(self._connection)
            self._connection.execute("begin")
            derive(self._connection)
            self._connection.execute("commit")
            self._check()
            self._connection.execute("begin")
            if old:
                read = set(TABLE) - set(kept_parts)
                history.record_changes(self._connection, account_id, read, at, partial_parts)
            self._connection.execute("commit")
            if old:
                takeover.forget(self._connection, prefix="old_")
                self._connection.execute("detach old")
            _fill_search(self._connection)

    def count_findings(
        self,
        reports: Sequence[Report],
        acknowledgements: Sequence[Acknowledgement] | None,
        at: str,
        keep_days: int,
    ) -> list[Acknowledgement]:
        """Run the reports on the complete draft; gives the acknowledgements that match nothing.

        Without acknowledgements those of the old file stay. History older than `keep_days` is
        forgotten.
        """
        with _readable_errors(self._target):
            if acknowledgements is None:
                acknowledgements = acknowledgements_of(self._target)
            earlier = findings_of(self._target)
            self._connection.execute("begin")
            unmatched = findings.count(self._connection, reports, acknowledgements, at, earlier)
            history.record_counts(self._connection, at)
            history.prune(self._connection, at, keep_days)
            self._connection.execute("commit")
            self._connection.execute("analyze main")
            return unmatched

    def publish(self) -> None:
        """Put the draft in the target's place; a reader sees all of it or nothing of it."""
        with _readable_errors(self._target):
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
        waiting.append(_VALUES[table](row))
        if len(waiting) >= _BATCH:
            self._write(table)

    def _write(self, table: str) -> None:
        if waiting := self._waiting.pop(table, None):
            with _readable_errors(self._target):
                self._connection.executemany(self._insert[table], waiting)

    def _write_all(self) -> None:
        for table in list(self._waiting):
            self._write(table)

    def _keep_old_rows(self, account_id: str, kept_parts: Collection[str]) -> None:
        always = {"collections", "collection_steps", "changes", "finding_history"}
        for table in reversed(TABLES):  # a set before its owner, which would hide that it is new
            if table.name in _DERIVED:
                continue
            condition = "true"
            if table.filled_by not in always and table.filled_by not in kept_parts:
                condition = f"coalesce({_account_of(table)}, '') <> :account"
            if table.name in _SETS:
                owner, columns = _SETS[table.name]
                same = " and ".join(
                    f"new.[{theirs}] = old.[{ours}]" for theirs, ours in columns.items()
                )
                condition += f" and not exists (select 1 from main.[{owner}] new where {same})"
            self._copy_old(table, condition, {"account": account_id})

    def _drop_pieces_of_nothing(self) -> None:
        """Kept rows may be pieces of what a new listing no longer has: then they are gone too."""
        for piece, (column, owner) in _PIECES.items():
            key = TABLE[owner].key[0]
            listed = " where listed" if "listed" in _COLUMNS[owner] else ""
            self._connection.execute(
                f"delete from [{piece}] where [{column}] not in "
                f"(select [{key}] from [{owner}]{listed})"
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
                if column.weak:
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

    def _add_identities(self) -> None:
        for table_name, kind, name, second in _NAMED:
            self._connection.execute(
                f"insert into identities (iam_id, kind, name) select iam_id, '{kind}', "
                f"coalesce(nullif({name}, ''), nullif({second}, ''), iam_id) from [{table_name}] "
                f"where true order by account_id on conflict do nothing"
            )
        for table in TABLES:
            for column in table.columns:
                if column.references == "identities":
                    kind = _UNKNOWN_KIND.format(id=f"[{column.name}]")
                    self._connection.execute(
                        f"insert into identities (iam_id, kind, name) "
                        f"select distinct [{column.name}], {kind}, [{column.name}] "
                        f"from [{table.name}] where [{column.name}] is not null "
                        f"on conflict do nothing"
                    )

    def _check(self) -> None:
        broken = self._connection.execute("pragma foreign_key_check").fetchone()
        state = self._connection.execute("pragma integrity_check").fetchone()[0]
        if broken or state != "ok":
            raise DatabaseError(
                f"The collected data does not hold together ({broken or state}); "
                f"{self._target} was left as it was. Please report this."
            )


def _gaps(mentioned: tuple[str, Mapping[str, Any], str]) -> int:
    return sum(value is None for value in mentioned[1].values())


def acknowledgements_of(path: Path) -> tuple[Acknowledgement, ...]:
    """Those that a file has; none if there is no file yet."""
    if not _has_content(path):
        return ()
    with _reading(path) as db:
        return findings.acknowledgements_in(db)


def findings_of(path: Path) -> Earlier:
    """What the reports found in a file before, and in which version of theirs.

    How an earlier version of the program counted is nothing to compare with.
    """
    if not _has_content(path):
        return Earlier()
    with _reading(path) as db:
        earlier = findings.earlier_in(db)
        return earlier if _marks(db)[1] == SCHEMA_VERSION else Earlier(earlier.first_seen)


def count_findings(path: Path, reports: Sequence[Report]) -> None:
    """Count anew what the reports find in a file, in one transaction; raises DatabaseError."""
    with _reading(path) as db:
        kept, earlier = findings.acknowledgements_in(db), findings.earlier_in(db)
        db.execute("begin immediate")
        findings.count(db, reports, kept, None, earlier)
        db.commit()


def empty_database() -> sqlite3.Connection:
    """A database in memory with every table and view and no row, to try a report on."""
    connection = sqlite3.connect(":memory:")
    _create_tables(connection)
    _create_indexes_and_views(connection)
    _fill_search(connection)
    return connection


def next_collection_id(path: Path) -> int:
    """Number of the next run in the file's history."""
    if not _has_content(path):
        return 1
    with _reading(path) as db:
        return db.execute("select coalesce(max(id), 0) + 1 from collections").fetchone()[0]


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _location(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """An open file, with the tables of this version whatever version made it."""
    # Not read-only: SQLite undoes what a collect left half done that was killed while it
    # published, but only for whoever may write the file.
    location = _location(path, "rw")
    with (
        _readable_errors(path),
        closing(sqlite3.connect(location, uri=True, timeout=60)) as connection,
    ):
        mark, version = _marks(connection)
        if mark == APPLICATION_ID and version <= SCHEMA_VERSION:
            takeover.see_as_of_now(connection, "main")
        yield connection


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    """Whose file it is, and in which version, by its header."""
    return tuple(
        connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )


@contextmanager
def _readable_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DatabaseError(
            f"{target} could not be written: {error}. It was left as it was."
        ) from error


def _check_ours(path: Path) -> int:
    """The version of a file of ours; raises DatabaseError for any other, and for a later one."""
    try:
        with _reading(path) as db:
            mark, version = _marks(db)
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise
        raise DatabaseError(f"{path} is not a SQLite file; name another file.") from None
    if mark != APPLICATION_ID:
        raise DatabaseError(f"{path} was not made by IAM insights; name another file.")
    if version > SCHEMA_VERSION:
        raise DatabaseError(
            f"{path} was made by a later version of IAM insights; use that one, or name another "
            "file."
        )
    return version


def _give_up_after_a_while(target: Path) -> Callable[[int, int, int], None]:
    """A function that is told of each attempt to publish, and ends what readers keep up."""
    end = time.monotonic() + _PATIENCE_WITH_READERS

    def attempted(status: int, remaining: int, pages: int) -> None:
        if status in _BUSY and time.monotonic() > end:
            raise DatabaseError(
                f"{target} could not be replaced: another program has been using it for "
                f"{_PATIENCE_WITH_READERS} seconds. It was left as it was; close that program "
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
                f"Another collect is writing {target}; wait until it has finished."
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
    location = f"{_location(path, 'rw')}&nolock=1"
    connection = sqlite3.connect(location, isolation_level=None, uri=True)
    connection.execute("pragma journal_mode = off")
    connection.execute("pragma synchronous = off")
    return connection


@cache
def _made_of() -> tuple[str, str]:
    """What makes the tables, and what makes their indexes and the views, as SQL.

    To word it all takes longer than to run it: once a process is enough.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        db = sqlite_utils.Database(connection)
        for table in ALL_TABLES:
            db[table.name].create(
                {column.name: column.sql_type for column in table.columns},
                pk=table.key if len(table.key) > 1 else table.key[0],
                not_null=[column.name for column in table.columns if column.required],
                foreign_keys=[
                    (column.name, column.references, _KEYS[column.references])
                    for column in table.columns
                    if column.references
                ],
                strict=True,
            )
        for table in ALL_TABLES:
            for columns in table.all_indexes:
                db[table.name].create_index(columns)
        for view in VIEWS.values():
            db.create_view(view.name, view.sql)
        made = connection.execute(
            "select type = 'table', name, sql from sqlite_master where sql is not null "
            "order by rowid"
        ).fetchall()
    # sqlite-utils has no word for a table without rowids; its last one is STRICT.
    by_key = {table.name for table in ALL_TABLES if table.by_key}
    tables, rest = (
        "\n".join(
            f"{sql}{', WITHOUT ROWID' if name in by_key else ''};"
            for is_table, name, sql in made
            if is_table == which
        )
        for which in (1, 0)
    )
    return tables, rest


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
    connection.executescript(f"begin; {_made_of()[0]} commit")


def _create_indexes_and_views(connection: sqlite3.Connection) -> None:
    connection.executescript(f"begin; {_made_of()[1]} commit")
    connection.execute("analyze main")


def _fill_search(connection: sqlite3.Connection) -> None:
    connection.executescript(_SEARCH.read_text(encoding="utf-8"))
    sqlite_utils.Database(connection)["search"].enable_fts(
        ["name", "detail"], tokenize="unicode61 remove_diacritics 2"
    )


def _insert_statement(table: Table) -> str:
    columns = ", ".join(f"[{column.name}]" for column in table.columns)
    places = ", ".join("?" * len(table.columns))
    return f"insert into [{table.name}] ({columns}) values ({places}) on conflict do nothing"


def _account_of(table: Table, row: str = "old") -> str:
    """SQL for the account that a row of the old file belongs to, found through its parents."""
    if any(column.name == "account_id" for column in table.columns):
        return f"[{row}].[account_id]"
    parent_key = next(c for c in table.columns if c.references and c.references != "identities")
    parent = TABLE[parent_key.references]
    above = f"{parent.name}_of_{row}"
    return (
        f"(select {_account_of(parent, above)} from temp.[old_{parent.name}] as [{above}] "
        f"where [{above}].[{parent.key[0]}] = [{row}].[{parent_key.name}])"
    )
