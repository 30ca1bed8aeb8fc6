"""Cells of reports: names and keys lead to the rows that they belong to."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urlencode

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from ..reports.report import SEVERITIES
from ..store.schema import TABLES
from . import without
from .lookup import address
from .workbench import ACCEPTED, OPEN, to_fix

CONSOLE = "https://cloud.ibm.com/"

# By column that holds keys: the table. By column that holds names: the column with their keys.
_LINKED = {table.link.column: (table, table.link) for table in TABLES if table.link}
_NAMED_BY = {name: link.column for _, link in _LINKED.values() for name in link.names}
# Names of holders, who are of several kinds: the columns with their keys, of which a row has one.
_HOLDERS = {column: ("access_group_id", "iam_id") for column in ("subject", "who", "holder")}
# Numbers of findings of one report and severity, and which of them they count.
_COUNTED = {"rows": {}, "open": OPEN, "acknowledged": ACCEPTED}
# Names in the view of findings: the columns with their keys, of which a row has one.
_NAMED_IN_VIEW = {
    "what": ("instance_id",),
    "who": ("iam_id", "access_group_id"),
    "policy": ("policy_id",),
    "account": ("account_id",),
}
# A path of the report on paths leads to its picture.
_PATH = ("source_id", "target_id", "rank")
_EVERYWHERE = {*_LINKED, "command", "report", "severity", "rule_id"}
SHOWN = {
    *(*_EVERYWHERE, *_NAMED_BY, *_HOLDERS, *_COUNTED),
    *("console", "reports", "name", "result", "accepted", "to_fix", "rank"),
    "lost",
}
SHOWN_IN_VIEW = {*_EVERYWHERE, *_NAMED_IN_VIEW, "title"}


def cell(datasette: Any, database: str, row: Any, column: str, value: Any) -> Markup | None:
    """How a cell of a report is shown; None: as Datasette does."""
    if column in _COUNTED or column in ("result", "accepted", "to_fix"):
        return _counted(datasette, database, row, column, value)
    if column == "rank":
        return _drawn(datasette, database, row)
    if not isinstance(value, str):
        return None
    if column == "command":
        return Markup(f'<code class="command">{escape(value)}</code>')
    if column == "rule_id":  # of an escalation, or of something that has no page
        known = value.startswith("ibm-iam-")
        rules = _table_url(datasette, database, "escalation_rules")
        return _anchor(f"{rules}?id={value}", value) if known else None
    if column == "lost":  # with a policy
        policy_id = _field(row, "policy_id")
        if not isinstance(policy_id, str):
            return None
        return _anchor(without.address(datasette, database, "policies", {"id": policy_id}), value)
    if column == "console":
        at_ibm = value.startswith(CONSOLE)
        return Markup(f'<a href="{escape(value)}" rel="noreferrer">Console</a>') if at_ibm else None
    if column == "severity":
        pill = f'<span class="pill pill-{value}">{value}</span>'
        return Markup(pill) if value in SEVERITIES else None
    if column in ("report", "reports"):
        names = value.split(", ")
        links = (f'<a href="{_query_url(datasette, database, name)}">{name}</a>' for name in names)
        return Markup(", ".join(links)) if all(map(str.isidentifier, names)) else None
    if column == "name":
        target, key = _field(row, "table_name"), _field(row, "key")
        if not isinstance(target, str) or key is None:
            return None
        return _link(_table_url(datasette, database, target), str(key), value)
    if column in _HOLDERS:
        kind_only = column == "holder" and _field(row, "holder_id") is None
        return None if kind_only else _named(datasette, database, row, _HOLDERS[column], value)
    key_column = _NAMED_BY.get(column, column)
    target, link = _LINKED[key_column]
    key = value if column == key_column else _field(row, key_column)
    if not isinstance(key, str) or not key.startswith(link.begins):
        return None
    return _link(_table_url(datasette, database, target.name), key, value)


def cell_in_view(datasette: Any, database: str, row: Any, column: str, value: Any) -> Markup | None:
    """How a cell of the findings to fix is shown; None: as Datasette does."""
    if column == "title":
        report = _field(row, "report")
        return _anchor(_query_url(datasette, database, report), value) if report else None
    if column in _NAMED_IN_VIEW:
        return _named(datasette, database, row, _NAMED_IN_VIEW[column], value)
    return cell(datasette, database, row, column, value)


def _named(
    datasette: Any, database: str, row: Any, key_columns: tuple[str, ...], name: str
) -> Markup | None:
    """The name as a link to the row whose key the row has in the first of these columns."""
    for key_column in key_columns:
        if key := _field(row, key_column):
            return _link(_table_url(datasette, database, _LINKED[key_column][0].name), key, name)
    return None


def _counted(datasette: Any, database: str, row: Any, column: str, value: Any) -> Markup | None:
    """A number or verdict on findings of some reports, as a link to these; None if it is none."""
    account, report, reports = (_field(row, name) for name in ("account_id", "report", "reports"))
    which = _COUNTED.get(column, ACCEPTED if column == "accepted" else OPEN)
    if column in _COUNTED and report and isinstance(value, int):
        filters = {"report": report, "severity": _field(row, "severity"), **which}
    elif column not in _COUNTED and account and reports:
        filters = {"account_id": account, "report": tuple(reports.split(", ")), **which}
    else:
        return None
    return _anchor(_to_fix(datasette, database, *filters.items()), value)


def _drawn(datasette: Any, database: str, row: Any) -> Markup | None:
    """The number of a path as a link to where it is drawn; None if the row is no path."""
    source, target, rank = (_field(row, name) for name in _PATH)
    if not source or not target:
        return None
    table = "access_groups" if source.startswith("AccessGroupId-") else "identities"
    url = f"{address(datasette, database, table, source)}?{urlencode({'to': target, 'path': rank})}"
    return Markup(f'<a href="{escape(url)}">{escape(rank)}: draw it</a>')


def _anchor(url: str, value: Any) -> Markup:
    return Markup(f'<a href="{escape(url)}">{escape(value)}</a>')


def _field(row: Any, column: str) -> Any:
    """What a row has in a column; None if it has no such column."""
    try:
        return row[column]
    except (IndexError, KeyError):  # of SQLite's rows, of Datasette's
        return None


# Pages name the same few things over and over.
_table_url = functools.lru_cache(1_000)(lambda site, *names: site.urls.table(*names))
_query_url = functools.lru_cache(1_000)(lambda site, *names: site.urls.query(*names))
_to_fix = functools.lru_cache(10_000)(
    lambda site, name, *filters: to_fix(site, name, **dict(filters))
)


@functools.lru_cache(10_000)
def _link(table_url: str, key: str, value: str) -> Markup:
    """A link to a row, which looks like a key where it shows one."""
    attributes = f' class="key" title="{escape(key)}"' if key == value else ""
    url = f"{escape(table_url)}/{tilde_encode(key)}"
    return Markup(f'<a href="{url}"{attributes}>{escape(value)}</a>')
