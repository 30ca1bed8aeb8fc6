"""Lanes: bounded, fair, and paused one by one."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from iaminsights.ibmcloud.lanes import Lanes


def run(lanes, receive=lambda task, result: None):
    order = []
    with closing(lanes.finished()) as finished:
        for task, future in finished:
            order.append(task)
            receive(task, future.result())
    return order


def test_tasks_added_by_results_are_run_too():
    lanes = Lanes(lambda number: number - 1, concurrency=3)
    lanes.add("a", 5)
    order = run(lanes, lambda task, left: lanes.add("a", left) if left else None)
    assert order == [5, 4, 3, 2, 1]


def test_never_more_at_once_than_allowed():
    together, most, lock = set(), [], threading.Lock()
    full = threading.Barrier(4)

    def work(task):
        with lock:
            together.add(task)
            most.append(len(together))
        full.wait(10)  # passes only if four run at the same time
        with lock:
            together.remove(task)

    lanes = Lanes(work, concurrency=4)
    for number in range(20):
        lanes.add("ab"[number % 2], number)
    assert sorted(run(lanes)) == list(range(20))
    assert max(most) == 4


def test_long_lane_does_not_hold_up_a_short_one():
    lanes = Lanes(lambda task: task, concurrency=1)
    for number in range(50):
        lanes.add("long", ("long", number))
    lanes.add("short", ("short", 0))
    assert run(lanes).index(("short", 0)) <= 2


def test_paused_lane_holds_no_thread_and_goes_on_by_itself():
    lanes = Lanes(lambda task: task, concurrency=1)
    lanes.add("throttled", "first")
    for number in range(5):
        lanes.add("other", number)
    lanes.pause("throttled", 0.2)
    assert run(lanes) == [0, 1, 2, 3, 4, "first"]


def test_error_drops_what_has_not_begun():
    begun = []

    def work(task):
        begun.append(task)
        threading.Event().wait(0.005)  # a request takes its time
        raise ValueError(task)

    lanes = Lanes(work, concurrency=1)
    for number in range(100):
        lanes.add("a", number)
    with pytest.raises(ValueError):
        run(lanes)
    assert len(begun) < 100


def test_task_of_a_lane_paused_while_nothing_else_waits_is_not_forgotten():
    """The thread that was sent for the task may come before or after the pause: many tries."""
    lanes = Lanes(lambda task: task, concurrency=2)

    def again(task, result):
        if task < 50:
            lanes.pause("a", 0.001)
            lanes.add("a", task + 1)

    lanes.add("a", 0)
    assert run(lanes, again) == list(range(51))
