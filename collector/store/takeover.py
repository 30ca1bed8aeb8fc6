"""A file of an earlier version, looked at as if it had the tables of this one.

Views stand in for its tables: one that it does not have is empty, a column that it does not have
is null or has its declared default. What the steps of its collections could not ask for, since
their version did not know it, is noted in them: nobody takes it for read.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from .schema import NO_PARTS, TABLES
from .table import Column, Table

# Steps of parts that there are no longer would look unread for ever.
_PARTS = sorted({table.filled_by for table in TABLES} - set(NO_PARTS))


def see_as_of_now(connection: sqlite3.Connection, schema: str, prefix: str = "") -> None:
    """Make a temporary view, named with the prefix, for each table of the schema.

    Without a prefix they hide the tables themselves; then those that are as they should be need
    none.
    """
    held = _held(connection, schema)
    lacking = _lacking(held)
    for table in TABLES:
        has = held.get(table.name, set())
        complete = has >= {column.name for column in table.columns}
        if complete and not prefix and table.name != "collection_steps":
            continue
        source = f"[{schema}].[{table.name}]" if has else "(select 1) where false"
        if has and table.name == "collection_steps":
            part = _source(table.column("part"), has)
            source += f" where {part} in ({', '.join(map(_literal, _PARTS))})"
        columns = ", ".join(
            f"{_selected(table, column.name, has, lacking)} as [{column.name}]"
            for column in table.columns
        )
        connection.execute(
            f"create temp view [{prefix}{table.name}] as select {columns} from {source}"
        )


def forget(connection: sqlite3.Connection, prefix: str) -> None:
    """Drop the views again, before the file that they look at is detached."""
    for table in TABLES:
        connection.execute(f"drop view temp.[{prefix}{table.name}]")


def _held(connection: sqlite3.Connection, schema: str) -> dict[str, set[str]]:
    """The columns that the file has of each table that it has."""
    held = defaultdict(set)
    for table, column in connection.execute(
        "select objects.name, columns.name from sqlite_master_of as objects "
        "join pragma_table_info(objects.name, :schema) as columns "
        "where objects.type = 'table'".replace("sqlite_master_of", f"[{schema}].sqlite_master"),
        {"schema": schema},
    ):
        held[table].add(column)
    return held


def _lacking(held: dict[str, set[str]]) -> dict[str, str]:
    """By part what the file does not have of it: table.* or table.column."""
    lacking = defaultdict(list)
    for table in TABLES:
        if table.name in NO_PARTS:
            continue
        if table.name not in held:
            lacking[table.filled_by].append(f"{table.name}.*")
        else:
            lacking[table.filled_by] += [
                f"{table.name}.{column.name}"
                for column in table.columns
                if not _source(column, held[table.name])
            ]
    return {part: " ".join(names) for part, names in lacking.items() if names}


def _selected(table: Table, name: str, has: set[str], lacking: dict[str, str]) -> str:
    column = table.column(name)
    default = _literal(column.default)
    value = _source(column, has) or default
    if name in has and column.required and column.default is not None:
        value = f"coalesce([{name}], {default})"
    if (table.name, name) == ("collection_steps", "lacks") and has and lacking:
        cases = " ".join(
            f"when {_literal(part)} then {_literal(names)}" for part, names in lacking.items()
        )
        part = _source(table.column("part"), has)
        value = f"nullif(trim(coalesce({value}, '') || ' ' || case {part} {cases} else '' end), '')"
    return value


def _source(column: Column, has: set[str]) -> str:
    """The column as the file calls it; empty if it does not have it."""
    return next((f"[{name}]" for name in (column.name, column.was) if name in has), "")


def _literal(value: str | int | None) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
