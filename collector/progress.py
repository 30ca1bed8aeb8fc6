"""How a collect shows that it goes on: a line for each finished part, or a live table."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from .outcome import OK, Step

_REDRAW_AFTER = 0.1  # seconds


def silent(step: Step, finished: bool) -> None:
    """Show nothing (--quiet)."""


class Lines:
    """One line for each finished part, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def __call__(self, step: Step, finished: bool) -> None:
        """Print a line for a part that is complete."""
        if finished:
            print(_line(step), file=self._stream, flush=True)


class LiveTable:
    """One line for each part with its rows, pages, requests a second and retries, for terminals.

    Redrawn in place. `clock` gives seconds.
    """

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._begun: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._steps: dict[str, tuple[Step, bool]] = {}
        self._drawn = 0
        self._next = 0.0

    def __call__(self, step: Step, finished: bool) -> None:
        """Draw the bars anew, if the last time was long enough ago."""
        now = self._clock()
        self._steps[step.part] = (step, finished)
        self._begun.setdefault(step.part, now)
        self._ended[step.part] = now
        if finished or now >= self._next:
            self._draw()
            self._next = now + _REDRAW_AFTER

    def _draw(self) -> None:
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        lines = [
            f"\x1b[2K{'✓' if finished and step.status == OK else '✗' if finished else '…'} "
            f"{_line(step, self._rate(step))}\n"
            for step, finished in self._steps.values()
        ]
        self._stream.write(up + "".join(lines))
        self._stream.flush()
        self._drawn = len(lines)

    def _rate(self, step: Step) -> str:
        """Requests a second since the first answer, once there is a time to speak of."""
        seconds = self._ended[step.part] - self._begun[step.part]
        if seconds < _REDRAW_AFTER:
            return " " * 8
        return f"{(step.pages + step.retries) / seconds:>6,.0f}/s"


def _line(step: Step, rate: str = "") -> str:
    pages = f"{step.pages:,} page{'' if step.pages == 1 else 's'}"
    retries = f"  {step.retries} retried" if step.retries else ""
    missing = "" if step.status == OK else f"  {step.status}"
    return f"{step.part:<28}{step.rows:>8,} rows {pages:>14}{rate}{retries}{missing}"
