"""What a report can be filtered by with one click: the few values of its main columns, counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils import sqlite3

from ..reports.report import rank
from .asked import Asked
from .databases import state_of
from .filters import UNSEARCHED, identifier, where
from .patches import took_too_long

MOST_VALUES = 12  # of a column that has few
MOST_COUNTED = 200_000  # rows: of more a page is there long before they are counted
MOST_REMEMBERED = 200
REMEMBERED_S = 300  # seconds: what a report finds may depend on the time


@dataclass(frozen=True)
class Facet:
    """A column and its values in a number of rows with the number of each, most first."""

    column: str
    values: tuple[tuple[Any, int], ...]
    rows: int

    @property
    def is_settled(self) -> bool:
        """Whether all rows have the same there."""
        return len(self.values) == 1

    @property
    def chooses(self) -> bool:
        """Whether there is anything to choose, and not each row by itself."""
        return 1 < len(self.values) < self.rows


# What was counted on all rows of a report, by file and its state, SQL and parameters.
_remembered: dict[tuple[Any, ...], dict[str, Counter[Any]]] = {}


async def facets(
    asked: Asked, metadata: Mapping[str, Any], rows: Sequence[Any], found: int
) -> list[Facet]:
    """The main columns with few values, or one, in all rows found, of which a page has these."""
    columns = _candidates(asked, metadata, rows)
    if found == len(rows):
        counted = {column: Counter(_plain(row[column]) for row in rows) for column in columns}
    elif found <= MOST_COUNTED:
        counted = await _counted(asked, columns)
    else:
        counted = {}
    return [
        Facet(column, tuple(sorted(values.items(), key=_most_first(column))), found)
        for column, values in counted.items()
        if len(values) <= MOST_VALUES
    ]


def _candidates(asked: Asked, metadata: Mapping[str, Any], rows: Sequence[Any]) -> list[str]:
    """The main columns that may have few values, as far as these rows tell."""
    main = dict.fromkeys((*(metadata.get("shown") or asked.report.columns), "account", "severity"))
    fixed = {one.column for one in asked.selection.conditions if one.operator == "exact"}
    return [
        column
        for column in main
        if column in asked.report.columns
        and column not in (*UNSEARCHED, *fixed)
        and len({_plain(row[column]) for row in rows}) <= MOST_VALUES
    ]


def _plain(value: Any) -> Any:
    return None if value == "" else value


def _most_first(column: str) -> Any:
    """Most rows first; severities by their rank."""
    if column == "severity":
        return lambda item: rank(item[0])
    return lambda item: (-item[1], item[0] is None, isinstance(item[0], str), item[0])


async def _counted(asked: Asked, columns: Sequence[str]) -> dict[str, Counter[Any]]:
    """The values of these columns in all rows that are asked for; nothing where that takes long."""
    database = asked.site.databases[asked.database]
    if not columns or not database.path:
        return {}
    names = ", ".join(map(identifier, columns))
    # One more value than are few tells that there are many.
    counts = "\nunion all\n".join(
        f"select * from (select {place}, nullif({identifier(column)}, ''), count(*) "
        f"from asked_for group by 2 order by 3 desc limit {MOST_VALUES + 1})"
        for place, column in enumerate(columns)
    )
    chosen = where(asked.selection, asked.report.columns)
    sql = (
        f"with asked_for as materialized (select {names} from (\n{asked.report.whole}\n)"
        f" as report {chosen})\n{counts}"
    )
    values = {**dict.fromkeys(asked.parameters, ""), **dict(reversed(asked.arguments))}
    key = (_state(str(database.path)), sql, tuple(sorted(values.items())))
    if key in _remembered:
        return _remembered[key]
    try:
        rows = await database.execute(sql, values, log_sql_errors=False)
    except Exception as error:
        if took_too_long(error) or isinstance(error, sqlite3.Error):
            return {}
        raise
    counted: dict[str, Counter[Any]] = {column: Counter() for column in columns}
    for place, value, number in rows:
        counted[columns[place]][value] = number
    while len(_remembered) >= MOST_REMEMBERED:
        del _remembered[next(iter(_remembered))]
    _remembered[key] = counted
    return counted


def _state(path: str) -> tuple[object, ...]:
    """What is another one once the file has changed, or the time has come to look again."""
    return path, *state_of(path), int(time.time() // REMEMBERED_S)
