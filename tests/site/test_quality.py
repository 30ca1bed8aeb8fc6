"""The pages in a real browser: for everybody, by keyboard alone, at every width, on paper."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from datasette.utils import tilde_encode
from playwright.sync_api import Locator, Page, expect

from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Account, Sandbox

from ..conftest import collect_from
from ..site_helpers import Site, address, served
from . import test_browser
from .test_pages import HOSTILE, row_of

# The page that complains about console errors and about requests to another host.
page = test_browser.page

ROWS = (
    *("users", "serviceids", "trustedprofiles", "access_groups", "policies"),
    "resource_service_instances",
)
WHY = "/-/iaminsights/why/iaminsights"
WITHOUT = "/-/iaminsights/without/iaminsights"
KINDS = {
    "home": "/",
    "summary": "/-/iaminsights/summary/iaminsights",
    "why": f"{WHY}?identity=Data+Analysts&role_or_action=Viewer&target=ledger",
    "reports": "/iaminsights",
    "filtered reports": "/iaminsights?_text=key",
    "tables": "/iaminsights?_tables=1",
    "chart": address("policies_by_last_permit"),
    "over time": address("findings_over_time"),
    "bars of roles": address("access_groups_without_service_policy"),
    "commands": address("api_key_no_expiry"),
    "all columns": address("policy_redundant", _all="1"),
    "filtered report": "/iaminsights/service_access_by_iam_id?kind=user&_search=a&_sort_desc=role",
    "no row fits": "/iaminsights/service_access_by_iam_id?kind=nothing",
    "counted rows": "/iaminsights/service_access_by_iam_id?_count_by=role",
    "no rows": address("changes_since_last_collect"),  # the sample is collected only once
    "empty explorer": "/iaminsights/what_can_identity_do",
    "explorer": address("what_can_identity_do"),
    "empty search": "/iaminsights/find",
    "search": address("find"),
    "table": "/iaminsights/policies?_size=10&type__exact=access",
    "table without rows": "/iaminsights/policies?state=none",
    "view": "/iaminsights/effective_access?_size=10",
    "findings": "/iaminsights/findings_to_fix?_size=10&severity=high&acknowledged__isblank=1",
    "no findings": "/iaminsights/findings_to_fix?who=nobody&acknowledged__notblank=1",
    **{f"row of {table}": None for table in ROWS},  # as it is in the file
    "picture of users": None,
    "picture of resource_service_instances": None,
    "without a policy": f"{WITHOUT}/policies/9d7810bc-4271-4a7d-b124-ea776585ac8d",
    "own SQL": f"/iaminsights?sql={quote('select * from resource_service_instances limit 9')}",
    "bad SQL": "/iaminsights?sql=select+*+from+nowhere",
    "not found": "/iaminsights/nowhere",
}
ERRORS = ("bad SQL", "not found")
WIDTHS = (2560, 1300, 768, 360)

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}
# Those of them that look at colours, which are all that a dark page has of its own.
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

# What of a page's text cannot be read: it ends beyond a box that hides the rest of it, or beyond
# the window. What can be scrolled to can be read, and what ends in dots says that it is cut.
CUT_TEXT = """() => {
    const cut = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode, range = new Range();
        range.selectNodeContents(text);
        const { left, right, width } = range.getBoundingClientRect();
        const unseen = '.skip, .unseen, thead, .CodeMirror, select, datalist, [hidden]';
        if (!text.data.trim() || !width || text.parentElement.closest(unseen)) continue;
        let scrolls = false, hides = right > innerWidth + 1 || left < -1;
        for (let box = text.parentElement; box !== document.body; box = box.parentElement) {
            const style = getComputedStyle(box);
            scrolls ||= style.overflowX === 'auto' || style.textOverflow === 'ellipsis';
            hides ||= style.overflowX === 'hidden'
                && right > box.getBoundingClientRect().right + 1;
        }
        const menu = text.parentElement.closest(".nav-menu");  // hidden until it is opened
        if (hides && !scrolls && !menu) cut.push(text.data.trim());
    }
    return cut;
}"""

# Whether one can see where the keyboard is. The field of the SQL editor is out of sight, and the
# editor shows the focus for it.
FOCUS_SHOWS = """() => {
    const focus = document.activeElement;
    const shown = focus.closest('.CodeMirror-focused') ?? focus;
    const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && box.width > 0 && box.bottom > 0 && box.top < innerHeight
        && box.right > 0 && box.left < innerWidth;
}"""
FOCUS_IS_ON_PAGE = "document.activeElement !== document.body"


@pytest.fixture(scope="module")
def sample(sample_file):
    with served(sample_file) as site:
        yield site


@pytest.fixture
def path_of(sample_file):
    """A function that returns the address of a kind of page."""

    def path(kind: str) -> str:
        if KINDS[kind]:
            return KINDS[kind]
        table = kind.rpartition(" ")[2]
        with closing(sqlite3.connect(sample_file)) as database:
            (key,) = database.execute(f"select min(id) from {table}").fetchone()
        picture = "/-/iaminsights/graph" if kind.startswith("picture") else ""
        return picture + row_of(table, key)

    return path


def visit(page: Page, site: Site, path: str, kind: str = "") -> None:
    """Open a page, with its chart if it has one."""

    def without_error(route) -> None:
        # A browser writes the status of each page of an error to its console, as an error.
        route.fulfill(response=route.fetch(), status=200)

    if kind in ERRORS:
        page.route(lambda url: url == site.url + path, without_error)
    assert page.goto(site.url + path, wait_until="load").ok
    wait_for_chart(page)


def wait_for_chart(page: Page) -> None:
    """See the chart of a page that has one: as it is drawn it changes the address."""
    if page.locator(".chart:visible").count():
        page.locator(".chart").scroll_into_view_if_needed()
        drawn = page.locator(".chart canvas").or_(page.get_by_text("There is nothing to compare"))
        expect(drawn).to_be_visible()
        page.evaluate("scrollTo(0, 0)")


def faults(page: Page, rules: Mapping[str, object] = RULES) -> list[str]:
    """What axe finds wrong with the page as it is now, if it keeps somebody from using it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for violation in page.evaluate("rules => axe.run(rules)", rules)["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def faults_in_light_and_dark(page: Page) -> list[str]:
    found = []
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in faults(page, rules)]
    return found


# --- For everybody ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_can_use_a_page_at_every_width(sample, page, path_of, kind):
    visit(page, sample, path_of(kind), kind)
    assert faults_in_light_and_dark(page) == []
    page.emulate_media(color_scheme="light")
    assert_fits_every_width(page)


def assert_fits_every_width(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("width => innerWidth === width", arg=width)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, width
        assert page.evaluate(CUT_TEXT) == [], width
    # On a telephone a table is a list of cards, which nobody has to scroll sideways.
    wider = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth).filter(more => more > 0)"
    assert page.locator(".table-wrapper").evaluate_all(wider) == []


def test_everybody_can_use_the_home_page_of_an_empty_file(page, tmp_path):
    path = tmp_path / "iaminsights.sqlite3"
    path.touch()
    with served(path) as site:
        visit(page, site, "/")
        assert faults_in_light_and_dark(page) == []


def test_everybody_can_use_the_home_page_of_several_accounts(hostile, page):
    visit(page, hostile, "/")
    expect(page.locator(".account")).to_have_count(2)
    assert faults_in_light_and_dark(page) == []


def test_everybody_can_change_a_chart(sample, page):
    visit(page, sample, KINDS["chart"])
    page.get_by_label("Change the chart").check()
    expect(page.locator("form.datasette-vega")).to_be_visible()
    assert faults_in_light_and_dark(page) == []


# --- By keyboard alone --------------------------------------------------------------------------


def reach(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; at each stop one can see where one is."""
    wanted = target.first.element_handle()
    for _ in range(150):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_SHOWS), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {target}")


def test_the_first_stop_skips_to_the_content(sample, page):
    visit(page, sample, "/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    assert page.evaluate(FOCUS_SHOWS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.querySelector('main, [role=main]').contains(document.activeElement)"
    )


def test_search_and_its_results_by_keyboard(sample, page):
    visit(page, sample, "/")
    reach(page, page.get_by_role("searchbox"))
    page.keyboard.type("platform")
    page.keyboard.press("Enter")
    result = page.locator("td.col-name a")
    expect(result.first).to_be_visible()
    wait_for_chart(page)
    name = result.first.inner_text()
    reach(page, result)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_report_by_keyboard(sample, page):
    visit(page, sample, "/")
    reach(page, page.locator("a.button", has_text=" reports"))
    page.keyboard.press("Enter")
    # The page left behind has a list of reports, too.
    expect(page).to_have_url(f"{sample.url}/iaminsights")
    report = page.locator(".reports a")
    title = report.first.inner_text()
    reach(page, report)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_reports_are_filtered_as_one_types(sample, page):
    visit(page, sample, "/iaminsights")
    field = page.get_by_label("Filter reports")
    reach(page, field)
    page.keyboard.type("nobody ever wrote this")
    expect(page.locator("#no-report")).to_be_visible()
    field.fill("never expire")
    expect(page.locator(".reports a:visible", has_text=re.compile("API keys"))).to_have_count(1)
    expect(page.locator("#no-report")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{sample.url}/iaminsights?_text=never+expire")


def test_a_report_is_filtered_sorted_and_paged_by_keyboard(sample, page):
    visit(page, sample, "/iaminsights/service_access_by_iam_id")
    reach(page, page.locator(".facet summary"))
    page.keyboard.press("Enter")
    choice = page.locator(".facet[open] li").first
    number = choice.locator("span").inner_text()
    reach(page, choice.get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"{number} rows")).to_be_visible()
    head = page.locator("th").first
    reach(page, head.get_by_role("link"))
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    reach(page, page.get_by_role("link", name="Next"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 2 of ").first).to_be_visible()


def test_a_command_is_copied_by_keyboard(sample, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, sample, KINDS["commands"])
    reach(page, page.locator("button.copy"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied.")
    command = page.locator("code.command").first.inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == command


def test_a_command_is_selected_where_a_page_may_not_copy(sample, page):
    page.add_init_script("delete Navigator.prototype.clipboard; document.execCommand = () => false")
    visit(page, sample, KINDS["commands"])
    reach(page, page.locator("button.copy"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The command is selected.")
    command = page.locator("code.command").first.inner_text()
    assert page.evaluate("getSelection().toString()") == command


def test_a_question_is_asked_by_keyboard(sample, page):
    visit(page, sample, KINDS["empty explorer"])
    field = page.get_by_role("combobox", name="identity")
    reach(page, field)
    offered = field.evaluate("field => [...field.list.options].map(option => option.value)")
    assert "Amara Okafor" in offered
    page.keyboard.type("Amara Okafor")
    reach(page, page.get_by_role("button", name="Show", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("td.col-identity").first).to_have_text("Amara Okafor")


def test_the_menu_of_a_column_by_keyboard(sample, page):
    visit(page, sample, "/iaminsights/users?_size=10")
    icon = page.get_by_role("button", name="More about the column state")
    reach(page, icon)
    page.keyboard.press("Enter")
    expect(page.locator(".dropdown-menu a:focus")).to_have_text("Sort ascending")
    page.keyboard.press("Escape")
    expect(page.locator(".dropdown-menu")).to_be_hidden()
    expect(icon).to_be_focused()
    page.keyboard.press("Space")
    reach(page, page.locator(".dropdown-menu a", has_text="Sort descending"))
    page.keyboard.press("Enter")
    sorted_table = f"{sample.url}/iaminsights/users?_size=10&_sort_desc=state"
    expect(page).to_have_url(sorted_table)


def test_the_sql_of_a_report_by_keyboard(sample, page):
    visit(page, sample, KINDS["no rows"])
    reach(page, page.locator("details.sql summary"))
    page.keyboard.press("Enter")
    expect(page.locator("#sql-query")).to_be_visible()


@pytest.mark.parametrize("kind", ["table", "own SQL", "chart", "row of users"])
def test_focus_is_always_visible(sample, page, path_of, kind):
    visit(page, sample, path_of(kind), kind)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for _ in range(30):
            page.keyboard.press("Tab")
            assert not page.evaluate(FOCUS_IS_ON_PAGE) or page.evaluate(FOCUS_SHOWS), page.evaluate(
                "document.activeElement.outerHTML"
            )


# --- At every width, and on paper ---------------------------------------------------------------


def test_five_accounts_stand_side_by_side_or_below_each_other(page, collected):
    names = ("Acme", "Bolt", "Cog", "Dynamo", "A rather long name of an account, and a department")
    path = collected(*map(Account, names), reports=all_reports())
    with served(path) as site:
        visit(page, site, "/")
        panels = page.locator(".account")
        assert sorted(panels.locator("h2").all_inner_texts()) == sorted(names)
        for width, across in ((2560, 2), (1300, 2), (360, 1)):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => innerWidth === width", arg=width)
            boxes = [panel.bounding_box() for panel in panels.all()]
            assert len({box["x"] for box in boxes}) == across, width
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
            assert page.evaluate(CUT_TEXT) == [], width


@pytest.mark.parametrize(
    "kind", ["home", "summary", "chart", "over time", "commands", "table", "row of users"]
)
def test_a_page_prints_dark_on_white_with_all_of_its_columns(sample, page, path_of, kind):
    """Also for somebody whose screen is dark."""
    visit(page, sample, path_of(kind), kind)
    page.set_viewport_size({"width": 1030, "height": 700})  # A4, across, without its margins
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    colours = page.locator("body, h1, td").evaluate_all(
        "all => all.map(one => getComputedStyle(one)).map(style => style.color)"
    )
    light = [colour for colour in colours if min(map(int, colour[4:-1].split(","))) > 128]
    assert light == []
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    wider = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth).filter(more => more > 0)"
    assert page.locator(".table-wrapper").evaluate_all(wider) == []
    assert page.pdf().startswith(b"%PDF")


# --- Names that are dangerous -------------------------------------------------------------------

EVIL = f'{HOSTILE} "><img src=x onerror=alert(2)>{{{{1}}}} </script></style>'


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory) -> Path:
    """Two accounts in which everything has such a name, collected twice."""
    path = tmp_path_factory.mktemp("hostile") / "iaminsights.sqlite3"
    acme, bolt = Account(EVIL), Account(f"Bolt {EVIL}")
    user = acme.user("Ada Lovelace", firstname=EVIL, id="user")
    robot = acme.service_id(EVIL, id="robot")
    profile = acme.profile(EVIL, id="profile")
    team = acme.group(EVIL, members=[user, robot], id="team")
    vault = acme.instance(EVIL, "kms", id="vault")
    acme.policy(team, ["Manager"], instance=vault, description=EVIL, id="policy")
    acme.policy(user, ["Viewer"], service="kms", id="direct", description=EVIL)
    for owner in (user, robot):
        acme.add_api_key(owner, EVIL)
    assert profile
    with Sandbox([acme, bolt]) as sandbox:
        for account in (acme, bolt, acme):
            collect_from(sandbox, account, path, reports=all_reports())
            team["name"] += "!"
    return path


@pytest.fixture(scope="module")
def hostile(hostile_file):
    with served(hostile_file) as site:
        yield site


@pytest.fixture
def silent(page) -> Page:
    """A page that opens no dialog."""
    dialogs = []

    def hear(dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", hear)
    yield page
    assert dialogs == []


EVIL_PAGES = {
    "home": "/",
    "summary": "/-/iaminsights/summary/iaminsights",
    "why": f"{WHY}?identity=group:{quote(EVIL)}&role_or_action=Manager&target=vault",
    "why, ambiguous": f"{WHY}?identity=x&role_or_action=Manager&target={quote(EVIL)}",
    "without": f"{WITHOUT}/access_groups/team",
    "reports": "/iaminsights",
    "chart": "/iaminsights/policies_by_last_permit",
    "commands": "/iaminsights/api_key_no_expiry",
    "changes": "/iaminsights/changes_since_last_collect",
    "explorer": f"/iaminsights/what_can_identity_do?identity={quote(EVIL)}",
    "search": f"/iaminsights/find?text={quote('script')}",
    "search for nothing": f"/iaminsights/find?text={quote(EVIL)}",
    "table": "/iaminsights/access_groups?_facet=name",
    "filtered table": f"/iaminsights/access_groups?name__contains={quote(EVIL)}",
    "findings": "/iaminsights/findings_to_fix",
    "filtered findings": f"/iaminsights/findings_to_fix?what__contains={quote(EVIL)}",
    "own SQL": f"/iaminsights?sql={quote('select * from apikeys')}",
    "bad SQL": f"/iaminsights?sql={quote(f'select {EVIL}')}",
    "not found": f"/iaminsights/{tilde_encode(EVIL)}",
    **{f"row of {table}": None for table in ROWS},
}


@pytest.mark.parametrize("kind", EVIL_PAGES)
def test_names_do_nothing(hostile, hostile_file, silent, kind):
    paths = [EVIL_PAGES[kind]]
    if not paths[0]:
        table = kind.rpartition(" ")[2]
        with closing(sqlite3.connect(hostile_file)) as database:
            paths = [row_of(table, key) for (key,) in database.execute(f"select id from {table}")]
    for path in paths[:6]:
        visit(silent, hostile, path, kind)
        assert silent.locator("img, [onerror]").count() == 0
    if kind not in ("reports", "chart", "not found"):  # these name nothing
        expect(silent.locator("body")).to_contain_text("alert(1)")


def test_a_chart_of_such_names_is_a_picture(hostile, silent):
    sql = quote("select name, length(name) as size from access_groups union select 'other', 9")
    chart = "g.mark=bar&g.x_column=name&g.x_type=ordinal&g.y_column=size&g.y_type=quantitative"
    visit(silent, hostile, f"/iaminsights?sql={sql}#{chart}")
    expect(silent.locator(".vega-embed canvas")).to_be_visible()
    silent.locator(".vega-embed canvas").hover()  # a tooltip would show the name


def test_a_command_with_such_names_is_copied_as_text(hostile, silent):
    silent.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(silent, hostile, "/iaminsights/api_key_no_expiry")
    silent.locator("button.copy").first.click()
    expect(silent.get_by_role("status")).to_have_text("Copied.")
    command = silent.locator("code.command").first.text_content()
    assert silent.evaluate("navigator.clipboard.readText()") == command
