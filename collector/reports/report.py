"""Reports as files: one .sql each, its header in comments; assembled into metadata.yml.

Pure functions over text: a folder of reports goes in, the text of metadata.yml comes out, twice
the same. Running a report is the business of Datasette and of terminal.py.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from ..errors import ReportError
from ..facts.derived import ALL_TABLES, VIEWS, View
from ..facts.headers import read_yaml
from ..store.table import heading

SEVERITIES = ("info", "low", "medium", "high", "critical")
WORST_FIRST = SEVERITIES[::-1]
ROWS_COLUMN = "report_rows"
MARKER = "# --- Assembled by `iaminsights metadata` from here on: edit canned_queries/ instead. ---"

_DATABASE = "iaminsights"
_ACKNOWLEDGED = re.compile(r"\backnowledged\.report\s*=\s*'([^']*)'")
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_REQUIRED = ("title", "question", "category", "severity", "why", "remediation")
_OPTIONAL = (
    *("notes", "references", "parameters", "choices", "selector", "linked_from", "home"),
    *("chart", "shown", "breakdown", "identifiers"),
)
_MOST_SHOWN = 7  # columns of a report's page, before somebody asks for all of them
_CHART_KEYS = ("mark", "x_column", "x_type", "y_column", "y_type", "color_column", "size_column")
_LINK_KEYS = {"parameter", "column", "words"}
_BREAKDOWN_KEYS = ("by", "of")
_MARKS = ("bar", "line", "circle", "area")
_TYPES = ("quantitative", "quantitative-bin", "temporal", "temporal-bin", "ordinal", "nominal")


def rank(severity: object) -> int:
    """The place of a severity, 0 the worst; whatever is none comes behind all."""
    return WORST_FIRST.index(str(severity)) if severity in WORST_FIRST else len(WORST_FIRST)


@dataclass(frozen=True)
class Report:
    """One report: its name is the file's, the rest is the file's header, `sql` its one select.

    `severity` is that of its rows, unless a row of a finding report has a column `severity` with
    its own. `why` and `remediation` are a sentence or two each; `notes` say how the report counts
    and what it leaves out. `shown` are the columns of its page, names first: where none are named,
    and in JSON and CSV, there are all. `breakdown` is the picture above its rows, a bar for each
    value of the column `by`: as long as there are rows or, where the rows are counts themselves,
    as the column `of` adds up to. `chart` speaks datasette-vega's vocabulary. `parameters`
    maps a name to what it is for, `choices` to what its form offers: a column, as table.column.
    `selector` is a parameter with few choices, each of which is one click away; its rows have a
    column of that name.
    `linked_from` says from the rows of which tables a link leads to the report: the `parameter`
    that it fills, from which `column` of the row, and its `words`. `home` is what a button on the
    home page says. `identifiers` are the columns that tell a finding from the others of its
    account. A report without them is an inventory, whose rows call for nothing.
    """

    name: str
    title: str
    question: str
    category: str
    severity: str
    why: str
    remediation: str
    sql: str
    notes: str = ""
    references: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    selector: str = ""
    linked_from: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    chart: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    breakdown: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    home: str = ""
    path: Path | None = None

    def severity_of(self, row: Mapping[str, Any]) -> str:
        """How severe a row is: by its own column, where it has one that says so."""
        own = row.get("severity") if self.identifiers else None
        return own if own in SEVERITIES else self.severity

    @property
    def fingerprint(self) -> str:
        """Tells this SQL from any other: what was counted with another one is not this report's."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


def read_reports(folder: Path) -> tuple[Report, ...]:
    """The reports of a folder, by name.

    Raises ReportError, which names file and key, for the first that cannot be used.
    """
    return tuple(read_report(path) for path in sorted(folder.glob("*.sql")))


def read_report(path: Path) -> Report:
    """One report file; raises ReportError if anything about it is wrong."""
    if not _NAME.fullmatch(path.stem):
        raise ReportError(
            f"{path}: a report name must consist of lowercase letters, digits, and _."
        )
    if path.stem in {*VIEWS, *(table.name for table in ALL_TABLES)}:
        raise ReportError(
            f"{path}: a report must not have the name of a table, which it would hide."
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            raise ReportError(f"{path}, line {number}: blanks at the end of the line.")
    size = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = _header(path, lines[:size])
    sql = _select(f"{path}, line {size + 1}", "\n".join(lines[size:]))
    for number, line in enumerate(lines, 1):
        for name in _ACKNOWLEDGED.findall(line):
            if name != path.stem:
                raise ReportError(
                    f"{path}, line {number}: it shows what was acknowledged of {name}, not its own."
                )
    return Report(name=path.stem, sql=sql, path=path, **header)


def assemble(head: str, reports: Iterable[Report], parts: Mapping[str, Sequence[str]]) -> str:
    """The text of metadata.yml: what stands above the marker in `head`, then what is assembled.

    `parts` has, by the name of a report, the parts of a collection that it rests on. Raises
    ReportError if `head` has no marker line.
    """
    written, marker, _ = head.partition(f"{MARKER}\n")
    if not marker:
        raise ReportError(f"metadata.yml has no line: {MARKER}")
    assembled = {
        "databases": {
            _DATABASE: {
                "tables": {
                    **{table.name: _table_metadata(table) for table in ALL_TABLES},
                    **{view.name: _view_metadata(view) for view in VIEWS.values()},
                },
                "queries": {
                    report.name: _query_metadata(report, parts[report.name]) for report in reports
                },
            }
        }
    }
    text: str = yaml.dump(assembled, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return written + marker + text


def check_against(report: Report, connection: sqlite3.Connection) -> tuple[str, ...]:
    """Check that a report runs, changes nothing, and has the columns it promises; give those.

    Any file's tables will do, with rows or without. Raises ReportError that names file and line.
    """
    # SQLite declares these on first use, which the authorizer would take for a change.
    connection.execute("select 1 from json_each('[]'), json_tree('[]')").fetchall()
    connection.set_authorizer(_only_reading)
    try:
        cursor = connection.execute(report.sql, dict.fromkeys(report.parameters, ""))
        cursor.fetchone()
    except sqlite3.Error as error:
        raise ReportError(f"{_place(report, str(error))}: {_reason(error)}.") from None
    finally:
        connection.set_authorizer(anything_goes)
    columns = tuple(column[0] for column in cursor.description)
    for source in [*report.choices.values(), *map(_column_linked, report.linked_from.items())]:
        _check_column(report, source, connection)
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        problem = f"columns with the same name: {', '.join(twice)}"
        raise ReportError(f"{_place(report, twice[0])}: {problem}.")
    if columns[-1] != ROWS_COLUMN:
        raise ReportError(
            f"{_place(report, columns[-1])}: the last column must be {ROWS_COLUMN}: "
            f"count(*) over () as {ROWS_COLUMN}."
        )
    promised = [
        *(("shown", column) for column in report.shown),
        *(("breakdown", column) for column in report.breakdown.values()),
        *(("chart", column) for key, column in report.chart.items() if key.endswith("_column")),
        *(("selector", column) for column in (report.selector,) if column),
        *(("identifiers", column) for column in report.identifiers),
        *(("identifiers", "account_id") for _ in report.identifiers[:1]),
    ]
    for key, column in promised:
        if column not in columns:
            raise ReportError(f"{_place(report, column)}: {key}: there is no column {column}.")
    return columns


def _column_linked(link: tuple[str, Mapping[str, str]]) -> str:
    return f"{link[0]}.{link[1]['column']}"


def _check_column(report: Report, source: str, connection: sqlite3.Connection) -> None:
    """Raises ReportError if there is no such table.column."""
    table, _, column = source.partition(".")
    known = connection.execute("select name from pragma_table_info(?)", (table,))
    if (column,) not in known.fetchall():
        raise ReportError(f"{_place(report, source)}: there is no column {source}.")


def _reason(error: sqlite3.Error) -> str:
    if str(error) in ("not authorized", "authorization denied"):
        return "a report may only read tables and views (not authorized)"
    return str(error)


def _place(report: Report, problem: str) -> str:
    """The file and, by the first word of the problem that is in it, the line."""
    if report.path is None:
        return report.name
    lines = report.path.read_text(encoding="utf-8").splitlines()
    select = next(n for n, line in enumerate(lines, 1) if not line.startswith("--"))
    known = re.match(
        r'(?:near "(.+)": |no such \w+: |ambiguous column name: )?(?:\w+\.)*(\w+)', problem
    )
    word = re.compile(rf"\b{re.escape((known and (known[1] or known[2])) or problem)}\b")
    found = (n for n, line in enumerate(lines, 1) if word.search(line))
    return f"{report.path}, line {next(found, select)}"


def _header(path: Path, comments: list[str]) -> dict[str, Any]:
    text = "\n".join(line.removeprefix("--").removeprefix(" ") for line in comments)
    try:
        header = read_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not valid YAML"
        raise ReportError(f"{path}{line}: the header cannot be read: {problem}.") from None
    if not isinstance(header, dict):
        raise ReportError(f"{path}, line 1: it does not begin with a header in -- comments.")
    lines = {line.removeprefix("-- ").partition(":")[0]: n for n, line in enumerate(comments, 1)}

    def at(key: str) -> str:
        return f"{path}, line {lines.get(key, 1)}"

    for key in header:
        if key not in (*_REQUIRED, *_OPTIONAL):
            raise ReportError(f"{at(key)}: unknown key {key}.")
    for key in _REQUIRED:
        if not isinstance(header.get(key), str) or not header[key].strip():
            raise ReportError(f"{at(key)}: {key} is missing or not text.")
        header[key] = " ".join(header[key].split())
    if header["severity"] not in SEVERITIES:
        raise ReportError(f"{at('severity')}: severity must be one of {', '.join(SEVERITIES)}.")
    for key in ("home", "notes", "selector"):
        if not isinstance(header.setdefault(key, ""), str):
            raise ReportError(f"{at(key)}: {key} is not text.")
        header[key] = " ".join(header[key].split())
    for key in ("references", "shown", "identifiers"):
        if not isinstance(header.get(key) or [], list):
            raise ReportError(f"{at(key)}: {key} is not a list.")
        header[key] = tuple(str(one) for one in header.get(key) or [])
    if len(header["shown"]) > _MOST_SHOWN:
        raise ReportError(f"{at('shown')}: shown has more than {_MOST_SHOWN} columns.")
    if len(header["shown"]) > len(set(header["shown"])):
        raise ReportError(f"{at('shown')}: shown names a column twice.")
    header["parameters"] = _texts(at("parameters"), "parameters", header.get("parameters"))
    header["choices"] = _texts(at("choices"), "choices", header.get("choices"))
    header["linked_from"] = _links(at("linked_from"), header.get("linked_from"))
    asked = [link["parameter"] for link in header["linked_from"].values()]
    for key, names in (("choices", header["choices"]), ("linked_from", asked)):
        for name in names:
            if name not in header["parameters"]:
                raise ReportError(f"{at(key)}: {key}: there is no parameter {name}.")
    if header["selector"] and header["selector"] not in header["choices"]:
        raise ReportError(f"{at('selector')}: selector: {header['selector']} has no choices.")
    header["breakdown"] = _breakdown(
        at("breakdown"), _texts(at("breakdown"), "breakdown", header.get("breakdown"))
    )
    header["chart"] = _chart(at("chart"), _texts(at("chart"), "chart", header.get("chart")))
    return header


def _texts(where: str, key: str, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ReportError(f"{where}: {key} must give a text for each name.")
    return {str(name): " ".join(text.split()) for name, text in value.items()}


def _links(where: str, value: Any) -> dict[str, dict[str, str]]:
    if not isinstance(value or {}, dict):
        raise ReportError(f"{where}: linked_from must give a link for each table.")
    for table, link in (value or {}).items():
        if not isinstance(link, dict) or link.keys() != _LINK_KEYS:
            keys = ", ".join(sorted(_LINK_KEYS))
            raise ReportError(f"{where}: linked_from: {table} needs {keys}, nothing else.")
    return {table: _texts(where, "linked_from", link) for table, link in (value or {}).items()}


def _breakdown(where: str, breakdown: dict[str, str]) -> dict[str, str]:
    unknown = breakdown.keys() - set(_BREAKDOWN_KEYS)
    if unknown or (breakdown and "by" not in breakdown):
        raise ReportError(f"{where}: breakdown needs by, and may have of, nothing else.")
    return breakdown


def _chart(where: str, chart: dict[str, str]) -> dict[str, str]:
    for key, value in chart.items():
        if key not in _CHART_KEYS:
            raise ReportError(f"{where}: chart: unknown key {key}.")
        if key == "mark" and value not in _MARKS:
            raise ReportError(f"{where}: chart: mark must be one of {', '.join(_MARKS)}.")
        if key.endswith("_type") and value not in _TYPES:
            raise ReportError(f"{where}: chart: {key} must be one of {', '.join(_TYPES)}.")
    missing = [key for key in _CHART_KEYS[:5] if chart and key not in chart]
    if missing:
        raise ReportError(f"{where}: chart: {missing[0]} is missing.")
    return chart


def _select(where: str, sql: str) -> str:
    sql = sql.strip().removesuffix(";").rstrip()
    if not re.match(r"(select|with)\b", sql, re.IGNORECASE):
        raise ReportError(f"{where}: after the header there must be one select.")
    # A complete statement before the last character would be followed by another one.
    if any(sqlite3.complete_statement(sql[: found.end()]) for found in re.finditer(";", sql)):
        raise ReportError(f"{where}: there is more than one statement.")
    return sql


@contextmanager
def noted_reads(connection: sqlite3.Connection) -> Iterator[set[str]]:
    """The tables that statements read which are compiled meanwhile, themselves or through views."""
    tables: set[str] = set()

    def note(action: int, table: str | None, *_: Any) -> int:
        if action == sqlite3.SQLITE_READ and table:
            tables.add(table)
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    try:
        yield tables
    finally:
        connection.set_authorizer(anything_goes)


def anything_goes(*_: Any) -> int:
    """The authorizer of a connection that shall have none; Python 3.10 cannot take one away."""
    return sqlite3.SQLITE_OK


def _only_reading(action: int, name: str | None, *_: Any) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
    recursive = getattr(sqlite3, "SQLITE_RECURSIVE", 33)
    # Full-text search asks for the version of the data, which changes nothing.
    looks = action == sqlite3.SQLITE_PRAGMA and name == "data_version"
    ok = looks or action in (*allowed, recursive)
    return sqlite3.SQLITE_OK if ok else sqlite3.SQLITE_DENY


def _table_metadata(table: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"title": table.heading, "description": table.description}
    if table.label:
        metadata["label_column"] = table.label
    if table.facets:
        metadata["facets"] = list(table.facets)
    metadata["columns"] = {column.name: column.description for column in table.columns}
    return metadata


def _view_metadata(view: View) -> dict[str, Any]:
    metadata: dict[str, Any] = {"title": heading(view.name), "description": view.title}
    if view.facets:
        metadata["facets"] = list(view.facets)
    if view.columns:
        metadata["columns"] = dict(view.columns)
    return metadata


def _query_metadata(report: Report, parts: Sequence[str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "title": report.title,
        "description": report.question,
        "category": report.category,
        "severity": report.severity,
        "question": report.question,
        "why": report.why,
        "remediation": report.remediation,
    }
    if report.notes:
        metadata["notes"] = report.notes
    if report.shown:
        metadata["shown"] = list(report.shown)
    if report.breakdown:
        metadata["breakdown"] = dict(report.breakdown)
    if report.references:
        metadata["references"] = list(report.references)
    if report.parameters:
        metadata["params"] = list(report.parameters)
        metadata["parameters"] = dict(report.parameters)
    if report.choices:
        metadata["choices"] = dict(report.choices)
    if report.selector:
        metadata["selector"] = report.selector
    if report.linked_from:
        metadata["linked_from"] = {table: dict(link) for table, link in report.linked_from.items()}
    if report.home:
        metadata["home"] = report.home
    metadata["rests_on"] = list(parts)
    if report.identifiers:
        metadata["identifiers"] = list(report.identifiers)
    if report.chart:
        # A "+" for a blank would break the chart: datasette-vega reads percent-encoding only.
        chart = _on_its_side(report.chart)
        metadata["fragment"] = "&".join(
            f"g.{key}={quote(chart[key], safe='')}" for key in _CHART_KEYS if key in chart
        )
    metadata["sql"] = _Literal(report.sql + "\n")
    return metadata


def _on_its_side(chart: Mapping[str, str]) -> Mapping[str, str]:
    """Bars of things with names lie: the names can be read beside them, and there can be many."""
    if chart["mark"] != "bar" or chart["y_type"] != "quantitative":
        return chart
    if chart["x_type"] not in ("nominal", "ordinal"):
        return chart
    turned = {
        f"{axis}_{what}": chart[f"{other}_{what}"]
        for axis, other in (("x", "y"), ("y", "x"))
        for what in ("column", "type")
    }
    return {**chart, **turned}


class _Literal(str):
    """Text that YAML shows as a literal block, line by line."""


class _Dumper(yaml.SafeDumper):
    """No anchors, and SQL as it was written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    _Literal,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"),
)
