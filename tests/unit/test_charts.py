"""Charts of the public page: what stands in them stands inside."""

from __future__ import annotations

import re

from services.rating.web.charts import WIDTH, Point, trend
from services.rating.web.parts import View

VIEW = View("en", "2022-07", "Asia/Shanghai")
JULY = Point("2022-07", 0.911, "91.1% (289/317)")


def test_a_lone_month_has_its_words_inside_and_its_name_once() -> None:
    drawn = trend(VIEW, "On time", [JULY], share=True).partition("<details>")[0]
    assert 'text-anchor="start">91.1% (289/317)</text>' in drawn
    assert drawn.count(">2022-07</text>") == 1


def test_the_last_of_many_months_has_its_words_to_its_left() -> None:
    drawn = trend(VIEW, "On time", [Point("2022-06", 0.8, "80.0%"), JULY], share=True)
    placed = re.search(r'x="(\d+)" y="\d+" text-anchor="end">91.1% ', drawn)
    assert placed
    assert WIDTH / 2 < int(placed[1]) < WIDTH
    assert drawn.count(">2022-07</text>") == 1
