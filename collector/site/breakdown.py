"""The picture above the rows of a report: a bar for each value of one of its columns.

A bar leads to the rows that it counts, and the bars count all rows that the address asks for,
whichever of them the page shows. Where that cannot be had there is no picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..reports.report import SEVERITIES, rank
from .asked import Asked
from .facets import Facet
from .filters import excluding
from .sums import Sums, summed, summed_here

IN_SIGHT = 5  # bars, so that the first row of the report is in sight, too
MOST_BARS = 25  # the rest together have one more
MOST_MS = 300  # after that a page does without a picture
NOTHING = "(none)"
# A bar has the colour of the strongest role in its name.
ROLES = ("Administrator", "Manager", "Editor", "Writer", "Operator", "Reader", "Viewer")


@dataclass(frozen=True)
class Bar:
    """One value, or what is left: `share` is its length in percent of the longest; 0 is none."""

    label: str
    number: float
    share: float
    colour: str
    url: str


@dataclass(frozen=True)
class Breakdown:
    """The bars of a picture: `of` names what they add up, and is empty if they count rows."""

    by: str
    of: str
    bars: tuple[Bar, ...]

    @property
    def in_sight(self) -> tuple[Bar, ...]:
        """The bars that one sees at once: all if only one more would be folded."""
        return self.bars[: IN_SIGHT if len(self.bars) > IN_SIGHT + 1 else None]

    @property
    def folded(self) -> tuple[Bar, ...]:
        """The bars that one sees when one asks for them."""
        return self.bars[len(self.in_sight) :]


async def breakdown(
    asked: Asked | None,
    report: Mapping[str, Any],
    rows: Sequence[Any],
    found: int,
    facets: Iterable[Facet] = (),
) -> Breakdown | None:
    """The picture of what is asked of a report; None if it has none.

    `rows` are those of the page, of the number that was found, and `facets` what was counted of
    all of these already.
    """
    declared = report.get("breakdown") or {}
    by, of = str(declared.get("by", "")), str(declared.get("of", ""))
    if asked is None or asked.selection.count_by or found < 2:
        return None
    if not {by, of or by} <= {*asked.report.columns}:
        return None
    numbers = (of,) if of else ()
    counted = next((facet.values for facet in facets if facet.column == by and not of), ())
    if counted and sum(number for _, number in counted) == found:
        known = ((None if value is None else str(value), number) for value, number in counted)
        return Breakdown(by, of, tuple(_bars(known, by, asked)))
    if found == len(rows):
        sums: Sums | None = summed_here(rows, (by,), numbers)
    else:
        sums = await summed(asked, (by,), numbers, MOST_MS)
    if not sums or not sums.whole or len(sums.sums) < 2:
        return None
    groups = ((one.values[0], one.numbers[0] if of else one.rows) for one in sums.sums)
    return Breakdown(by, of, tuple(_bars(groups, by, asked)))


def _bars(groups: Iterable[tuple[str | None, float]], by: str, asked: Asked) -> Iterator[Bar]:
    """A bar for each value and its number: of severities the worst is first, else the longest."""
    ordered = sorted(groups, key=lambda group: (_place(group[0], by), -group[1], group[0] or "~"))
    shown, left = ordered[:MOST_BARS], ordered[MOST_BARS:]
    longest = max(number for _, number in shown) or 1
    for value, number in shown:
        share = max(0, 100 * number / longest)
        yield Bar(value or NOTHING, number, share, _colour(value, by), asked.only(by, value))
    if left:
        # Without a length: what many have together would make all others look like nothing.
        url = excluding(asked.address, by, (value for value, _ in shown))
        yield Bar(f"{len(left):,} others", sum(number for _, number in left), 0, "", url)


def _place(value: str | None, by: str) -> int:
    return rank(value) if by == "severity" else 0


def _colour(value: str | None, by: str) -> str:
    """The name of a bar's colour, which only says once more what its label says."""
    if by == "severity" and value in SEVERITIES:
        return f"severity-{value}"
    if by in ("role", "roles"):
        held = (value or "").split(", ")
        return next((f"role-{role.lower()}" for role in ROLES if role in held), "")
    return ""
