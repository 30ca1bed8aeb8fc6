"""Takes the pictures of the site in docs/: python -m docs.take_screenshots

They show the sample account, collected and served as anybody would.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect, sync_playwright

from iaminsights.cli import main
from tests.browser import start
from tests.site_helpers import AS_INSTALLED, served

DOCS = Path(__file__).resolve().parent
REPORT = "policies_by_last_permit"
PERSON = "Jonas Brandt"
SIZE = {"width": 1280, "height": 860}


def take(page: Page, url: str) -> None:
    page.goto(url)
    page.screenshot(path=DOCS / "home.png")
    page.goto(f"{url}/iaminsights/{REPORT}")
    expect(page.locator(".vega-embed canvas")).to_be_visible()
    page.screenshot(path=DOCS / "report.png")
    page.goto(f"{url}/iaminsights/find?text={PERSON}")
    page.get_by_role("link", name=PERSON, exact=True).first.click()
    page.screenshot(path=DOCS / "row.png")
    page.get_by_role("link", name="Draw its access").click()
    page.screenshot(path=DOCS / "graph.png")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Path(folder) / "iaminsights.sqlite3"
        main(["demo", "--quiet", str(database)], standalone_mode=False)
        with served(database, **AS_INSTALLED) as site:
            browser = start(playwright)
            take(browser.new_page(viewport=SIZE), site.url)
            browser.close()
