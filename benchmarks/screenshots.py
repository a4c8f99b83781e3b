"""``python -m benchmarks.screenshots``: the pictures of the public page in docs/img, from the demo month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from services.rating.printing import chromium
from tests.site import demo_site, serving

FOLDER = Path(__file__).parents[1] / "docs" / "img"
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "phone": ("/?period=2022-07", {"viewport": {"width": 390, "height": 1700}, "locale": "zh-CN"}),
    "desktop": (
        "/?period=2022-07&table=county-units",
        {"viewport": {"width": 1200, "height": 1700}, "locale": "en-GB"},
    ),
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving(demo_site()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name, (path, shown) in PICTURES.items():
            page = browser.new_page(**shown)
            page.goto(address + path)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()
