"""How a collect shows that it goes on: a line for each finished part, or a live table."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from .collect import Step

_REDRAW_AFTER = 0.1  # seconds


def silent(step: Step, finished: bool) -> None:
    """Show nothing (--quiet)."""


class Lines:
    """One line for each finished part, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def __call__(self, step: Step, finished: bool) -> None:
        if finished:
            print(_line(step), file=self._stream, flush=True)


class LiveTable:
    """One line for each part, redrawn in place, for terminals."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._steps: dict[str, tuple[Step, bool]] = {}
        self._drawn = 0
        self._next = 0.0

    def __call__(self, step: Step, finished: bool) -> None:
        self._steps[step.part] = (step, finished)
        if finished or time.monotonic() >= self._next:
            self._draw()
            self._next = time.monotonic() + _REDRAW_AFTER

    def _draw(self) -> None:
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        lines = [
            f"\x1b[2K{'✓' if finished and step.status == 'ok' else '✗' if finished else '…'} "
            f"{_line(step)}\n"
            for step, finished in self._steps.values()
        ]
        self._stream.write(up + "".join(lines))
        self._stream.flush()
        self._drawn = len(lines)


def _line(step: Step) -> str:
    requests = f"{step.requests:,} request{'' if step.requests == 1 else 's'}"
    retries = f"  {step.retries} retried" if step.retries else ""
    denied = "" if step.status == "ok" else f"  {step.status}"
    return f"{step.part:<28}{step.rows:>8,} rows {requests:>16}{retries}{denied}"
