"""Finds a browser for the tests; `python tests/browser.py --install` brings one where none is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect, sync_playwright

# Chromium without what only windows need is first: a page costs it half as much.
_LIGHT = "chromium-headless-shell"
_NAMES = (_LIGHT, "chromium", "chromium-browser", "google-chrome")
# Without these Chromium calls home at every start, which a closed network answers with errors.
_QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# No process for a graphics card, and one for all pages, empty ones included.
_LIGHTER = (
    "--disable-gpu",
    "--in-process-gpu",
    "--process-per-site",
    "--renderer-process-limit=1",
)

# On a machine that does much else five seconds are soon over; who need not wait does not.
expect.set_options(timeout=20_000)


def find_browser(playwright: Playwright) -> str | None:
    """Chromium's path: that of CHROMIUM, a system's own, or the one that Playwright brought."""
    own = playwright.chromium.executable_path
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, _NAMES)]
    return next((path for path in found if path), own if Path(own).exists() else None)


@contextmanager
def opened() -> Iterator[BrowserContext]:
    """A running browser that keeps to itself.

    To start the process of a page takes longer than most tests. All pages of a site share one for
    as long as any of them is open: here an empty one is, of the host that serves all tests.
    """
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root otherwise
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright),
            args=[*_QUIET, *_LIGHTER, *sandbox],
        )
        context = browser.new_context()
        empty = context.new_page()
        empty.route("**", lambda route: route.fulfill(body=""))
        empty.goto("http://127.0.0.1/")
        yield context
        browser.close()


@contextmanager
def new_page(browser: BrowserContext, size: Mapping[str, int]) -> Iterator[Page]:
    """A page of this width and height, in a browser that remembers nothing of those before it."""
    page = browser.new_page()
    page.set_viewport_size(size)
    yield page
    page.close()
    browser.clear_cookies()
    browser.clear_permissions()


def see_chart(page: Page) -> Locator:
    """The drawn chart of a report, for whoever scrolls to it: it is drawn only then."""
    page.locator(".chart").scroll_into_view_if_needed()
    canvas = page.locator(".vega-embed canvas")
    expect(canvas).to_be_visible()
    return canvas


def install() -> None:
    """See to it that there is a browser, by Debian's packages for root, else by Playwright.

    Root gets the light one also where there is another.
    """
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        debian = "apt-get update -q && apt-get install -qy --no-install-recommends"
        if not shutil.which(_LIGHT):
            subprocess.run(["sh", "-c", f"{debian} {_LIGHT}"], check=False)
        ways.insert(0, ["sh", "-c", f"{debian} chromium"])
    for way in ways:
        with sync_playwright() as playwright:
            if find_browser(playwright):
                return
        subprocess.run(way, check=False)
    with sync_playwright() as playwright:
        if not find_browser(playwright):
            sys.exit("There is no browser for the tests: install Chromium, or name it in CHROMIUM.")


if __name__ == "__main__":
    if sys.argv[1:] != ["--install"]:
        sys.exit(__doc__)
    install()
