"""A browser for the tests of pages: Debian's Chromium, headless, driven by Playwright.

`make browser` installs it. Where there is none these tests are skipped, and the summary says so; with
``CI=true`` that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from services.rating.printing import chromium
from tests.site import demo_site, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        why = "there is no Chromium: `make browser` installs it"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The public site with the demo month, July published."""
    with serving(demo_site()) as address:
        yield address
