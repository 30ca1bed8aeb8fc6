"""What datasette-vega is given to draw of a report: one row for each bar, and few bars.

It draws what it gets, row by row: of a long report it would stack thousands of slices, in the order
of the alphabet. So labels begin with their place, and what is beyond the longest bars is added up
in one more. Where something is missing in the end, a sentence says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from datasette.utils import tilde_encode

from ..reports.report import SEVERITIES, rank
from .filters import ROWS
from .sums import Sum, Sums

FEED = "/-/iaminsights/chart"
MOST_LABELS = 25
MOST_COLOURS = 10
MOST_POINTS = 1_000
NOTHING = "(none)"
_ADDING = ("bar", "line", "area")  # marks that show how much of something there is
_ACCOUNT = "account_id"


@dataclass(frozen=True)
class Chart:
    """A chart in datasette-vega's words, of columns that the report has."""

    mark: str
    x: str
    y: str
    colour: str
    size: str
    types: Mapping[str, str]  # of x and y
    adds_up: bool
    over_time: bool
    by_account: bool
    counts: bool

    @property
    def labels(self) -> list[str]:
        """The columns whose values tell one bar or point from the others, its axis first."""
        columns = [self.x, self.y, self.size, self.colour]
        if self.adds_up:
            columns = [self.axis, self.colour, *([_ACCOUNT] if self.by_account else [])]
        return list(dict.fromkeys(filter(None, columns)))

    @property
    def numbers(self) -> list[str]:
        """The columns whose numbers are added up."""
        if not self.adds_up or self.counts:
            return []
        return list(dict.fromkeys(filter(None, [self.amount, self.size])))

    @property
    def amounts(self) -> list[str]:
        """The names of what is drawn: those of the numbers, or of the rows."""
        return [ROWS] if self.counts else self.numbers

    @property
    def axis(self) -> str:
        """The column whose values stand along an axis, where the other one has numbers."""
        return self.y if self.types[self.x] == "quantitative" else self.x

    @property
    def amount(self) -> str:
        """That other column."""
        return self.x if self.axis == self.y else self.y


@dataclass(frozen=True)
class Feed:
    """What is drawn, its name for who cannot see it, and what must be said beside it."""

    rows: list[dict[str, Any]]
    name: str
    note: str = ""


def feed_address(datasette: Any, request: Any, database: str, query: str) -> str:
    """Where the bars of a report are, of the rows of its page, but for the words of the chart."""
    asked = f"{request.query_string}&" if request.query_string else ""
    path = f"{FEED}/{tilde_encode(database)}/{tilde_encode(query)}.json?{asked}"
    url: str = datasette.urls.path(path)
    return url


def asked_for(arguments: Mapping[str, str], columns: Collection[str]) -> Chart | None:
    """The chart that an address asks for; None if it asks for none of these columns."""
    words = {key.removeprefix("g."): value for key, value in arguments.items() if key[:2] == "g."}
    x, y, colour, size = (words.get(f"{name}_column", "") for name in ("x", "y", "color", "size"))
    types = {x: words.get("x_type", "ordinal"), y: words.get("y_type", "quantitative")}
    amounts = [name for name in (x, y) if types[name] == "quantitative"]
    counts = amounts == [ROWS] and ROWS not in columns and words.get("mark", "bar") in _ADDING
    named = {x, y, colour or x, size or x} - ({ROWS} if counts else set())
    if not named <= {*columns} or x == y:
        return None
    over_time = any(kind.startswith("temporal") for kind in types.values())
    return Chart(
        mark=words.get("mark", "bar"),
        x=x,
        y=y,
        colour=colour if colour not in (x, y) else "",
        size=size if size not in (x, y) else "",
        types=types,
        adds_up=len(amounts) == 1 and words.get("mark", "bar") in _ADDING,
        over_time=over_time,
        by_account=over_time and _ACCOUNT in columns,
        counts=counts,
    )


def feed(chart: Chart, found: Sums, columns: Sequence[str]) -> Feed:
    """The rows to draw of a chart, of what was found by its labels and numbers."""
    name = f"{chart.mark} chart of {chart.amount} by {chart.axis}".capitalize()
    if chart.colour:
        name += f", colored by {chart.colour}"
    if chart.counts:
        counted = (replace(one, numbers=(one.rows,)) for one in found.sums)
        found = replace(found, sums=tuple(counted))
    notes = []
    if not found.whole:
        notes.append(
            f"Only {found.listed:,} of the {found.found:,} rows of this report were looked at."
        )
    if not chart.adds_up:
        rows, note = _points(chart, found.sums)
    elif chart.over_time:
        rows, note = _moments(chart, found.sums)
    else:
        rows, note = _bars(chart, found.sums), ""
    if len(rows) == 1 and not note:
        what, value = chart.axis, rows[0][chart.axis]
        note = f"There is nothing to compare because all these rows have the same {what}, {value}."
    if rows:  # datasette-vega offers the columns that the first row has
        rows[0] = dict.fromkeys([*columns, ROWS]) | rows[0]
    return Feed(rows, name.replace("_", " "), " ".join(filter(None, [note, *notes])))


def _bars(chart: Chart, sums: Sequence[Sum]) -> list[dict[str, Any]]:
    """One row for each bar, or for each colour of each bar."""
    label_of = _few(((one.values[0], one.numbers[0]) for one in sums), MOST_LABELS)
    ranked = chart.axis == "severity"
    if chart.types[chart.axis] == "nominal" and not ranked:
        label_of = _numbered(label_of)
    colour_of: Mapping[str | None, str] = {None: ""}
    if chart.colour:
        colour_of = _few(((one.values[1], one.numbers[0]) for one in sums), MOST_COLOURS)
    added: dict[tuple[str, str], list[float]] = {}
    for one in sums:
        colour = colour_of[one.values[1]] if chart.colour else ""
        numbers = added.setdefault((label_of[one.values[0]], colour), [0] * len(chart.amounts))
        for place, number in enumerate(one.numbers):
            numbers[place] += number
    if chart.colour == "severity" and len(added) > 1:  # each has the same colour everywhere
        label = next(iter(added))[0]
        for severity in SEVERITIES:
            added.setdefault((label, severity), [0] * len(chart.amounts))
    order = {label: place for place, label in enumerate(label_of.values())}
    return [
        {
            chart.axis: _ranked(label) if ranked else label,
            **dict(zip(chart.amounts, numbers, strict=True)),
            **({chart.colour: _ranked_in(chart.colour, colour)} if chart.colour else {}),
        }
        for (label, colour), numbers in sorted(added.items(), key=lambda one: order[one[0][0]])
    ]


def _moments(chart: Chart, sums: Sequence[Sum]) -> tuple[list[dict[str, Any]], str]:
    """One row for each moment and colour: of several accounts the last numbers of each, added up.

    They are not collected at the same moment, and a line that goes from one to the other and back
    would mean nothing.
    """
    moments = sorted({one.values[0] for one in sums if one.values[0]})
    if len(moments) < 2:
        return [], "There is only one point in time so far; a line needs two."
    place = len(chart.labels) - 1
    series: dict[str | None, dict[tuple[str, str | None], tuple[float, ...]]] = {}
    for one in sums:
        colour = one.values[1] if chart.colour else None
        account = one.values[place] if chart.by_account else None
        series.setdefault(colour, {})[one.values[0] or "", account] = one.numbers
    rows = []
    for colour, known in series.items():
        accounts = {account for _, account in known}
        last: dict[str | None, tuple[float, ...]] = {}
        for moment in moments[-MOST_POINTS:]:
            last |= {a: known[moment, a] for a in accounts if (moment, a) in known}
            if not last:
                continue
            numbers = [sum(of_all) for of_all in zip(*last.values(), strict=True)]
            row = {chart.axis: moment, **dict(zip(chart.amounts, numbers, strict=True))}
            rows.append(row | ({chart.colour: _ranked_in(chart.colour, colour)} if colour else {}))
    return rows, ""


def _points(chart: Chart, sums: Sequence[Sum]) -> tuple[list[dict[str, Any]], str]:
    """One row for each point; along labels only those of the highest ones."""
    amounts = {name for name, kind in chart.types.items() if kind.startswith("quantitative")}
    rows: list[dict[str, Any]] = [
        {
            name: _number(value) if name in {*amounts, chart.size} else value or NOTHING
            for name, value in zip(chart.labels, one.values, strict=True)
        }
        for one in sums
    ]
    if len(amounts) == 1:
        number, label = chart.amount, chart.axis
        highest: dict[str, float] = {}
        for row in rows:
            highest[row[label]] = max(highest.get(row[label], 0), row[number])
        chosen = sorted(highest, key=lambda name: (-highest[name], name))[:MOST_LABELS]
        note = f"It shows the {MOST_LABELS} of {len(highest):,} with the highest {number}."
        rows = [row for row in rows if row[label] in chosen]
        return rows, note.replace("_", " ") if len(highest) > MOST_LABELS else ""
    note = f"It shows {MOST_POINTS:,} of {len(rows):,} points." if len(rows) > MOST_POINTS else ""
    return rows[:MOST_POINTS], note


def _few(numbered: Iterable[tuple[str | None, float]], most: int) -> dict[str | None, str]:
    """What each value is called, the one with most first; those beyond are called others."""
    totals: dict[str | None, float] = {}
    for value, number in numbered:
        totals[value] = totals.get(value, 0) + number
    ordered = sorted(totals, key=lambda value: (-totals[value], value or "~"))
    # To call a single one by another name would save nothing.
    kept = ordered if len(ordered) == most + 1 else ordered[:most]
    others = f"{len(ordered) - len(kept):,} others"
    return {value: (value or NOTHING) if value in kept else others for value in ordered}


def _numbered(names: Mapping[str | None, str]) -> dict[str | None, str]:
    """The names in the order in which they are, which is that of the alphabet then."""
    places = {name: place for place, name in enumerate(dict.fromkeys(names.values()), 1)}
    return {value: f"{places[name]:02} {name}" for value, name in names.items()}


def _ranked(severity: str) -> str:
    """A severity in a form that sorts, the worst first."""
    if severity not in SEVERITIES:
        return severity
    return f"{1 + rank(severity)} {severity}"


def _ranked_in(column: str, value: str | None) -> str:
    return _ranked(value or NOTHING) if column == "severity" else value or NOTHING


def _number(value: str | None) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return 0
