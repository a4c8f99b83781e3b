"""Figures are put on the pages by the commands that found them, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.page import CAPACITY, PAGE, put
from benchmarks.scale import COMMANDS


@pytest.fixture
def page(tmp_path: Path) -> Path:
    for name in ("page.md", "page.zh.md"):
        text = "before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n"
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "page.md"


def test_what_stood_between_the_marks_is_replaced_in_both_languages(page: Path) -> None:
    for _ in range(2):
        put("x", "new\n", page)
    for each in (page, page.with_suffix(".zh.md")):
        text = each.read_text(encoding="utf-8")
        assert text == "before\n<!-- x: begin -->\nnew\n<!-- x: end -->\nafter\n"


def test_a_page_without_the_marks_is_left_and_named(page: Path) -> None:
    before = page.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"page.md has no marks for y"):
        put("y", "new", page)
    assert page.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("mark", ["race", "bench", *COMMANDS])
def test_every_measurement_has_its_place_in_both_languages(mark: str) -> None:
    page = CAPACITY if mark == "counties" else PAGE
    for each in (page, page.with_suffix(".zh.md")):
        text = each.read_text(encoding="utf-8")
        assert text.index(f"<!-- {mark}: begin -->") < text.index(f"<!-- {mark}: end -->")
