"""What a terminal and a log show of a collect."""

import io
import re

import pytest

from iaminsights.collect import Step
from iaminsights.outcome import Loss
from iaminsights.progress import Lines, LiveTable


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0

    def __call__(self):
        return self.now


def last_lines(stream, count):
    return [re.sub(r"\x1b\[\d*\w", "", line) for line in stream.getvalue().splitlines()[-count:]]


def test_live_table_shows_pages_rows_requests_a_second_and_retries():
    stream, clock = io.StringIO(), Clock()
    table = LiveTable(stream, clock)
    users, groups = Step("users"), Step("access_groups", pages=1, rows=7)
    table(users, False)
    table(groups, False)
    clock.now = 2.0
    users.pages, users.rows, users.retries = 39, 3900, 1
    table(users, False)
    assert last_lines(stream, 2) == [
        "… users                          3,900 rows       39 pages    20/s  1 retried",
        "… access_groups                      7 rows         1 page        ",
    ]


def test_live_table_redraws_in_place_but_not_at_every_page():
    stream, clock = io.StringIO(), Clock()
    table = LiveTable(stream, clock)
    step = Step("users")
    for _ in range(100):
        table(step, False)
    assert stream.getvalue().count("users") == 1
    step.status = "denied"
    table(step, True)
    assert stream.getvalue().count("\x1b[1A") == 1
    assert last_lines(stream, 1) == [
        "✗ users                              0 rows        0 pages          denied"
    ]


def test_lines_are_written_once_for_each_finished_part():
    stream = io.StringIO()
    lines = Lines(stream)
    lines(Step("users", pages=1, rows=2), False)
    lines(Step("users", pages=2, rows=150), True)
    assert stream.getvalue() == "users                            150 rows        2 pages\n"


@pytest.mark.parametrize("loss", Loss)
def test_what_is_not_named_agrees_with_its_number(loss):
    said = {}
    for more in (1, 2):
        step = Step("users")
        for number in range(3 + more):
            step.lose(loss, f"reason {number}")
        step.conclude(rows=1)
        said[more] = step.messages[-1]
    assert "1 more" in said[1] and "2 more" in said[2]
    assert not re.search(r"\b1 more (requests|lists)|2 more (request|list) ", said[1] + said[2])
    assert loss is not Loss.DENIED or said[1] == "1 more request was denied."
