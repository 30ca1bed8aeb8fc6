"""The picture above the rows of a report of what went on over time."""

from __future__ import annotations

import html
import re

import pytest

from ..site_helpers import Site, queries_file, served
from .test_chart import LINE, listing


def picture(page: str) -> str:
    return page.partition('<figure class="breakdown">')[2].partition("</figure>")[0]


COLUMNS = ("account", "account_id", "at", "severity", "open")
FRAGMENT = "&".join(f"{key}={value}" for key, value in LINE.items()) + "&g.color_column=severity"


@pytest.fixture(scope="module")
def times(sample_file, tmp_path_factory):
    rows = (
        ("Acme", "a", "2026-01-01T08:00:00Z", "critical", 5),
        ("Acme", "a", "2026-01-01T08:00:00Z", "low", 10),
        ("Acme", "a", "2026-01-21T08:00:00Z", "low", 4),
        ("Acme", "a", "2026-03-01T08:00:00Z", "critical", 1),
    )
    other = ("Bolt", "b", "2026-02-01T08:00:00Z", "high", 2)
    queries = {
        "two": {**listing(*rows, other, columns=COLUMNS), "fragment": FRAGMENT},
        "one": {**listing(*rows, columns=COLUMNS), "fragment": FRAGMENT},
        "first": {**listing(*rows[:2], columns=COLUMNS), "fragment": FRAGMENT},
        "bars": {
            **listing(*rows, columns=COLUMNS),
            "fragment": FRAGMENT.replace("line", "bar"),
        },
    }
    metadata = queries_file(tmp_path_factory.mktemp("times"), **queries)
    with served(sample_file, metadata=metadata) as site:
        yield site


def said(site: Site, name: str) -> str:
    drawn = picture(site.page(f"/iaminsights/{name}"))
    seen = re.sub(r"<svg.*?</svg>|<[^>]*>", " ", drawn, flags=re.DOTALL)
    return " ".join(html.unescape(seen).split())


def test_a_line_has_dates_and_the_number_that_it_ends_with(times):
    text = said(times, "one")
    assert text.startswith("Open by severity over time 10 0")
    assert text.endswith("1 critical 4 low 1 Jan 2026 30 Jan 2026 1 Mar 2026")
    drawn = picture(times.page("/iaminsights/one"))
    words = "critical: 5 on 1 January 2026, 1 on 1 March 2026, between them 5 to 5"
    assert words in drawn
    # It holds until it changes: 10, then 4 from the 20th of 59 days on.
    assert 'class="severity-low" d="M0.0 0.0H33.9V60.0H100.0V60.0"' in drawn


def test_a_single_collect_is_said_and_not_drawn(times):
    assert said(times, "first") == (
        "Open by severity over time One collection so far, on 1 Jan 2026: the line starts with the "
        "next one."
    )
    assert "<svg" not in picture(times.page("/iaminsights/first"))


def test_accounts_have_a_picture_each(times):
    text = said(times, "two")
    assert (
        "Acme 10 0" in text and "1 more account Bolt One collection so far, on 1 Feb 2026" in text
    )


def test_bars_are_no_line(times):
    assert "<figure" not in times.page("/iaminsights/bars")
