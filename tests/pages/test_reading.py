"""What a reader of the public page sees and can do: on a phone, without JavaScript, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

PHONE: Any = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN"}
TOWN = "scope=town&id=610921102"
PAGES = (
    "/?period=2022-07",
    "/?period=2022-07&lang=en&table=villages",
    "/?period=2022-08&measure=pending",
    f"/unit?period=2022-07&{TOWN}",
    f"/cases?period=2022-07&{TOWN}&measure=on_time&part=denominator",
    "/progress?case=wechat-321/wx-0701-001",
    "/progress?case=nothing-like-it",
    "/about?lang=en",
    "/bulletin?period=2022-07",
    "/analysis?period=2022-07",
)
MOST_BYTES = 100_000


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(**PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(browser: Browser, address: str, path: str, scheme: Any) -> None:
    """axe finds no violation, nothing has to be scrolled sideways, and no other host is asked."""
    context = browser.new_context(**PHONE, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(address + path)
    assert response is not None
    found = [(v["id"], v["nodes"][0]["html"]) for v in Axe().run(page).response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert {url.startswith(address) for url in asked} == {True}
    assert len(response.body()) < MOST_BYTES
    context.close()


def test_every_number_opens_as_many_cases(plain: Page, address: str) -> None:
    plain.goto(f"{address}/unit?period=2022-07&live=1&{TOWN}")
    links = [
        (a.inner_text(), a.get_attribute("href") or "")
        for a in plain.locator("table a[href*='/cases']").all()
    ]
    assert len(links) > 20
    for number, href in links:
        plain.goto(address + href)
        assert plain.locator("main p").first.inner_text().startswith(f"{number} 件"), href


def test_a_resident_learns_how_far_it_is(plain: Page, address: str) -> None:
    plain.goto(f"{address}/")
    plain.get_by_role("searchbox").or_(plain.get_by_label("查案件办理进度")).fill(
        "wechat-321/wx-0701-001"
    )
    plain.get_by_role("button", name="查询").click()
    assert "已结案" in plain.inner_text("main")
    number = plain.locator("dl.figures dd").first.inner_text()
    plain.goto(f"{address}/progress?case={number}")
    assert "已结案" in plain.inner_text("main")


def test_a_cell_leads_to_its_cases_and_a_case_to_its_way(plain: Page, address: str) -> None:
    plain.goto(f"{address}/?period=2022-07")
    plain.locator("#table tbody a[href*='measure=on_time']").first.click()
    assert "按期率" in plain.inner_text("h1")
    plain.locator("main tbody th a").first.click()
    assert "办理过程" in plain.inner_text("main")


def test_a_tile_of_the_map_opens_its_town(plain: Page, address: str) -> None:
    plain.goto(f"{address}/?period=2022-07&measure=satisfaction")
    plain.locator("svg a", has_text="涧池镇").click()
    assert "涧池镇" in plain.inner_text("h1")


def test_both_languages_show_the_same_figures(plain: Page, address: str) -> None:
    plain.goto(f"{address}/?period=2022-07")
    figures = plain.locator("dl.figures b").all_inner_texts()
    plain.get_by_role("link", name="English").click()
    assert plain.locator("html").get_attribute("lang") == "en"
    assert plain.locator("dl.figures b").all_inner_texts() == figures
    assert not re.search("[一-鿿]", plain.inner_text("dl.figures"))


def test_choosing_a_measure_is_one_tap_with_a_script_and_two_without(
    phone: Page, plain: Page, address: str
) -> None:
    for page, taps in ((phone, 1), (plain, 2)):
        page.goto(f"{address}/?period=2022-07")
        page.get_by_label("按指标着色").select_option("pending")
        if taps == 2:
            page.get_by_role("button", name="显示").click()
        page.wait_for_url("**measure=pending**")
        assert "在办" in page.inner_text("figure figcaption")


def test_the_keyboard_reaches_the_figures_first(phone: Page, address: str) -> None:
    phone.goto(f"{address}/?period=2022-07")
    phone.keyboard.press("Tab")
    assert phone.evaluate("document.activeElement.getAttribute('href')") == "#main"


def test_a_long_table_can_be_searched(plain: Page, address: str) -> None:
    plain.goto(f"{address}/?period=2022-07&table=villages")
    plain.get_by_label("在表中查找").fill("盘龙村")
    plain.get_by_role("button", name="查找").click()
    assert plain.locator("#table tbody tr").count() == 1


def test_a_page_that_the_reader_has_is_not_sent_again(address: str) -> None:
    first = httpx.get(f"{address}/api/scorecards?period=2022-07&scope=town")
    again = httpx.get(
        f"{address}/api/scorecards?period=2022-07&scope=town",
        headers={"if-none-match": first.headers["etag"]},
    )
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert "max-age=300" in first.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?period=2022-7", 400),
        ("/?table=nonsense", 400),
        ("/?as_of=yesterday", 400),
        ("/?as_of=2022-07-01T00:00:00", 400),
        ("/?start=x", 400),
        ("/unit?scope=town&id=gone", 404),
        ("/unit?scope=town", 400),
        ("/cases?scope=town&id=610921102&measure=luck", 400),
        ("/cases?scope=town&id=610921102&measure=on_time&part=half", 400),
        ("/cases?scope=planet&id=1&measure=on_time", 400),
    ],
)
def test_a_readers_mistake_is_told_as_such(address: str, path: str, status: int) -> None:
    answer = httpx.get(address + path)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_what_programs_get_is_what_people_see(address: str) -> None:
    cards = httpx.get(f"{address}/api/scorecards?period=2022-07&{TOWN}").json()
    rows = httpx.get(f"{address}/api/scorecards.csv?period=2022-07&{TOWN}").text.lstrip("\ufeff")
    head, row = (line.split(",") for line in rows.splitlines())
    told = dict(zip(head, row, strict=True))
    assert int(told["on_time_numerator"]) == cards[0]["rates"]["on_time"]["numerator"]
    assert int(told["rank"]) == cards[0]["rank"]
    paths = httpx.get(f"{address}/api/openapi.json").json()["paths"]
    for path in paths:
        asked = f"{address}{path}?{TOWN}&measure=on_time"
        assert httpx.get(asked, timeout=30).status_code == 200, path


# ── paper ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/bulletin", "/analysis"])
def test_paper_carries_its_own_fonts(address: str, path: str, browser: Browser) -> None:
    """A PDF of A4 pages whose Chinese can be read where no such font is installed."""
    answer = httpx.get(f"{address}{path}.pdf?period=2022-07", timeout=90)
    assert answer.headers["content-type"] == "application/pdf"
    found = pypdf.PdfReader(BytesIO(answer.content))
    assert found.pages[0].mediabox.width == pytest.approx(595, abs=1)
    words = "".join(page.extract_text() for page in found.pages)
    assert ("通报" if path == "/bulletin" else "研判报告") in words
    fonts = [font.get_object() for page in found.pages for font in _fonts(page)]
    assert fonts
    assert all(_is_embedded(font) for font in fonts)


def _fonts(page: Any) -> list[Any]:
    return list(page["/Resources"].get("/Font", {}).values())


def _is_embedded(font: Any) -> bool:
    if font["/Subtype"] == "/Type3":
        return True  # its glyphs stand in the document itself
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    return any(key.startswith("/FontFile") for key in inner["/FontDescriptor"].get_object())


def test_the_bulletin_names_every_ranked_bureau_and_its_points(plain: Page, address: str) -> None:
    cards = httpx.get(f"{address}/api/scorecards?period=2022-07&scope=department").json()
    plain.goto(f"{address}/bulletin?period=2022-07")
    shown = plain.inner_text("main")
    ranked = [c["name"] for c in cards if c["group"] == "county-units" and c["rank"]]
    assert len(ranked) > 5
    assert [name for name in ranked if name not in shown] == []
    assert "考核得分" in shown


def test_the_analysis_is_the_same_in_markdown(plain: Page, address: str) -> None:
    plain.goto(f"{address}/analysis?period=2022-07")
    text = httpx.get(f"{address}/analysis.md?period=2022-07&lang=zh").text
    sentences = [line[2:].split(" (")[0] for line in text.splitlines() if line.startswith("- ")]
    assert sentences
    shown = plain.inner_text("main")
    assert [sentence for sentence in sentences if sentence not in shown] == []
