"""The SQL that makes tables and their indexes, worded by sqlite-utils."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import sqlite_utils

from .table import Table


def statements(
    tables: Sequence[Table], others: Sequence[Table] = ()
) -> tuple[list[str], list[str]]:
    """What makes the tables, and what makes their indexes.

    `others` are tables that these refer to. To word it all takes longer than to run it: callers
    keep it.
    """
    keys = {table.name: table.key[0] for table in (*others, *tables)}
    with closing(sqlite3.connect(":memory:")) as connection:
        db = sqlite_utils.Database(connection)
        for table in (*others, *tables):
            db.table(table.name).create(
                {column.name: column.sql_type for column in table.columns},
                pk=table.key if len(table.key) > 1 else table.key[0],
                not_null=[column.name for column in table.columns if column.required],
                foreign_keys=[
                    (column.name, column.references, keys[column.references])
                    for column in table.columns
                    if column.references
                ],
                strict=True,
            )
        for table in tables:
            for columns in table.all_indexes:
                db.table(table.name).create_index(columns)
        made = connection.execute(
            "select type, tbl_name, sql from sqlite_master where sql is not null order by rowid"
        ).fetchall()
    ours = {table.name: table for table in tables}
    # sqlite-utils has no word for a table without rowids; its last one is STRICT.
    return (
        [
            f"{sql}{', WITHOUT ROWID' if ours[name].by_key else ''}"
            for kind, name, sql in made
            if kind == "table" and name in ours
        ],
        [sql for kind, _, sql in made if kind == "index"],
    )
