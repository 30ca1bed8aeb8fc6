"""Runs tasks in a bounded pool of threads, in lanes that can be paused one by one.

A lane is what shares a fate: the calls to one API resource. A lane that IBM Cloud throttles
waits without holding a thread, so that it slows nothing but itself. Knows nothing of HTTP.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Lanes(Generic[Task, Result]):
    """Tasks by lane; `finished` runs them, also those added or paused meanwhile.

    To be used by one thread, which alone sees the results. `work` is called in the pool,
    whose threads take their next task themselves: none is idle while results are looked at.
    """

    def __init__(self, work: Callable[[Task], Result], concurrency: int) -> None:
        self._work = work
        self._concurrency = concurrency
        self._choosing = threading.Lock()
        self._waiting: dict[str, deque[Task]] = {}
        self._paused_until: dict[str, float] = {}
        self._unattended = 0  # waiting tasks for which no thread was sent, or that it found paused
        self._unseen = 0  # tasks whose result was not handed out yet
        self._done: SimpleQueue[tuple[Task, Future[Result]]] = SimpleQueue()

    def add(self, lane: str, task: Task) -> None:
        """Let a task wait for its turn in a lane; any thread may."""
        with self._choosing:
            self._waiting.setdefault(lane, deque()).append(task)
            self._unattended += 1
        self._unseen += 1

    def pause(self, lane: str, seconds: float) -> None:
        """Start nothing more of a lane for so long; what runs goes on."""
        until = time.monotonic() + seconds
        with self._choosing:
            self._paused_until[lane] = max(until, self._paused_until.get(lane, 0.0))

    def finished(self) -> Generator[tuple[Task, Future[Result]], None, None]:
        """Each task with its future, as they finish, until there is none left.

        Leaving the iterator early drops what has not begun and waits for what has: nothing is
        asked any more when it is closed.
        """
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            while self._unseen:
                try:
                    result = self._done.get(timeout=self._attend(pool))
                except Empty:  # a pause has ended
                    continue
                self._unseen -= 1
                yield result
        finally:
            pool.shutdown(cancel_futures=True)

    def _do_next(self) -> None:
        """Work on the next task of the lane whose turn it is, unless all are paused."""
        with self._choosing:
            now = time.monotonic()
            lane = next((name for name in self._waiting if self._pause_of(name) <= now), None)
            if lane is None:
                self._unattended += 1
                return
            tasks = self._waiting.pop(lane)
            task = tasks.popleft()
            if tasks:
                self._waiting[lane] = tasks  # to the end of the turn: none holds up another
        future: Future[Result] = Future()
        try:
            future.set_result(self._work(task))
        except BaseException as error:
            future.set_exception(error)
        self._done.put((task, future))

    def _attend(self, pool: ThreadPoolExecutor) -> float | None:
        """Send threads to the lanes that may go on; seconds until the next one's pause is over."""
        with self._choosing:
            now = time.monotonic()
            pauses = [self._pause_of(lane) - now for lane in self._waiting]
            sent = self._unattended if min(pauses, default=1.0) <= 0 else 0
            self._unattended -= sent
        for _ in range(sent):
            pool.submit(self._do_next)
        return min((pause for pause in pauses if pause > 0), default=None)

    def _pause_of(self, lane: str) -> float:
        """When the pause of a lane ends or ended, by the monotonic clock."""
        return self._paused_until.get(lane, 0.0)
