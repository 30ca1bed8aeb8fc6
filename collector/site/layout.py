"""What of a report's rows stands where on its page: in the table, above it, below each row.

JSON and CSV have every column of every row; a page is for somebody who reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from datasette.utils import to_css_class
from markupsafe import Markup, escape

from ..reports.report import ROWS_COLUMN
from .folds import FOLD, SHOWN

_BELOW = ("command", "console", "remark")  # how a row is fixed, for which no column is wide enough
_ALL = "_all"  # in the address of a page with all columns


@dataclass(frozen=True)
class Layout:
    """The columns of a page: those of its `table`, in order, and those `below` each of its rows.

    `same` are names and cells of what is the same in all rows, `empty` the names of what no row
    has. `more` is how many columns the page has beside these when it is asked for all, `arguments`
    what it is asked with then; where it has all, `more` is 0 and `arguments` take them away again.
    """

    table: tuple[str, ...]
    below: tuple[str, ...]
    same: tuple[tuple[str, Any], ...]
    empty: tuple[str, ...]
    more: int
    arguments: str
    columns: tuple[str, ...]

    def html(self, rows: Sequence[Any], cells: Sequence[Sequence[Any]]) -> Markup:
        """The rows as HTML: a template that extends others takes far longer for cells."""
        place = self.columns.index
        inside = [(place(name), f'<td class="col-{to_css_class(name)}">') for name in self.table]
        fold = SHOWN - 1 if len(inside) > SHOWN else None
        below = [(place(name), f'<span class="{name}-of-row">') for name in self.below]
        begin = f'<tr class="fix"><td colspan="{len(inside)}"><div>'
        parts = []
        for row, shown in zip(rows, cells, strict=True):
            parts.append("<tr>")
            within = [f"{td}{escape(shown[at])}" for at, td in inside]
            if fold is not None:
                within[fold] += str(FOLD)  # else what is HTML already would be escaped
            parts += [f"{cell}</td>" for cell in within]
            parts.append("</tr>\n")
            fix = [f"{span}{escape(shown[at])}</span>" for at, span in below if _holds(row[at])]
            parts += [begin, *fix, "</div></td></tr>\n"] if fix else []
        return Markup("".join(parts))


def layout(
    metadata: Mapping[str, Any],
    columns: Sequence[str],
    rows: Sequence[Any],
    cells: Sequence[Sequence[Any]],
    arguments: Mapping[str, str],
    settled: Collection[str] | None = None,
) -> Layout:
    """Where the columns of a report stand that has these rows, which are shown as these cells.

    If it has more rows than these, `settled` are the columns of which all rows have the same.
    """
    settled = columns if settled is None else settled
    here = [c for at, c in enumerate(columns) if any(_holds(row[at]) for row in rows)]
    filled = [column for column in columns if column in here or column not in settled]
    same = {
        column: cells[0][at]
        for at, column in enumerate(columns)
        # Two can have the same name: then their cells lead to different rows.
        if column in filled
        and column in settled
        and _all_same(row[at] for row in rows)
        and _all_same(c[at] for c in cells)
    }
    below = _BELOW if "command" in columns and {"command", "remark"} & set(filled) else ()
    unsaid = {ROWS_COLUMN, *below, *_added_up(metadata, columns, rows)}
    full = [column for column in columns if column not in unsaid]
    declared = [column for column in metadata.get("shown") or () if column in full]
    of_all = ("console", "acknowledged", "account")
    main = [*declared, *(c for c in of_all if c in here and c in full and c not in declared)]
    others = [column for column in full if column not in main]
    asked = dict(arguments)
    everything = asked.pop(_ALL, None) is not None
    chosen = main if declared and not everything else [*main, *others] if declared else full
    # What a row is called stays with it, and a single row has nothing in common with others.
    name = next((column for column in chosen if column != "account"), None)
    once = {"account"} if len(rows) == 1 else set(chosen)
    said = [column for column in chosen if column in once & same.keys() and column != name]
    empty = [column for column in chosen if column not in filled and column != name]
    return Layout(
        table=tuple(column for column in chosen if column not in {*said, *empty}),
        below=tuple(column for column in below if column in columns),
        same=tuple((column, same[column]) for column in said),
        empty=tuple(empty),
        more=len(full) - len(chosen),
        arguments=urlencode(asked if everything else {**asked, _ALL: 1}),
        columns=tuple(columns),
    )


def _all_same(values: Iterable[Any]) -> bool:
    values = iter(values)
    first = next(values, None)
    return all(value == first for value in values)


def _holds(value: Any) -> bool:
    return value is not None and value != ""


def _added_up(
    metadata: Mapping[str, Any], columns: Sequence[str], rows: Sequence[Any]
) -> Collection[str]:
    """The columns that are a 1 in each row, for the chart to add up."""
    chart = parse_qs(metadata.get("fragment") or "")
    drawn = {value[0] for key, value in chart.items() if key.endswith("_column")}
    places = [(at, column) for at, column in enumerate(columns) if column in drawn]
    return [column for at, column in places if all(row[at] == 1 for row in rows)]
