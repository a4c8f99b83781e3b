"""The public page: self-contained, bilingual, and every number opens its list."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas.outputs import Rate, Scorecard
from schemas.reference import Department, Level
from schemas.rulebook import Rulebook
from services.rating.measures import MEASURES
from services.rating.page import link, page, percent
from services.rating.scorecards import behind, board_of, scorecards
from tests.county import small_county
from tests.story import moment
from tests.unit.rating_life import TOWN, VC, Life

RULES = Rulebook(small_county())
NOW = moment(999)
FACTS = [
    (f"case-{n}", Life().assigned(to, at=1, resolve=20).resolved(9 + n).rated(1 + n % 5, 40).state)
    for n, to in enumerate((VC,) * 14 + (TOWN,) * 3)
]
CARDS = scorecards(FACTS, RULES, "2022-07", NOW)
VOID = {"meta", "link", "br"}


class Tags(HTMLParser):
    """What a browser would see: links, and whether every tag is closed by its own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.shown: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "a":
            self.shown.append((self.links[-1], data))


@pytest.fixture(scope="module")
def html() -> str:
    return page(CARDS, RULES)


def test_the_page_is_well_formed_and_asks_no_other_host(html: str) -> None:
    assert Tags(html).open == []
    assert not re.search(r"https?:|//|<script|<link|@import|url\(", html.replace("<!doctype", ""))


def test_each_number_of_the_page_opens_a_list_of_that_length(html: str) -> None:
    shown = Tags(html).shown
    assert len(shown) > 100
    for href, number in shown:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
        assert urlsplit(href).path == "/cases"
        board = board_of(FACTS, RULES, asked.pop("period"), NOW)
        assert len(behind(board, **asked)) == int(number), href


def test_both_languages_the_rule_and_the_version_stand_on_the_page(html: str) -> None:
    text = unescape(html)
    for words in ("按期率", "On time", "威尔逊", "Wilson", RULES.version, "2022-08-15 00:00"):
        assert words in text, words
    for measure in MEASURES:
        assert measure.label.zh in text
        assert measure.counted.en in text


def test_names_cannot_break_out_of_the_page() -> None:
    evil = Department(
        code="vc-v11", name="<script>x</script>", kind="village-committee", level=Level.VILLAGE,
        area="v11",
    )  # fmt: skip
    rules = Rulebook(small_county(departments=(evil,)))
    shown = page(scorecards(FACTS, rules, "2022-07", NOW), rules)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_an_empty_month_has_a_page_too() -> None:
    shown = page(scorecards([], RULES, "2021-01", NOW), RULES)
    assert "2021-01" in shown
    assert Tags(shown).open == []


def test_only_all_of_them_are_a_hundred_percent() -> None:
    assert percent(Rate(numerator=9999, denominator=10000)) == "99.9%"
    assert percent(Rate(numerator=39, denominator=40)) == "97.5%"
    assert percent(Rate(numerator=7, denominator=7)) == "100.0%"
    assert percent(Rate(numerator=0, denominator=0)) == "–"


def test_a_link_names_the_cell() -> None:
    card: Scorecard = next(card for card in CARDS if card.id == VC)
    assert link(card, "on_time", "excluded") == (
        "/cases?period=2022-07&scope=department&id=vc-v11&measure=on_time&part=excluded"
    )
