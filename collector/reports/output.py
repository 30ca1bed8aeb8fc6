"""Runs reports on a file and writes them as text: a table, CSV, JSON or Markdown."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sqlite3
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DatabaseError
from .report import ROWS_COLUMN, SEVERITIES, Report

FORMATS = ("table", "csv", "json", "markdown", "sarif", "sh")
EXPLORERS = "Explorers"  # category of reports that answer only what they are asked

_MOST_ROWS = 100  # of a table in a terminal
_WIDEST = 40  # characters of a cell in a terminal
_NARROWEST = 16  # what a cell is cut to, rather than left out
_PIECE = 1 << 16  # characters that are written at once, at least
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Answer:
    """A report with its rows; `found` is the true number of rows, which may be more than came.

    The rows can be made while they are gone through, each time anew.
    """

    report: Report
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]
    found: int

    def open(self, severity: str) -> int:
        """Rows of this severity or above that nobody has acknowledged, of those that came."""
        cells = (dict(zip(self.columns, row, strict=True)) for row in self.rows)
        return sum(
            SEVERITIES.index(self.report.severity_of(row)) >= SEVERITIES.index(severity)
            and not (self.report.identifiers and row.get("acknowledged"))
            for row in cells
        )


def run(report: Report, database: Path, values: Mapping[str, str]) -> Answer:
    """Run a report, read-only, with values for some of its parameters; the others are empty.

    Raises DatabaseError if the file cannot be read with this report.
    """
    location = f"{database.absolute().as_uri()}?mode=ro"
    parameters = {**dict.fromkeys(report.parameters, ""), **values}
    try:
        with closing(sqlite3.connect(location, uri=True)) as connection:
            cursor = connection.execute(report.sql, parameters)
            columns = tuple(column[0] for column in cursor.description)
            rows = tuple(cursor.fetchall())
    except sqlite3.Error as error:
        raise DatabaseError(f"{database} cannot answer {report.name}: {error}.") from None
    counted = rows and columns[-1] == ROWS_COLUMN
    return Answer(report, columns, rows, rows[0][-1] if counted else len(rows))


def unread_parts(database: Path) -> list[str]:
    """What the last collection could not read, in words; reports may lack it."""
    location = f"{database.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(location, uri=True)) as connection:
        return [
            f"{part} of {account}"
            for part, account in connection.execute(
                "select part, coalesce(accounts.name, accounts.account_id) "
                "from collected_parts join accounts using (account_id) "
                "where collected_parts.status <> 'ok' or collected_parts.lacks is not null "
                "order by 2, 1"
            )
        ]


def explained(report: Report, width: int) -> str:
    """What a report asks, why, how to fix what it finds and how it counts, as text."""
    paragraphs = [
        ("", report.question),
        ("Why it matters: ", report.why),
        ("How to fix it: ", report.remediation),
        ("How it counts: ", report.notes),
        *(("Parameter ", f"{name}: {text}") for name, text in report.parameters.items()),
        ("References: ", "; ".join(report.references)),
    ]
    lines = [f"{report.severity.upper()}: {report.title}", report.name]
    for label, text in paragraphs:
        lines += textwrap.wrap(label + text, width, break_on_hyphens=False) if text else []
    return "\n".join([*lines, ""])


def written(answers: Sequence[Answer], form: str, width: int) -> str:
    """The answers as text in one of FORMATS; `width` is that of the terminal, for a table."""
    return "".join(pieces(answers, form, width))


def pieces(answers: Sequence[Answer], form: str, width: int) -> Iterator[str]:
    """The same in pieces, while the rows come: there can be millions."""
    held: list[str] = []
    size = 0
    for text in _texts(answers, form, width):
        held.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _texts(answers: Sequence[Answer], form: str, width: int) -> Iterator[str]:
    if form == "json":
        yield from _json(answers)
        return
    for number, answer in enumerate(answers):
        if number:
            yield "\n"
        if form == "table":
            yield _table(answer, width)
        else:
            yield from _csv(answer) if form == "csv" else _markdown(answer)


class _Rows(list[dict[str, Any]]):
    """Rows of an answer as a list to write as JSON, made one by one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def __bool__(self) -> bool:
        return self._answer.found > 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._answer.rows:
            yield dict(zip(self._answer.columns, row, strict=True))


def _json(answers: Sequence[Answer]) -> Iterator[str]:
    found = [
        {
            "report": one.report.name,
            "title": one.report.title,
            "severity": one.report.severity,
            "question": one.report.question,
            "rows_found": one.found,
            "rows": _Rows(one),
        }
        for one in answers
    ]
    yield from json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(found)
    yield "\n"


def _csv(answer: Answer) -> Iterator[str]:
    """Rows with the report's name first, safe to open where a cell can be a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("report", *answer.columns))
    for row in answer.rows:
        writer.writerow((answer.report.name, *map(_harmless, row)))
        if text.tell() > _PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value
    if not value.isprintable():
        text = "".join(c if c.isprintable() or c == "\n" else " " for c in value)
    return f"'{text}" if value.startswith(_FORMULA) else text


def _markdown(answer: Answer) -> Iterator[str]:
    report = answer.report
    yield f"## {_cell(report.title)}\n\n**{report.severity}** {report.question}\n\n"
    if not answer.found:
        yield "No rows.\n"
        return
    shown = [i for i, column in enumerate(answer.columns) if column != ROWS_COLUMN]
    headings = (_cell(answer.columns[i].replace("_", " ")) for i in shown)
    yield f"| {' | '.join(headings)} |\n| {' | '.join('---' for _ in shown)} |\n"
    came = 0
    for row in answer.rows:
        came += 1
        yield f"| {' | '.join(_cell(row[i]) for i in shown)} |\n"
    yield f"\n{_counted(answer, came)}\n"


def _cell(value: Any) -> str:
    """A value on one line, that no table and no HTML takes for its own."""
    text = _plain(value)
    for special in "\\`*_[]|":
        text = text.replace(special, f"\\{special}")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _table(answer: Answer, width: int) -> str:
    """As many columns as fit, from the left: names stand first, identifiers last."""
    report = answer.report
    lines = [f"{report.severity.upper()}: {report.title}", report.name]
    lines += textwrap.wrap(_plain(report.question), width)
    if not answer.found:
        return "\n".join([*lines, "  no rows", ""])
    shown = list(itertools.islice(answer.rows, _MOST_ROWS))
    columns: list[list[str]] = []
    left = width
    hidden: list[str] = []
    for index, name in enumerate(answer.columns):
        added_up = name == report.chart.get("y_column")  # by a chart; in each row a 1
        if name == ROWS_COLUMN or (added_up and all(row[index] == 1 for row in answer.rows)):
            continue
        cells = [name.replace("_", " "), *(_plain(row[index]) for row in shown)]
        size = min(max(map(_width, cells)), _WIDEST)
        if hidden or (size > left and left < _NARROWEST and columns):
            hidden.append(name)
            continue
        size = min(size, max(left, 1))
        left -= size + 2
        columns.append([_padded(cell, size) for cell in cells])
    rule = ["-" * _width(cells[0]) for cells in columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    lines += ["  ".join(row).rstrip() for row in (rows[0], rule, *rows[1:])]
    lines.append(_counted(answer, len(shown)))
    if hidden:
        rest = f"Not shown: {', '.join(hidden)}. --format csv or json has every column."
        lines += textwrap.wrap(rest, width, break_on_hyphens=False)
    return "\n".join([*lines, ""])


def _counted(answer: Answer, shown: int) -> str:
    rows = f"{answer.found:,} row{'' if answer.found == 1 else 's'}"
    return rows if shown == answer.found else f"{rows}, of which {shown:,} are shown"


def _plain(value: Any) -> str:
    """A value on one line, without characters that move a cursor or change a terminal."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _width(text: str) -> int:
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _padded(text: str, size: int) -> str:
    if _width(text) > size:
        kept, used = "", 0
        for character in text:
            if used + _columns(character) > size - 1:
                break
            kept, used = kept + character, used + _columns(character)
        text = f"{kept}…"
    return text + " " * (size - _width(text))
