"""Cells of reports: names and keys lead to the rows that they belong to."""

from __future__ import annotations

import functools
from typing import Any

from datasette.utils import tilde_encode, to_css_class
from markupsafe import Markup, escape

from ..store.schema import TABLES

CONSOLE = "https://cloud.ibm.com/"

# By column that holds keys: the table. By column that holds names: the column with their keys.
_LINKED = {table.link.column: (table, table.link) for table in TABLES if table.link}
_NAMED_BY = {name: link.column for _, link in _LINKED.values() for name in link.names}
SHOWN = {*_LINKED, *_NAMED_BY, "command", "console", "report", "reports", "name"}


def cell(datasette: Any, database: str, row: Any, column: str, value: Any) -> Markup | None:
    """How a cell of a report is shown; None: as Datasette does."""
    if column == "command":
        return Markup(f'<code class="command">{escape(value)}</code>')
    if column == "console":
        at_ibm = value.startswith(CONSOLE)
        return Markup(f'<a href="{escape(value)}" rel="noreferrer">Console</a>') if at_ibm else None
    if column in ("report", "reports"):
        names = value.split(", ")
        links = (f'<a href="{escape(datasette.urls.query(database, n))}">{n}</a>' for n in names)
        return Markup(", ".join(links)) if all(map(str.isidentifier, names)) else None
    if column == "name":
        target, key = _field(row, "table_name"), _field(row, "key")
        if not isinstance(target, str) or key is None:
            return None
        return _link(_table_url(datasette, database, target), str(key), value)
    key_column = _NAMED_BY.get(column, column)
    target, link = _LINKED[key_column]
    key = value if column == key_column else _field(row, key_column)
    if not isinstance(key, str) or not key.startswith(link.begins):
        return None
    return _link(_table_url(datasette, database, target.name), key, value)


def _field(row: Any, column: str) -> Any:
    """What a row has in a column; None if it has no such column."""
    try:
        return row[column]
    except (IndexError, KeyError):  # of SQLite's rows, of Datasette's
        return None


# Pages name the same few things over and over.
_table_url = functools.lru_cache(1_000)(lambda site, *names: site.urls.table(*names))


@functools.lru_cache(10_000)
def _link(table_url: str, key: str, value: str) -> Markup:
    """A link to a row, which looks like a key where it shows one."""
    attributes = f' class="key" title="{escape(key)}"' if key == value else ""
    url = f"{escape(table_url)}/{tilde_encode(key)}"
    return Markup(f'<a href="{url}"{attributes}>{escape(value)}</a>')


def table_rows(columns: Any, rows: Any, hidden: Any) -> Markup:
    """The rows of a report as HTML: a template that extends others takes far longer for cells."""
    begin = [
        f'<td class="col-{to_css_class(column)}"{" hidden" if column in hidden else ""}>'
        for column in columns
    ]
    return Markup(
        "".join(
            "<tr>"
            + "".join(f"{td}{escape(cell)}</td>" for td, cell in zip(begin, row, strict=True))
            + "</tr>\n"
            for row in rows
        )
    )
