"""The picture above a report that has numbers at moments: a line for each kind of them.

Accounts are not collected at the same moments, so each has a picture of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..reports.report import SEVERITIES, rank
from .asked import Asked
from .chart import Chart, asked_for
from .sums import Sum, summed
from .times import parsed
from .trend import Line

_HEIGHT = 9.0  # of a name beside a line, in percent of the picture


@dataclass(frozen=True)
class Curve:
    """A line with its name, which stands beside its end: `top` is where, in percent."""

    name: str
    colour: str
    line: Line
    top: float

    @property
    def last(self) -> int:
        """What it is at now."""
        return self.line.numbers[-1]


@dataclass(frozen=True)
class Panel:
    """The lines of one account, or of all, between the first and the last of its moments.

    `dates` are those below it, each with its place in percent. A single moment has no lines.
    """

    title: str
    account: str
    moments: tuple[str, ...]
    highest: int
    curves: tuple[Curve, ...]
    dates: tuple[tuple[float, str], ...]


async def over_time(asked: Asked | None, report: Mapping[str, Any]) -> list[Panel]:
    """The pictures of what is asked of a report; none if it has none."""
    if asked is None or asked.selection.count_by:
        return []
    columns = asked.report.columns
    chart = asked_for(dict(parse_qsl(report.get("fragment") or "")), columns)
    if chart is None or chart.mark != "line" or not (chart.over_time and chart.adds_up):
        return []
    by = [chart.axis, *filter(None, [chart.colour]), *(["account"] if "account" in columns else [])]
    accounts = ["account_id"] if chart.by_account else []
    found = await summed(asked, [*by, *accounts], [chart.amount])
    if found is None or not found.whole:
        return []
    panels: dict[Any, list[Sum]] = {}
    for one in found.sums:
        if one.values[0]:
            panels.setdefault(one.values[-1] if accounts else None, []).append(one)
    drawn = [
        _panel(sums, chart, named=len(panels) > 1 and "account" in by) for sums in panels.values()
    ]
    return sorted(drawn, key=lambda panel: panel.account)


def _panel(sums: Sequence[Sum], chart: Chart, named: bool) -> Panel:
    moments = sorted({one.values[0] or "" for one in sums})
    numbers: dict[str, dict[str, int]] = {}
    for one in sums:
        name = (one.values[1] or "") if chart.colour else chart.amount
        numbers.setdefault(name, {})[one.values[0] or ""] = int(one.numbers[0])
    highest = max(1, *(number for known in numbers.values() for number in known.values()))
    lines = {name: Line(moments, _held(moments, known)) for name, known in numbers.items()}
    tops = _apart({name: 100 - 100 * line.numbers[-1] / highest for name, line in lines.items()})
    order = sorted(lines, key=lambda name: (rank(name), name))
    curves = [Curve(name, _colour(name), lines[name], tops[name]) for name in order]
    return Panel(
        title=f"{chart.amount} by {chart.colour}" if chart.colour else chart.amount,
        account=(sums[0].values[2 if chart.colour else 1] or "") if named else "",
        moments=tuple(moments),
        highest=highest,
        curves=tuple(curves) if len(moments) > 1 else (),
        dates=tuple(_dates(moments[0], moments[-1])),
    )


def _held(moments: Sequence[str], known: Mapping[str, int]) -> list[int]:
    """The number at each moment: it holds until there is another one."""
    number, held = 0, []
    for moment in moments:
        number = known.get(moment, number)
        held.append(number)
    return held


def _apart(tops: Mapping[str, float]) -> dict[str, float]:
    """Places as near to these as names can stand below each other."""
    apart: dict[str, float] = {}
    before = -_HEIGHT
    for name in sorted(tops, key=lambda name: (tops[name], rank(name), name)):
        before = max(tops[name], before + _HEIGHT)
        apart[name] = before
    below = 100.0
    for name in reversed(apart):
        apart[name] = min(apart[name], below)
        below = apart[name] - _HEIGHT
    return apart


def _dates(first: str, last: str) -> list[tuple[float, str]]:
    """Days along the time, each with its place in percent: the first, the last, one between."""
    begin, end = parsed(first), parsed(last)
    dates: dict[str, float] = {}
    for place in (0, 100, 50):
        at = begin + (end - begin) * place / 100
        dates.setdefault(f"{at.day} {at:%b %Y}", place)
    return sorted((place, name) for name, place in dates.items())


def _colour(name: str) -> str:
    return f"severity-{name}" if name in SEVERITIES else ""
