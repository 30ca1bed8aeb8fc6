"""The picture above the rows of a report: it counts all of them, and leads to what it counts."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from iaminsights.reports.report import SEVERITIES

from ..browser import new_page
from ..site_helpers import REPORTS, Site, address, queries_file, served
from .test_chart import HOSTILE, listing

LONG = "a name that is as long as somebody wanted it to be, and longer " * 5
BY_KIND = {"breakdown": {"by": "kind"}}

QUERIES = {
    "kinds": {
        **listing(
            *((kind, number) for kind in ("user", "user", "user") for number in (1,)),
            (HOSTILE, 10),
            (HOSTILE, None),
            (None, 5),
            ("", 1),
            (LONG, 0),
            ("0", "many"),
            columns=("kind", "keys"),
        ),
        **BY_KIND,
    },
    "severities": {
        **listing(
            *((severity,) for severity in ("low", "low", "low", "critical", "high", "odd", "high")),
            columns=("severity",),
        ),
        "breakdown": {"by": "severity"},
    },
    "roles": {
        **listing(
            *((role,) for role in ("Viewer", "Reader, Writer", "Manager, Administrator")),
            ("Key Manager",),
            columns=("roles",),
        ),
        "breakdown": {"by": "roles"},
    },
    "long": {
        "sql": "with recursive n (n) as (select 1 union all select n + 1 from n where n < 250) "
        "select 'k' || (n % 3) as kind, n, count(*) over () as report_rows from n order by n",
        **BY_KIND,
    },
    "many": {
        **listing(*((f"n{n:02}",) for n in range(30) for _ in range(30 - n)), columns=("kind",)),
        **BY_KIND,
    },
    "six": {**listing(*((n,) for n in range(6)), columns=("kind",)), **BY_KIND},
    "seven": {**listing(*((n,) for n in range(7)), columns=("kind",)), **BY_KIND},
    "asked": {
        "sql": "select value as kind, count(*) over () as report_rows "
        'from json_each(\'["Ada", "Ada", "Bob"]\') where :kind = \'\' or value = :kind',
        "params": ["kind"],
        **BY_KIND,
    },
    "alike": {**listing(("user",), ("user",), columns=("kind",)), **BY_KIND},
    "alone": {**listing(("user",), columns=("kind",)), **BY_KIND},
    "cut": {
        **listing(("user",), ("robot",), ("user",), ("user",), columns=("kind",), most=3),
        **BY_KIND,
    },
}
QUERIES["keys"] = {**QUERIES["kinds"], "breakdown": {"by": "kind", "of": "keys"}}


@dataclass
class Drawn:
    """A bar as the page has it."""

    label: str
    number: float
    share: float
    colour: str
    url: str


@pytest.fixture(scope="module")
def site(sample_file, tmp_path_factory):
    metadata = queries_file(tmp_path_factory.mktemp("breakdown"), **QUERIES)
    with served(sample_file, metadata=metadata) as site:
        yield site


def picture(page: str) -> str:
    return page.partition('<figure class="breakdown">')[2].partition("</figure>")[0]


def bars(page: str) -> list[Drawn]:
    found = re.findall(
        r'<li><a href="([^"]*)"(?: class="([^"]*)")?><span class="bar-label" title="[^"]*">(.*?)'
        r'</span>.*?"bar-length">(?:<span class="bar" style="width: ([\d.]+)%"></span>)?'
        r'<span class="bar-number">([\d,.]+)<',
        picture(page),
    )
    return [
        Drawn(html.unescape(label), float(number.replace(",", "")), float(share or 0), colour, url)
        for url, colour, label, share, number in (
            (html.unescape(url), colour, label, share, number)
            for url, colour, label, share, number in found
        )
    ]


def shown(site: Site, name: str, **query: str) -> list[tuple[str, float]]:
    page = site.page(f"/iaminsights/{name}?{urlencode(query)}")
    return [(bar.label, bar.number) for bar in bars(page)]


def rows_of(site: Site, url: str) -> list[dict]:
    path, _, query = url.partition("?")
    return site.get(f"{path}.json?{query}&_shape=array").json()


def test_there_is_a_bar_for_each_value_the_longest_first(site):
    found = bars(site.page("/iaminsights/kinds"))
    assert [(bar.label, bar.number) for bar in found] == [
        ("user", 3),
        (HOSTILE, 2),
        ("(none)", 2),
        ("0", 1),
        (LONG, 1),
    ]
    assert [bar.share for bar in found] == [100, 66.7, 66.7, 33.3, 33.3]


def test_a_bar_leads_to_the_rows_that_it_counts(site):
    for bar in bars(site.page("/iaminsights/kinds")):
        rows = rows_of(site, bar.url)
        assert len(rows) == bar.number, bar
        wanted = (None, "") if bar.label == "(none)" else (bar.label,)
        assert {row["kind"] for row in rows} <= {*wanted}, bar


def test_numbers_are_added_up_where_rows_are_counts(site):
    assert shown(site, "keys") == [
        (HOSTILE, 10),
        ("(none)", 6),
        ("user", 3),
        ("0", 0),  # what is no number adds nothing
        (LONG, 0),
    ]
    page = site.page("/iaminsights/keys")
    assert "<figcaption>Keys by “kind”</figcaption>" in page
    assert "<figcaption>Rows by “kind”</figcaption>" in site.page("/iaminsights/kinds")
    for bar in bars(page):
        assert sum(row["keys"] or 0 for row in rows_of(site, bar.url) if row["keys"] != "many") == (
            bar.number
        )


def test_of_severities_the_worst_is_first_and_each_has_its_colour(site):
    found = bars(site.page("/iaminsights/severities"))
    assert [(bar.label, bar.number, bar.colour) for bar in found] == [
        ("critical", 1, "severity-critical"),
        ("high", 2, "severity-high"),
        ("low", 3, "severity-low"),
        ("odd", 1, ""),
    ]


def test_roles_have_the_colour_of_the_strongest(site):
    found = {bar.label: bar.colour for bar in bars(site.page("/iaminsights/roles"))}
    assert found == {
        "Viewer": "role-viewer",
        "Reader, Writer": "role-writer",
        "Manager, Administrator": "role-administrator",
        "Key Manager": "",  # a custom role
    }


def test_all_rows_count_and_not_those_of_the_page(site):
    assert shown(site, "long") == [("k1", 84), ("k0", 83), ("k2", 83)]
    assert shown(site, "long", n__lte="10") == [("k1", 4), ("k0", 3), ("k2", 3)]
    assert shown(site, "long", n__gt="100", _page="2") == [("k0", 50), ("k1", 50), ("k2", 50)]
    for bar in bars(site.page("/iaminsights/long?n__gt=7&_page=2")):
        assert len(rows_of(site, bar.url)) == bar.number


def test_what_has_no_bar_of_its_own_has_one_together(site):
    found = bars(site.page("/iaminsights/many"))
    assert len(found) == 26
    assert (found[-1].label, found[-1].number) == ("5 others", 1 + 2 + 3 + 4 + 5)
    # However many they are, the longest of the others is as long as one can be.
    assert (found[0].number, found[0].share, found[-1].share) == (30, 100, 0)
    rows = rows_of(site, found[-1].url)
    assert {row["kind"] for row in rows} == {"n25", "n26", "n27", "n28", "n29"}
    assert len(rows) == 15
    assert sum(bar.number for bar in found) == rows_of(site, "/iaminsights/many")[0]["report_rows"]
    # There they have bars of their own.
    assert len(bars(site.page(found[-1].url))) == 5


def test_most_bars_are_folded_but_never_one_alone(site):
    for name, in_sight in {"six": 6, "seven": 5, "many": 5}.items():
        seen, _, folded = picture(site.page(f"/iaminsights/{name}")).partition("<details>")
        assert seen.count("<li>") == in_sight, name
        assert bool(folded) is (name != "six")


def test_a_column_that_is_also_a_parameter_is_told_from_it(site):
    (ada, bob) = bars(site.page("/iaminsights/asked"))
    assert "kind__exact=Ada" in ada.url
    assert (len(rows_of(site, ada.url)), len(rows_of(site, bob.url))) == (2, 1)
    assert shown(site, "asked", kind="Ada") == []


@pytest.mark.parametrize("name", ["alike", "alone", "cut"])
def test_there_is_no_picture_where_it_would_say_nothing_or_not_the_truth(site, name):
    """Rows that are all alike, a single row, and rows of which some are not there."""
    page = site.page(f"/iaminsights/{name}")
    assert "user" in page and "<figure" not in page


def test_a_filter_that_leaves_one_value_leaves_no_picture(site):
    assert "<figure" not in site.page("/iaminsights/kinds?kind=user")
    assert shown(site, "kinds", kind__in=json.dumps(["user", HOSTILE])) == [
        ("user", 3),
        (HOSTILE, 2),
    ]


@pytest.mark.parametrize("name", [name for name, one in REPORTS.items() if "breakdown" in one])
def test_the_picture_of_a_report_counts_its_rows(sample, name):
    by, of = (REPORTS[name]["breakdown"].get(key) for key in ("by", "of"))
    rows = rows_of(sample, address(name) + ("?" if "?" not in address(name) else ""))
    expected = {}
    for row in rows:
        value = str(row[by]) if row[by] not in (None, "") else "(none)"
        expected[value] = expected.get(value, 0) + (row[of] if of else 1)
    found = bars(sample.page(address(name)))
    if len(expected) < 2:
        assert found == []
    elif len(expected) <= 25:
        assert {bar.label: bar.number for bar in found} == expected
    else:
        assert sum(bar.number for bar in found) == sum(expected.values())
    if found:
        assert len(rows_of(sample, found[0].url)) == sum(
            (str(row[by]) if row[by] not in (None, "") else "(none)") == found[0].label
            for row in rows
        )


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as site:
        yield site


# --- In a browser -------------------------------------------------------------------------------

# Each colour that a bar can have, and what it stands on.
COLOURS = """names => {
    const bar = document.querySelector('.breakdown .bar');
    const link = bar.closest('a');
    const seen = names.map(name => {
        link.className = name;
        return [name, getComputedStyle(bar).backgroundColor];
    });
    return [getComputedStyle(bar.closest('figure')).backgroundColor, Object.fromEntries(seen)];
}"""
ROLES = ("Administrator", "Manager", "Editor", "Writer", "Operator", "Reader", "Viewer")
NAMES = [
    "",
    *(f"severity-{severity}" for severity in SEVERITIES),
    *(f"role-{role.lower()}" for role in ROLES),
]


def luminance(colour: str) -> float:
    parts = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture
def page(browser):
    with new_page(browser, {"width": 1440, "height": 900}) as page:
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_bar_can_be_seen(site, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site.url}/iaminsights/roles")
    ground, colours = page.evaluate(COLOURS, NAMES)
    for name, colour in colours.items():
        light, dark = sorted((luminance(ground), luminance(colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, name
    assert len(set(colours.values())) >= len(ROLES)  # roles differ from each other


def test_a_bar_is_as_long_as_its_number_and_prints_so(site, page):
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        page.goto(f"{site.url}/iaminsights/kinds")
        picture, rows = page.locator(".breakdown"), page.locator("table.rows-and-columns")
        expect(picture).to_be_visible()
        drawn = page.locator(".breakdown .bar").evaluate_all(
            "bars => bars.map(bar => [bar.clientWidth, getComputedStyle(bar).printColorAdjust])"
        )
        longest = drawn[0][0]
        assert longest > 100
        for (width, adjust), share in zip(drawn, (1, 2 / 3, 2 / 3, 1 / 3, 1 / 3), strict=True):
            assert width == pytest.approx(longest * share, abs=2)
            assert adjust == "exact"  # or a printer would leave the bars out
        assert picture.bounding_box()["y"] < rows.bounding_box()["y"]


def test_a_picture_fits_a_phone_with_its_longest_name(site, page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.url}/iaminsights/kinds")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = page.locator(".breakdown").bounding_box()
    for bar in page.locator(".breakdown li").all():
        own = bar.bounding_box()
        assert own["x"] >= box["x"] and own["x"] + own["width"] <= box["x"] + box["width"]


def test_a_bar_leads_to_its_rows_by_keyboard(site, page):
    page.goto(f"{site.url}/iaminsights/many")
    page.locator(".breakdown summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".breakdown details a").first).to_be_focused()
    name = page.locator(".breakdown details .bar-label").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".chosen")).to_contain_text(name)
    expect(page.locator("td.col-kind").first).to_have_text(name)
