"""How many rows of a report have what in some of its columns, and what others of them add up to.

All rows count that an address asks for, whichever of them a page shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils import sqlite3

from ..reports.report import ROWS_COLUMN
from .asked import Asked
from .filters import identifier, where
from .patches import took_too_long

_LISTED = "rows_listed"


@dataclass(frozen=True)
class Sum:
    """The rows with these values, None where there is nothing, and what their numbers add up to."""

    values: tuple[str | None, ...]
    rows: int
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Sums:
    """All sums. `listed` is how many rows the report lists of `found`: an answer may be cut."""

    sums: tuple[Sum, ...]
    listed: int
    found: int

    @property
    def whole(self) -> bool:
        """Whether no row is missing."""
        return self.listed == self.found


async def summed(
    asked: Asked, by: Sequence[str], of: Sequence[str], most_ms: int | None = None
) -> Sums | None:
    """The sums of what is asked of a report; None if that takes too long or is too much."""
    return await _answered(asked, _sql(asked, asked.report.whole, by, of), len(by), most_ms)


async def summed_in_part(asked: Asked, by: Sequence[str], of: Sequence[str]) -> Sums | None:
    """The same of the rows that the report gives by itself, which may not be all."""
    return await _answered(asked, _sql(asked, asked.report.statement, by, of), len(by), None)


async def _answered(asked: Asked, sql: str, n: int, most_ms: int | None) -> Sums | None:
    database = asked.site.databases[asked.database]
    values = {**dict.fromkeys(asked.parameters, ""), **dict(reversed(asked.arguments))}
    try:
        answer = await database.execute(
            sql,
            values,
            truncate=True,
            custom_time_limit=most_ms,
            log_sql_errors=False,
        )
    except Exception as error:
        if took_too_long(error) or isinstance(error, sqlite3.Error):
            return None
        raise
    if answer.truncated:
        return None
    sums = tuple(Sum(tuple(row[:n]), row[n], tuple(row[n + 3 :])) for row in answer.rows)
    listed, found = (answer.rows[0][n + 1], answer.rows[0][n + 2]) if sums else (0, 0)
    return Sums(sums, listed, found)


def summed_here(rows: Iterable[Any], by: Sequence[str], of: Sequence[str]) -> Sums:
    """The same of rows that are all there are."""
    known: dict[tuple[str | None, ...], list[float]] = {}
    listed = 0
    for row in rows:
        key = tuple(None if row[name] in (None, "") else str(row[name]) for name in by)
        counted = known.setdefault(key, [0] * (1 + len(of)))
        counted[0] += 1
        for place, name in enumerate(of, 1):
            counted[place] += row[name] if isinstance(row[name], (int, float)) else 0
        listed += 1
    sums = (Sum(key, int(rows), tuple(numbers)) for key, (rows, *numbers) in known.items())
    return Sums(tuple(sums), listed, listed)


def _sql(asked: Asked, rows: str, by: Sequence[str], of: Sequence[str]) -> str:
    columns = asked.report.columns
    found = f"max({identifier(ROWS_COLUMN)})" if ROWS_COLUMN in columns else f"max({_LISTED})"
    wanted = [f"nullif(cast({identifier(name)} as text), '')" for name in by]
    wanted += ["count(*)", f"max({_LISTED})", found, *map(_added_up, of)]
    places = ", ".join(str(place) for place in range(1, len(by) + 1))
    return "\n".join(
        (
            f"select {', '.join(wanted)}",
            f"from (select *, count(*) over () as {_LISTED} from (",
            rows,
            "))",
            where(asked.selection, columns),
            f"group by {places}",
        )
    )


def _added_up(column: str) -> str:
    name = identifier(column)
    return f"sum(iif(typeof({name}) in ('integer', 'real'), {name}, 0))"
