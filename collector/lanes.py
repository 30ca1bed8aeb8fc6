"""Runs tasks in a bounded pool of threads, in lanes that can be paused one by one.

A lane is what shares a fate: the calls to one API resource. A lane that IBM Cloud throttles
waits without holding a thread, so that it slows nothing but itself. Knows nothing of HTTP.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Lanes(Generic[Task, Result]):
    """Tasks by lane; `finished` runs them, also those added or paused meanwhile.

    To be used by one thread, which alone sees the results. `work` is called in the pool.
    """

    def __init__(self, work: Callable[[Task], Result], concurrency: int) -> None:
        self._work = work
        self._concurrency = concurrency
        self._waiting: dict[str, deque[Task]] = {}
        self._paused_until: dict[str, float] = {}
        self._running: dict[Future[Result], Task] = {}

    def add(self, lane: str, task: Task) -> None:
        self._waiting.setdefault(lane, deque()).append(task)

    def pause(self, lane: str, seconds: float) -> None:
        """Start nothing more of a lane for so long; what runs goes on."""
        until = time.monotonic() + seconds
        self._paused_until[lane] = max(until, self._paused_until.get(lane, 0.0))

    def finished(self) -> Iterator[tuple[Task, Future[Result]]]:
        """Each task with its future, as they finish, until there is none left.

        Leaving the iterator early drops what has not begun and waits for what has: nothing is
        asked any more when it is closed.
        """
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            while self._running or any(self._waiting.values()):
                self._start(pool)
                if not self._running:
                    time.sleep(self._until_a_pause_ends() or 0)
                    continue
                done, _ = wait(self._running, self._until_a_pause_ends(), FIRST_COMPLETED)
                for future in done:
                    yield self._running.pop(future), future
        finally:
            pool.shutdown(cancel_futures=True)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Fill the free threads from the lanes in turn: a long lane does not hold up a short."""
        while len(self._running) < self._concurrency:
            now = time.monotonic()
            lane = next(
                (
                    name
                    for name, tasks in self._waiting.items()
                    if tasks and self._paused_until.get(name, 0.0) <= now
                ),
                None,
            )
            if lane is None:
                return
            tasks = self._waiting.pop(lane)  # to the end of the turn
            self._waiting[lane] = tasks
            task = tasks.popleft()
            self._running[pool.submit(self._work, task)] = task

    def _until_a_pause_ends(self) -> float | None:
        """Seconds until a waiting lane may go on; None if none is paused."""
        now = time.monotonic()
        pauses = [
            self._paused_until[lane] - now
            for lane, tasks in self._waiting.items()
            if tasks and self._paused_until.get(lane, 0.0) > now
        ]
        return min(pauses, default=None)
