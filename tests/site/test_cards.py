"""Rows on a telephone, as cards of three fields with the rest folded, and on paper."""

from __future__ import annotations

import pytest

from ..browser import Page, expect, new_page
from ..site_helpers import Site, queries_file, served
from .test_quality import CUT_TEXT, faults

SCREEN = {"width": 390, "height": 844}
ROWS = """
select column1 as user, column2 as role, column3 as target, column4 as state, column5 as note,
  column6 as command, 2 as report_rows
from (values
  ('Ada', 'Viewer', 'kms', 'ACTIVE', 'first', 'ibmcloud iam user-policy-delete ada'),
  ('Bob', 'Editor', 'logs', 'PENDING', 'second', 'ibmcloud iam user-policy-delete bob'))
"""
LABEL = "cell => getComputedStyle(cell, ':before').content"
SIZE = "one => parseFloat(getComputedStyle(one).fontSize)"
FIELDS = ["user", "role", "target", "state", "note"]


@pytest.fixture(scope="module")
def site(sample_file, tmp_path_factory):
    rows = {"sql": ROWS, "shown": FIELDS, "severity": "low"}
    few = {"sql": "select 1 as a, 2 as b, 3 as c union all select 4, 5, 6"}
    metadata = queries_file(tmp_path_factory.mktemp("cards"), rows=rows, few=few)
    with served(sample_file, metadata=metadata) as found:
        yield found


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as found:
        yield found


@pytest.fixture
def page(browser):
    with new_page(browser, SCREEN) as found:
        yield found


def fields(page: Page, row: int) -> list[str]:
    """The columns of a row that somebody can see."""
    cells = page.locator(".rows-and-columns tbody tr:not(.fix)").nth(row).locator("td:visible")
    return [name.split()[0][4:] for name in cells.evaluate_all("all => all.map(c => c.className)")]


def on_a_telephone(page: Page, site: Site, path: str) -> None:
    page.goto(site.url + path)


def test_a_row_is_a_card_of_three_fields_which_the_keyboard_unfolds(site, page):
    page.route("**/site.js*", lambda route: route.abort())  # it needs no script
    on_a_telephone(page, site, "/iaminsights/rows")
    assert (fields(page, 0), fields(page, 1)) == (FIELDS[:3], FIELDS[:3])
    name, role = (page.locator("tbody td.col-" + column).first for column in ("user", "role"))
    sizes = [one.evaluate(SIZE) for one in (name, role)]
    assert sizes[0] > sizes[1]
    assert [name.evaluate(LABEL), role.evaluate(LABEL)] == ["none", '"role"']
    summary = page.locator(".rest summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert (fields(page, 0), fields(page, 1)) == (FIELDS, FIELDS[:3])
    assert page.locator("td.col-state").first.evaluate(LABEL) == '"state"'
    page.keyboard.press("Enter")
    assert fields(page, 0) == FIELDS[:3]


def test_the_command_and_its_button_stand_on_a_folded_card(site, page):
    on_a_telephone(page, site, "/iaminsights/rows")
    assert fields(page, 0) == FIELDS[:3]
    expect(page.locator("code.command")).to_have_count(2)
    for place in ("code.command", "button.copy"):
        expect(page.locator(place).first).to_be_visible()
    page.locator(".rest summary").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "copy"
    assert faults(page) == []


def test_three_fields_need_no_fold(site, page):
    on_a_telephone(page, site, "/iaminsights/few")
    assert fields(page, 0) == ["a", "b", "c"]
    expect(page.locator(".rest")).to_have_count(0)


@pytest.mark.parametrize("path", ["users", "findings_to_fix", "policy_roles"])
def test_tables_of_the_database_are_cards_too(sample, page, path):
    on_a_telephone(page, sample, f"/iaminsights/{path}")
    folded = fields(page, 0)
    command = ["command"] if path == "findings_to_fix" else []
    assert len([one for one in folded if one not in command]) == 3 and set(command) <= set(folded)
    page.locator(".rest summary").first.press("Enter")
    more = fields(page, 0)
    assert len(more) > len(folded) or path == "policy_roles"
    assert page.evaluate(CUT_TEXT) == []


def test_on_a_wide_screen_nothing_is_folded(site, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(site.url + "/iaminsights/rows")
    assert fields(page, 0) == FIELDS
    expect(page.locator(".rest:visible")).to_have_count(0)


def test_paper_has_the_columns_shown_and_no_more(site, page):
    page.set_viewport_size({"width": 1030, "height": 700})  # A4, across, without its margins
    page.goto(site.url + "/iaminsights/rows")
    page.emulate_media(media="print")
    assert fields(page, 0) == FIELDS
    left_out = "header, footer, form, nav, summary, .copy, .export-links, .rest, button"
    expect(page.locator(f":is({left_out}):visible")).to_have_count(0)
    # So a browser repeats the heads on each page.
    head = page.locator(".rows-and-columns thead")
    assert head.evaluate("e => getComputedStyle(e).display") == "table-header-group"
    wide = page.locator(".rows-and-columns").evaluate("e => e.getBoundingClientRect().right")
    assert wide <= 1030
    command, cell = page.locator("code.command").first, page.locator("td.col-user").first
    assert command.evaluate(SIZE) >= cell.evaluate(SIZE) >= 11  # 8 points and more
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
