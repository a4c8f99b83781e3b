"""The board: figures that follow single events are those of a full recomputation, to the byte."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from schemas.outputs import Scorecard
from schemas.reference import Programme, Settings
from schemas.rulebook import Rulebook
from services.rating.board import Board
from services.rating.facts import State
from services.rating.scorecards import scorecards
from tests.county import small_county
from tests.story import moment
from tests.unit.rating_life import Life
from tests.unit.rating_lives import lives
from tests.unit.rating_words import RULES, cards_of, done

PERIODS = ("2022-06", "2022-07", "2022-Q3", "2022")


def in_bytes(cards: list[Scorecard]) -> bytes:
    return orjson.dumps([card.model_dump(mode="json") for card in cards])


@settings(max_examples=50, deadline=None)
@for_any(
    st.lists(st.tuples(st.integers(0, 3), lives(), st.floats(0, 200)), max_size=8),
    st.sampled_from(PERIODS),
)
def test_whatever_way_the_facts_came_the_cards_are_those_of_a_new_board(
    changes: list[tuple[int, State, float]], period: str
) -> None:
    """A case may even become quite another one; and figures are looked at in between."""
    at = -900.0
    board, facts = Board(RULES, period, moment(at)), {}
    for number, state, later in changes:
        at += later
        board.advance(moment(at))
        board.put(f"case-{number}", state)
        facts[f"case-{number}"] = state
        again = scorecards(facts.items(), RULES, period, moment(at))
        assert in_bytes(board.cards()) == in_bytes(again)


@settings(max_examples=50, deadline=None)
@for_any(st.lists(lives(), min_size=1, max_size=4), st.data())
def test_time_alone_changes_what_it_would_change_in_a_new_board(
    states: list[State], data: st.DataObject
) -> None:
    """Looked at just when a moment of the facts comes, just before, and just after."""
    facts = [(f"case-{n}", state) for n, state in enumerate(states)]
    moments = sorted({at for state in states for at in state.moments()})
    chosen = sorted(data.draw(st.lists(st.sampled_from(moments), min_size=1, max_size=4)))
    board = Board(RULES, "2022-07", chosen[0] - timedelta(days=1))
    for case, state in facts:
        board.put(case, state)
    for at in chosen:
        for now in (at - timedelta(seconds=1), at, at + timedelta(seconds=1)):
            board.advance(now)
            again = scorecards(facts, RULES, "2022-07", board.now)
            assert in_bytes(board.cards()) == in_bytes(again)


def test_a_limit_that_runs_out_is_seen_without_an_event() -> None:
    board = Board(RULES, "2022-07", moment(2))
    board.put("case", Life().assigned(at=1, resolve=20).state)
    for hours, overdue in ((19, 0), (20, 0), (21, 1)):
        board.advance(moment(hours))
        assert board.cards()[0].counts["overdue"] == overdue


def test_a_unit_that_only_a_case_knew_is_gone_when_the_case_is_elsewhere() -> None:
    board = Board(RULES, "2022-07", moment(2))
    board.put("case", Life().assigned("nobody-knows", at=1).state)
    assert "nobody-knows" in [card.id for card in board.cards()]
    board.put("case", Life().assigned(at=1).state)
    assert "nobody-knows" not in [card.id for card in board.cards()]


def test_a_grid_worker_has_a_card_under_a_pseudonym() -> None:
    worker: dict[str, Any] = {"reporter": {"kind": "grid_worker", "ref": "ab12"}}
    cards = cards_of(Life(**worker), Life(**worker), Life())
    assert cards["grid-worker", "ab12"].counts["accepted"] == 2
    assert [id for scope, id in cards if scope == "grid-worker"] == ["ab12"]


def test_a_programme_counts_what_the_county_says_belongs_to_it() -> None:
    roads = Programme(code="roads-by-test", name="修路", source="test", category="roads")
    other = Programme(code="elsewhere", name="其他", source="nobody")
    rules = Rulebook(small_county(settings=Settings(programmes=(roads, other))))
    cards = cards_of(done(), done(), rules=rules)
    assert cards["programme", "roads-by-test"].rates["on_time"].numerator == 2
    assert cards["programme", "elsewhere"].counts["accepted"] == 0
