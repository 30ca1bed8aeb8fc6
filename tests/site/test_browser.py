"""The site in a real browser: it draws, links and scrolls, without an error or a foreign host."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ..browser import new_page, see_chart
from ..report_rows import ASKED_OF_SAMPLE
from ..site_helpers import LONG, REPORTS, address, axes, queries_file, served

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 360, "height": 740}
LAPTOP = {"width": 1440, "height": 900}
DRAWN = "policies_by_last_permit"
CHARTS = [name for name, report in REPORTS.items() if "fragment" in report]

# Marks of a chart are coloured, its axes and labels are grey: counts the coloured stretches of
# that line of pixels which has most of them.
COUNT_MARKS = """canvas => {
    const { width, height } = canvas;
    const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    const most = (lines, length, place) => {
        let most = 0;
        for (let line = 0; line < lines; line++) {
            let stretches = 0, inside = false;
            for (let at = 0; at < length; at++) {
                const first = 4 * place(line, at);
                const red = pixels[first], green = pixels[first + 1], blue = pixels[first + 2];
                const coloured = Math.max(red, green, blue) - Math.min(red, green, blue) > 40;
                if (coloured && !inside) stretches++;
                inside = coloured;
            }
            most = Math.max(most, stretches);
        }
        return most;
    };
    return Math.max(
        most(height, width, (y, x) => y * width + x),
        most(width, height, (x, y) => y * width + x),
    );
}"""

# Where the first row of a report ends, the line below it that has its command included.
FIRST_ROW_ENDS = """() => {
    const [row, below] = document.querySelectorAll('.rows-and-columns tbody tr');
    const last = below?.matches('.fix') ? below : row;
    return last?.getBoundingClientRect().bottom ?? 0;
}"""

# How much wider than the window a page is.
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def site(sample_file):
    with served(sample_file) as site:
        yield site


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page that fails its test on a console error or a request to another host."""
    with new_page(browser, WIDE) as page:
        complaints = []

        def hear(message) -> None:
            if message.type == "error":
                complaints.append(message.text)

        def watch(request) -> None:
            if urlsplit(request.url).hostname not in ("127.0.0.1", None):
                complaints.append(f"request to {request.url}")

        def fail(request) -> None:
            if request.failure != "net::ERR_ABORTED":  # a chart's data, when a test leaves the page
                complaints.append(f"{request.url}: {request.failure}")

        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", hear)
        page.on("request", watch)
        page.on("requestfailed", fail)
        yield page
    assert complaints == []


def test_home_opens_and_leads_to_a_drawn_report(site, page):
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    name = DRAWN
    page.get_by_role("link", name=re.compile(r"All \d+ reports")).click()
    page.get_by_role("link", name=REPORTS[name]["title"], exact=True).click()
    expect(page).to_have_url(f"{site.url}/iaminsights/{name}#{REPORTS[name]['fragment']}")
    see_chart(page)


@pytest.mark.parametrize("name", CHARTS)
def test_a_report_draws_its_chart_on_a_direct_visit(site, page, name):
    page.goto(f"{site.url}{address(name)}")
    assert page.evaluate(OVERFLOW) <= 0
    place, length = axes(REPORTS[name]["fragment"])
    rows = site.get(address(name, ".json", _shape="array")).json()
    if not rows:
        expect(page.get_by_text("Nothing found")).to_be_visible()
        return
    if len(rows) == 1:  # datasette-vega draws nothing, and there is nothing to compare
        expect(page.locator("table.rows-and-columns")).to_be_visible()
        expect(page.locator(".chart, .vega-embed")).to_have_count(0)
        return
    colour = parse_qs(REPORTS[name]["fragment"]).get("g.color_column", [place])[0]
    if len({(row[place], row[colour]) for row in rows}) == 1:
        page.locator(".chart").scroll_into_view_if_needed()
        expect(page.locator(".chart")).to_contain_text("There is nothing to compare")
        return
    canvas = see_chart(page)
    expect(page.locator("form.datasette-vega")).to_be_hidden()
    lengths = Counter()
    for row in rows:
        lengths[row[place]] += row[length] or 0
    bars = min(26, sum(length > 0 for length in lengths.values()))
    page.wait_for_function(
        f"least => ({COUNT_MARKS})(document.querySelector('.vega-embed canvas')) >= least",
        arg=bars if "g.mark=bar" in REPORTS[name]["fragment"] else 2,
    )
    expect(canvas).to_have_role("img")
    expect(canvas).to_have_accessible_name(
        re.compile(rf" chart of {length} by {place}".replace("_", " "))
    )
    assert page.evaluate(OVERFLOW) <= 0


def test_back_leaves_a_report_that_was_visited_directly(site, page):
    page.goto(site.url)
    page.goto(f"{site.url}/iaminsights/{DRAWN}")
    see_chart(page)
    page.go_back()
    expect(page).to_have_url(f"{site.url}/")


def test_chart_settings_open_when_asked_for(site, page):
    page.goto(f"{site.url}/iaminsights/{DRAWN}")
    see_chart(page)
    page.get_by_label("Change the chart").check()
    page.locator("form.datasette-vega input[value=circle]").check()
    expect(page).to_have_url(re.compile("g.mark=circle"))


def test_a_chart_of_other_columns_is_drawn_and_shared_by_its_address(site, page):
    page.goto(f"{site.url}/iaminsights/{DRAWN}")
    canvas = see_chart(page)
    page.get_by_label("Change the chart").check()
    choice = page.locator("form.datasette-vega select[name=y_column]")
    choice.focus()
    choice.select_option("subject")
    expect(page).to_have_url(re.compile("g.y_column=subject"))
    expect(canvas).to_have_accessible_name(re.compile("policies by subject"))
    expect(choice).to_be_focused()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(see_chart(page)).to_have_accessible_name(re.compile("policies by subject"))


# Each file that a page has loaded, and its size.
LOADED = """() => [
    ...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource'),
].map(({ name, decodedBodySize }) => [name, decodedBodySize])"""


def test_what_draws_a_chart_is_loaded_when_somebody_comes_to_see_it(site, page):
    """A page is light without it: 150 KB at most, scripts and styles included."""
    page.set_viewport_size(LAPTOP)
    page.goto(f"{site.url}/iaminsights/{DRAWN}", wait_until="networkidle")
    loaded = page.evaluate(LOADED)
    assert sum(size for _, size in loaded) <= 150_000, loaded
    assert not any("datasette_vega" in name and name.endswith(".js") for name, _ in loaded)
    assert not any("/chart/" in name for name, _ in loaded)
    assert "#" not in page.url
    page.get_by_role("button", name="Chart", exact=True).click()
    expect(page.locator(".vega-embed canvas")).to_be_in_viewport()
    names = [name for name, _ in page.evaluate(LOADED)]
    assert sum("datasette_vega" in name and name.endswith(".js") for name in names) == 1


def test_the_chart_of_a_table_is_drawn_when_asked_for(site, page):
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{site.url}/iaminsights/policies?_size=20", wait_until="networkidle")
    assert not any(url.endswith(".js") and "vega" in url for url in loaded)
    page.get_by_role("button", name="Show charting options").click()
    page.locator("form.datasette-vega input[value=bar]").check()
    expect(page.locator(".vega-embed canvas")).to_be_visible()
    expect(page.get_by_text("A chart shows the rows of this page only.")).to_be_visible()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.locator(".vega-embed canvas")).to_be_visible()


def test_a_facet_narrows_a_table(site, page, sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        (number,) = database.execute(
            "select count(*) from policies where type = 'authorization'"
        ).fetchone()
    page.goto(f"{site.url}/iaminsights/policies")
    page.locator("#facet-type").get_by_role("link", name="authorization").click()
    expect(page.get_by_role("heading", name=f"{number} rows where type")).to_be_visible()


def test_a_report_leads_to_a_row_and_the_row_leads_on(site, page):
    page.goto(f"{site.url}/iaminsights/policies_by_last_permit")
    page.locator("td.col-roles a").first.click()
    expect(page.get_by_role("row", name="last_permit_at")).to_be_visible()
    link = page.locator(".fields td a").first
    name = link.inner_text()
    link.click()
    expect(page.locator("h1 bdi")).to_have_text(name)
    page.locator(".links a").first.click()
    expect(page.locator("table.rows-and-columns tbody tr").first).to_be_visible()


def test_a_report_of_5000_rows_is_usable_page_by_page(page, sample_file, tmp_path):
    metadata = queries_file(tmp_path, long={"sql": LONG.replace(":rows", "5000")})
    with served(sample_file, metadata=metadata) as site:
        page.goto(f"{site.url}/iaminsights/long")
        expect(page.get_by_role("heading", name="5,000 rows")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(100)
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
        expect(page.locator("td.col-number").first).to_have_text("101")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Last").click()
        expect(page.locator("td.col-number").last).to_have_text("5000")
        expect(page.get_by_text("Page 50 of 50").first).to_be_visible()
        expect(page.locator("td.col-report_rows")).to_have_count(0)


def test_a_report_is_filtered_and_sorted_by_clicks(site, page):
    page.goto(f"{site.url}/iaminsights/service_access_by_iam_id")
    page.locator(".facet summary", has_text="kind").click()
    choice = page.locator(".facet[open] li", has_text="service_id")
    number = choice.locator("span").inner_text()
    choice.get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"{number} rows")).to_be_visible()
    expect(page.get_by_role("list", name="Filters")).to_contain_text("kind = service_id")
    page.get_by_role("searchbox", name="Text in any column").fill("er")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("list", name="Filters")).to_contain_text("any column contains er")
    head = page.get_by_role("columnheader", name="role")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    roles = page.locator("td.col-role").all_inner_texts()
    assert roles == sorted(roles) and len(set(roles)) > 1
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.locator("td.col-role").all_inner_texts() == sorted(roles, reverse=True)
    for _ in range(2):
        page.get_by_role("link", name="Remove this filter").first.click()
    expect(page.get_by_role("link", name="Remove this filter")).to_have_count(0)


@pytest.mark.parametrize("size", [LAPTOP, NARROW], ids=["laptop", "phone"])
def test_only_one_list_of_choices_is_open_and_lies_over_the_rows(site, page, size):
    page.set_viewport_size(size)
    page.goto(f"{site.url}/iaminsights/service_access_by_iam_id")
    lists = page.locator(".facet")
    rows_begin = "document.querySelector('.table-wrapper').getBoundingClientRect().y + scrollY"
    height = page.evaluate(rows_begin)
    for place in range(lists.count()):
        lists.nth(place).locator("summary").click()
        expect(page.locator(".facet[open]")).to_have_count(1)
        assert page.evaluate(rows_begin) == height
        assert page.evaluate(OVERFLOW) <= 0


def assert_fits(page: Page, what: str) -> None:
    """The page is as wide as the window, also when that was narrow and became wide again."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        page.wait_for_function("width => innerWidth === width", arg=size["width"])
        assert page.evaluate(OVERFLOW) <= 0, what


def test_every_report_fits_the_window_with_its_first_row_seen_without_scrolling(site, page):
    ends, wider = {}, []
    for name in REPORTS:
        page.set_viewport_size(LAPTOP)
        page.goto(site.url + address(name), wait_until="load")
        ends[name] = page.evaluate(FIRST_ROW_ENDS)
        box = page.locator(".table-wrapper")
        if ends[name] and box.evaluate("box => box.scrollWidth > box.clientWidth"):
            wider.append(name)
        assert_fits(page, name)
    assert len(wider) <= len(REPORTS) / 10, wider  # it was nearly all, before they chose columns
    assert {name: end for name, end in ends.items() if end > LAPTOP["height"]} == {}
    assert sum(end > 0 for end in ends.values()) > len(REPORTS) / 2


def test_what_a_row_is_called_and_its_command_stay_in_view(site, page):
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto(f"{site.url}/iaminsights/api_key_older_90_days?_all=1", wait_until="load")
    name, last = page.locator("tbody tr").first.locator("td").all()[:: len(headings(page)) - 1]
    command = page.locator("tbody code.command").first
    expect(last).not_to_be_in_viewport()
    before = name.bounding_box()["x"], command.bounding_box()["x"]
    page.locator(".table-wrapper").evaluate("box => box.scrollLeft = box.scrollWidth")
    expect(last).to_be_in_viewport()
    after = name.bounding_box()["x"], command.bounding_box()["x"]
    assert after == pytest.approx(before, abs=1)  # a part of a pixel


def headings(page: Page) -> list[str]:
    return page.locator("thead th").all_inner_texts()


def test_a_chart_comes_after_the_rows(site, page):
    page.goto(site.url + address(DRAWN), wait_until="load")
    place = page.locator(".chart")
    expect(place).not_to_be_in_viewport()
    page.get_by_role("button", name="Chart", exact=True).click()
    canvas = page.locator(".vega-embed canvas")
    expect(canvas).to_be_in_viewport()
    table = page.locator("table.rows-and-columns").bounding_box()
    assert canvas.bounding_box()["y"] > table["y"] + table["height"]


def test_no_page_is_wider_than_the_window(site, page, sample_file):
    with closing(sqlite3.connect(sample_file)) as database:
        (policy,) = database.execute("select min(id) from policies").fetchone()
    paths = ["/", "/iaminsights", "/iaminsights/policies", f"/iaminsights/policies/{policy}"]
    paths += [f"/iaminsights/{name}" for name in ASKED_OF_SAMPLE]  # before they are asked
    paths += ["/iaminsights?sql=select+*+from+resource_service_instances"]
    for path in paths:
        page.set_viewport_size(NARROW)
        page.goto(site.url + path, wait_until="load")
        assert_fits(page, path)
