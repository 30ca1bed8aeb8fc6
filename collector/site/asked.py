"""What a request asks of a report: found out before Datasette looks for the report.

Datasette asks plugins for queries without saying what the request is. So the request is remembered
where only what is done for it can see it, and the query that answers it takes the place of the one
in the metadata. All of a page, its JSON and its CSV ask for the same rows then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from datasette.utils import derive_named_parameters, sqlite3, tilde_decode

from ..errors import FilterError
from .catalogue import one
from .databases import holds_insights
from .filters import (
    FIRST,
    MOST,
    MOST_ROWS,
    OPERATORS,
    OURS,
    PAGE_ROWS,
    Operator,
    Selection,
    Source,
    changed,
    filtered,
    parse,
    selected,
    without,
)
from .readers import actor, may_see

# As Datasette routes them: a database, a table or query, and perhaps a format.
_PATH = re.compile(r"/(?P<database>[^/.]+)/(?P<name>[^/.]+)(\.(?P<format>\w+))?")
# What a form sends in which column and comparison are chosen, too: Datasette's own names.
_FORM = ("_filter_column", "_filter_op", "_filter_value")
_BACKWARDS = "_sort_by_desc"

# By database, by SQL: parameters and columns.
_Names = tuple[str, ...]
_known: WeakKeyDictionary[Any, dict[str, tuple[_Names, _Names]]] = WeakKeyDictionary()

current: ContextVar[Asked | None] = ContextVar("asked", default=None)


@dataclass(frozen=True)
class Asked:
    """What is asked of a report, which is to be answered as a page, or as data."""

    site: Any  # the Datasette
    database: str
    name: str
    query: Mapping[str, Any]  # as the metadata has it
    report: Source
    parameters: tuple[str, ...]
    selection: Selection
    address: str  # of the page
    arguments: tuple[tuple[str, str], ...]
    as_page: bool

    @cached_property
    def answer(self) -> Mapping[str, Any]:
        """The query that answers, as the metadata would have it."""
        if not self.selection.changes:
            return self.query
        sql = selected(self.report, self.selection, count=self.as_page)
        # Named, so that Datasette does not take the values of filters for more of them.
        return {**self.query, "sql": sql, "params": list(self.parameters) or ["_"]}

    # --- For the page ---

    @property
    def sql(self) -> str:
        """The SQL of the rows on all pages; the report's own, unless these are chosen or sorted."""
        everything = replace(self.selection, size=None, page=1)
        return selected(self.report, everything) if everything.changes else self.query["sql"]

    def edited(self, address: str) -> str:
        """The address of an editor, which has the SQL of a page, with this SQL."""
        values = {name: "" for name in self.parameters if not name.startswith("_")}
        given = {name: value for name, value in reversed(self.arguments) if name in values}
        return f"{address.partition('?')[0]}?{urlencode({'sql': self.sql, **values, **given})}"

    @property
    def hidden(self) -> tuple[str, ...]:
        """Parameters that are none of the reader's business: pages take their place."""
        return (FIRST, MOST) if {FIRST, MOST} <= set(self.parameters) else ()

    @property
    def chosen(self) -> list[tuple[str, str, str, str]]:
        """What filters the rows: column, comparison, value, and the address without it."""
        found = [
            (one.column, one.words, one.shown_value, without(self.address, one.key, one.value))
            for one in self.selection.conditions
        ]
        if search := self.selection.search:
            there = without(self.address, "_search", search)
            found.append(("any column", "contains", search, there))
        return found

    @property
    def unasked(self) -> str:
        """The address of the report with its own parameters alone."""
        return unasked(self.address.partition("?")[0], self.arguments, self.parameters)

    @property
    def unfiltered(self) -> str:
        """The address without any filter."""
        gone = [condition.key for condition in self.selection.conditions]
        return changed(self.address, dict.fromkeys([*gone, "_search", "_page"]))

    @property
    def unsorted(self) -> str:
        """The address with the report's own order."""
        return changed(self.address, {"_sort": None, "_sort_desc": None, "_page": None})

    @property
    def uncounted(self) -> str:
        """The address of the rows that are counted."""
        return changed(self.address, {"_count_by": None})

    @property
    def operators(self) -> Mapping[str, Operator]:
        """The comparisons that there are."""
        return OPERATORS

    @property
    def most(self) -> int:
        """How many rows there are at most in data."""
        limit: int = self.site.setting("max_returned_rows")
        own = None if self.selection.filters or self.selection.sort else self.report.limit
        return min(limit, own or limit)

    def kept(self, *but: str) -> list[tuple[str, str]]:
        """The arguments of the address that a form must send along, but for some."""
        return [pair for pair in self.arguments if pair[0] not in ("_page", *but)]

    def choosing(self, parameter: str, value: str) -> str:
        """The address with another value of a parameter."""
        return changed(self.address, {parameter: value, "_page": None})

    def only(self, column: str, value: Any) -> str:
        """The address of those of the rows that have this value in a column."""
        return filtered(self.address, column, value, self.parameters)

    def sorted_by(self, column: str) -> str:
        """The address of the rows sorted by a column, and the other way round when they are."""
        up = self.selection.sort == column and not self.selection.descending
        down = self.selection.sort == column and self.selection.descending
        values = {"_sort": None if up or down else column, "_sort_desc": column if up else None}
        return changed(self.address, {**values, "_page": None})

    def order_of(self, column: str) -> str | None:
        """How the rows are sorted by a column, as aria-sort says it; None if they are not."""
        if self.selection.sort != column:
            return None
        return "descending" if self.selection.descending else "ascending"

    def page(self, number: int) -> str:
        """The address of a page of the same rows."""
        return changed(self.address, {"_page": number if number > 1 else None})

    def pages(self, rows: int) -> int:
        """How many pages so many rows make."""
        return max(1, math.ceil(rows / (self.selection.size or PAGE_ROWS)))

    def whole(self, address: str) -> str:
        """An address of data for all of the rows, not for those of one page."""
        return changed(address, {"_page": None, "_size": None})


def unasked(address: str, arguments: Iterable[tuple[str, str]], parameters: Collection[str]) -> str:
    """The address of a report of which nothing is asked but with its own parameters."""
    own = [pair for pair in arguments if pair[0] in parameters]
    return f"{address}?{urlencode(own)}" if own else address


async def asked(datasette: Any, scope: Mapping[str, Any]) -> Asked | str | None:
    """What a request asks of a report; None if it asks for none of ours.

    A text is the address to go to instead. Raises FilterError if it asks for what the report has
    not, and its reader may know that.
    """
    found = route(datasette, scope)
    if scope["method"] not in ("GET", "HEAD") or not found:
        return None
    database, name = tilde_decode(found["database"]), tilde_decode(found["name"])
    if not await holds_insights(datasette, database):
        return None
    reader = await actor(datasette, scope)
    query = await one(datasette, reader, database, name)
    if not query or query.get("write") or not query.get("sql"):
        return None
    parameters, columns = await _described(datasette.databases[database], query)
    arguments = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    address = datasette.urls.query(database, name)
    as_page = found["format"] is None
    if as_page and (clean := _cleaned(arguments, parameters)) != arguments:
        return f"{address}?{urlencode(clean)}" if clean else str(address)
    most = min(MOST_ROWS, datasette.setting("max_returned_rows"))
    try:
        selection = parse(arguments, columns, parameters, most)
    except FilterError as error:
        if await may_see(datasette, reader, database, name, action="view-query"):
            error.report_url = unasked(str(address), arguments, parameters)
            raise
        return None
    if not columns:
        return None
    if as_page and not selection.size and not selection.count_by:
        selection = replace(selection, size=min(PAGE_ROWS, most))
    # If the request says itself which row is the first, pages count from there.
    turned = any(key == FIRST and value for key, value in arguments)
    turning = tuple(parameter for parameter in parameters if parameter != FIRST)
    return Asked(
        site=datasette,
        database=database,
        name=name,
        query=query,
        report=Source(query["sql"], columns, turning if turned else parameters),
        parameters=parameters,
        selection=selection,
        address=f"{address}?{urlencode(arguments)}" if arguments else str(address),
        arguments=tuple(arguments),
        as_page=as_page,
    )


def route(datasette: Any, scope: Mapping[str, Any]) -> re.Match[str] | None:
    """Database, name and format of the table or report that a request asks for, if it does."""
    return _PATH.fullmatch(_path(datasette, scope))


def _path(datasette: Any, scope: Mapping[str, Any]) -> str:
    """The path that Datasette looks at, without that of the site itself."""
    raw = scope.get("raw_path")
    path: str = raw.decode("latin-1").partition("?")[0] if raw else scope["path"]
    base: str = datasette.setting("base_url")
    return "/" + path[len(base) :] if base != "/" and path.startswith(base) else path


async def _described(
    database: Any, query: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parameters of a query and its columns; none of these if one cannot choose by them."""
    sql = query["sql"]
    known = _known.setdefault(database, {})
    if sql not in known:
        parameters = query.get("params") or await derive_named_parameters(database, sql)
        empty = f"select * from (\n{Source(sql, ()).statement}\n) limit 0"
        nothing = dict.fromkeys(parameters, "")

        def columns(connection: sqlite3.Connection) -> tuple[str, ...]:
            try:
                found = connection.execute(empty, nothing).description
            except sqlite3.Error:
                return ()
            return tuple(column[0] for column in found)

        found = await database.execute_fn(columns)
        # The second of two with the same name SQLite calls NAME:1 here, and there NAME.
        twice = any(re.search(r":[0-9]+\Z", column) for column in found)
        known[sql] = (tuple(parameters), () if twice else found)
    return known[sql]


def _cleaned(
    arguments: list[tuple[str, str]], parameters: tuple[str, ...]
) -> list[tuple[str, str]]:
    """What a form sent as it stands in an address: without what was left empty or says another."""
    given = dict(reversed(arguments))
    clean = [
        (key, value)
        for key, value in arguments
        if key not in (*_FORM, _BACKWARDS) and (value or key not in OURS)
    ]
    if _BACKWARDS in given:
        clean = [("_sort_desc" if key == "_sort" else key, value) for key, value in clean]
    column, comparison, value = (given.get(key, "") for key in _FORM)
    if column:
        alone = comparison in OPERATORS and OPERATORS[comparison].alone
        if alone or value:
            clean.append((f"{column}__{comparison or 'exact'}", "1" if alone else value))
    if {FIRST, MOST} <= set(parameters) and given.get(FIRST, "").isdecimal():
        # The page that has the row.
        page = -(-int(given[FIRST]) // PAGE_ROWS)
        clean = [pair for pair in clean if pair[0] not in (FIRST, "_page")]
        clean += [("_page", str(page))] if page > 1 else []
    return clean
