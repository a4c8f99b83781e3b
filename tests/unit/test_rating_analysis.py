"""The monthly analysis: each sentence has its figure, and exactly the cases that it counts."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from services.rating.analysis import analyse
from services.rating.facts import State
from tests.story import moment
from tests.unit.rating_life import Life
from tests.unit.rating_lives import lives
from tests.unit.rating_words import JULY, NOW, RULES

GREW, RECURS, TURNED, LATE = range(4)


def said(section: int, *cases: Life, now: float = 999) -> list[tuple[str, int]]:
    """The sentences of a section in English, and how many cases stand behind each."""
    facts = [(f"case-{n}", life.state) for n, life in enumerate(cases)]
    _, findings = analyse(facts, RULES, JULY, moment(now)).sections[section]
    return [(finding.words.en, len(finding.cases)) for finding in findings]


def about(category: str, at: float = 0, **more: Any) -> Life:
    return Life(at=at, category=category, **more)


def test_a_kind_that_grew_is_told_with_both_figures() -> None:
    june = [about("potholes", at=-400)]
    july = [about("potholes") for _ in range(4)]
    assert said(GREW, *june, *july) == [("Potholes: 4 cases, 1 in the period before, 3 more.", 4)]


def test_a_few_more_than_none_are_no_growth() -> None:
    assert said(GREW, about("potholes"), about("potholes")) == []


def test_what_recurs_in_one_village_is_told_with_its_cases() -> None:
    here = [about("street-lights") for _ in range(3)]
    elsewhere = [about("street-lights", area="g211") for _ in range(2)]
    assert said(RECURS, *here, *elsewhere) == [
        ("v11村委会: 3 cases of Street lights in the period.", 3)
    ]


def test_a_dispute_after_many_matters_in_a_village_is_a_hot_spot_that_turned() -> None:
    before = [about("potholes", at=-24 * days) for days in (3, 20, 60)]
    long_ago = about("potholes", at=-24 * 200)
    assert said(TURNED, *before, long_ago, about("land")) == [
        ("v11村委会: 1 disputes in the period, after 3 other cases in the 90 days before.", 4)
    ]
    assert said(TURNED, *before[:2], long_ago, about("land")) == []


def test_open_work_of_a_kind_that_was_often_late_is_likely_to_be_late() -> None:
    late = [about("potholes").assigned(at=1, resolve=5).resolved(9) for _ in range(2)]
    in_time = [about("potholes").assigned(at=1, resolve=50).resolved(9)]
    waiting = [about("potholes").assigned(at=1, resolve=2000) for _ in range(3)]
    assert said(LATE, *late, *in_time, *waiting) == [
        ("Potholes: 3 open; 2 of 3 before were late, so about 2 will be.", 3)
    ]


@settings(max_examples=60, deadline=None)
@for_any(st.lists(lives(), max_size=12))
def test_no_sentence_is_without_a_figure_and_no_figure_without_cases(states: list[State]) -> None:
    facts = [(f"case-{n}", state) for n, state in enumerate(states)]
    known = {case for case, _ in facts}
    for _, findings in analyse(facts, RULES, JULY, NOW).sections:
        for finding in findings:
            assert re.search(r"\d", finding.words.zh)
            assert re.search(r"\d", finding.words.en)
            assert finding.cases
            assert set(finding.cases) <= known
