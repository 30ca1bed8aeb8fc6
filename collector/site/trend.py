"""How the number of open findings went, by severity: changes and sparklines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .times import day, parsed

if TYPE_CHECKING:
    from datasette.database import Database

READS = ("findings_trend", "finding_history", "collections")

# The collection before the last one of each account.
_PREVIOUS = """
    select account_id, finished_at
    from (
      select
        account_id,
        finished_at,
        row_number() over (partition by account_id order by finished_at desc, id desc) as place
      from collections
    )
    where place = 2
"""
_TREND = "select account_id, at, severity, open from findings_trend order by account_id, at"
# Reports and when they were first counted: one that was not there has no change.
_BEGUN = "select account_id, report, min(changed_at) as at from finding_history group by 1, 2"


@dataclass
class Trend:
    """What is known of one account's past.

    `since` is when the collection before the last one ended, None at the first. `open` are the
    numbers of each severity at each of `moments`; `new_reports` were counted for the first time
    after `since`.
    """

    since: str | None = None
    moments: list[str] = field(default_factory=list)
    open: dict[str, list[int]] = field(default_factory=dict)
    new_reports: set[str] = field(default_factory=set)

    def change(self, severity: str, now: Mapping[str, int]) -> int | None:
        """How many more are open than at the previous collection; `now` has them by report.

        What was not counted then is left out; None where there is nothing to compare with.
        """
        if self.since is None or not self.moments or self.moments[0] > self.since:
            return None
        then = [
            n for at, n in zip(self.moments, self._of(severity), strict=True) if at <= self.since
        ]
        counted = sum(number for report, number in now.items() if report not in self.new_reports)
        return counted - then[-1]

    def line(self, severity: str, now: int) -> Line | None:
        """The numbers as a line; None where there was only one moment."""
        if len(self.moments) < 2:
            return None
        return Line(self.moments, [*self._of(severity)[:-1], now])

    def _of(self, severity: str) -> list[int]:
        return self.open.get(severity) or [0] * len(self.moments)


@dataclass(frozen=True)
class Line:
    """Numbers at moments, and how they are drawn: a number holds until the next one."""

    moments: Sequence[str]
    numbers: Sequence[int]

    def path(self, width: float, height: float, highest: int | None = None) -> str:
        """The line as the path of an SVG of this size, the later the further to the right."""
        times = [parsed(at).timestamp() for at in self.moments]
        span = times[-1] - times[0] or 1
        most = highest or max(self.numbers) or 1
        points = [
            (width * (time - times[0]) / span, height - height * number / most)
            for time, number in zip(times, self.numbers, strict=True)
        ]
        (x, y), *others = points
        return f"M{x:.1f} {y:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in others)

    @property
    def words(self) -> str:
        """The same in words: the first, the last, and what was least and most between them."""
        first, last = (f"{n:,} on {day(at)}" for n, at in (self._at(0), self._at(-1)))
        between = self.numbers[1:-1]
        extent = f", between them {min(between):,} to {max(between):,}" if between else ""
        return f"{first}, {last}{extent}"

    def _at(self, place: int) -> tuple[int, str]:
        return self.numbers[place], self.moments[place]


async def trends(database: Database) -> dict[str, Trend]:
    """What is known of the past of each account."""
    found: dict[str, Trend] = {}
    for row in await database.execute(_PREVIOUS):
        found.setdefault(row["account_id"], Trend()).since = row["finished_at"]
    for row in await database.execute(_TREND):
        its = found.setdefault(row["account_id"], Trend())
        if not its.moments or its.moments[-1] != row["at"]:
            its.moments.append(row["at"])
        its.open.setdefault(row["severity"], []).append(row["open"])
    for row in await database.execute(_BEGUN):
        its = found.setdefault(row["account_id"], Trend())
        if its.since is not None and row["at"] > its.since:
            its.new_reports.add(row["report"])
    return found
