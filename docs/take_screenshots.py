"""Takes the pictures of the site in docs/: python -m docs.take_screenshots

They show the sample account, collected and served as anybody would.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from iaminsights.cli import main
from tests.browser import new_page, opened
from tests.site_helpers import AS_INSTALLED, served

DOCS = Path(__file__).resolve().parent
REPORT = "user_direct_policies"
PERSON = "Jonas Brandt"
SIZE = {"width": 1280, "height": 860}


def take(page: Page, url: str) -> None:
    page.goto(url)
    page.screenshot(path=DOCS / "home.png")
    page.goto(f"{url}/iaminsights/{REPORT}")
    page.screenshot(path=DOCS / "report.png")
    page.goto(f"{url}/iaminsights/find?text={PERSON}")
    page.get_by_role("link", name=PERSON, exact=True).first.click()
    page.screenshot(path=DOCS / "row.png")
    page.get_by_role("link", name="Show its access graph").click()
    page.screenshot(path=DOCS / "graph.png")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        database = Path(folder) / "iaminsights.sqlite3"
        main(["demo", "--quiet", str(database)], standalone_mode=False)
        with (
            served(database, command=AS_INSTALLED) as site,
            opened() as browser,
            new_page(browser, SIZE) as page,
        ):
            take(page, site.url)
