"""The figures as they are now: of this instance's cases to the last event, of others' as stored.

Wherever a case is, and whoever owns it, it counts once and as it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from services.rating import live as module
from services.rating.live import BOARDS
from services.rating.scorecards import scorecards
from services.shell.cases import Cases
from tests.log import RULEBOOKS
from tests.unit.looked_at import CASES, PERIOD, Looking


@pytest.fixture(autouse=True)
def others_are_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OTHERS_EVERY", 0.0)


async def accepted(one: Looking, period: str = PERIOD) -> int:
    county = (await one.live.board(period)).cards()[0]
    return county.counts["accepted"]


async def test_an_event_of_its_own_is_seen_at_once() -> None:
    one = Looking(room=CASES)
    assert await accepted(one) == 0
    one.folds()
    assert await accepted(one) == 1


async def test_a_case_that_changed_and_left_the_memory_since_is_read_again() -> None:
    one = Looking()
    one.folds()
    await one.looks()
    for _ in range(CASES):
        one.folds()
    one.saves()
    one.forgets()
    assert one.own is not None
    assert not one.own.desk.entries
    await one.looks()
    assert await accepted(one) == CASES
    assert one.lags_behind() == []


async def test_only_what_has_changed_is_read() -> None:
    one = Looking()
    for _ in range(CASES):
        one.folds()
    one.saves()
    one.forgets()
    await one.looks()
    one.partition.asked.clear()
    one.folds()
    one.saves()
    one.forgets()
    await one.looks()
    assert one.partition.asked == [one.partition.log[CASES].subject]
    await one.looks()
    assert len(one.partition.asked) == 1


async def test_what_others_hold_is_as_they_have_stored_it() -> None:
    one = Looking()
    one.loses()
    one.other_folds()
    assert await accepted(one) == 0
    one.other_saves()
    assert await accepted(one) == 1


async def test_what_a_lost_partition_had_not_stored_counts_once_when_another_stores_it() -> None:
    """It was counted from memory; the other folds it again."""
    one = Looking()
    for _ in range(2 * CASES):
        one.folds()
    await one.looks()
    one.loses()
    for _ in range(3 * CASES):
        one.other_folds()
    one.other_saves()
    await one.looks()
    assert await accepted(one) == CASES
    assert one.lags_behind() == []


async def test_a_look_that_the_database_broke_off_is_made_good_by_the_next() -> None:
    one = Looking()
    await one.looks()
    for _ in range(CASES):
        one.folds()
    one.saves()
    one.forgets()
    answer, calls = one.partition.changed, 0

    async def breaks_off(*asked: Any) -> Any:
        nonlocal calls
        async for portion in answer(*asked):
            calls += 1
            if calls == 2:
                raise ConnectionError
            yield portion

    one.partition.changed = breaks_off  # type: ignore[method-assign,assignment]
    with pytest.raises(ConnectionError):
        await one.looks()
    await one.looks()
    assert await accepted(one) == CASES
    assert one.lags_behind() == []


async def test_a_partition_that_comes_in_the_middle_of_a_look_is_looked_at() -> None:
    """Neither as one's own, since it came too late, nor as another's, it would be nobody's."""
    one = Looking()
    one.loses()
    for _ in range(CASES):
        one.other_folds()
    one.other_saves()
    own = Looking().own
    assert own is not None
    own.folds()
    one.step.desks[1] = own.desk
    answer = one.partition.changed

    async def comes_meanwhile(number: int, *asked: Any) -> Any:
        if number == 1:
            one.takes()
        async for portion in answer(number, *asked):
            yield portion

    one.partition.changed = comes_meanwhile  # type: ignore[method-assign,assignment]
    await one.live.look()
    assert len(one.live.facts) == CASES


async def test_a_period_that_nobody_asks_for_makes_room() -> None:
    one = Looking(room=CASES)
    one.folds()
    for month in range(1, BOARDS + 3):
        await accepted(one, f"2022-{month:02}")
    assert await accepted(one) == 1
    assert len(one.live._boards) == BOARDS


# ── whatever happens, in whatever order ──────────────────────────────────────────────────────

DEEDS = (
    "folds", "folds", "saves", "saves_one", "forgets", "loses", "takes",
    "other_folds", "other_folds", "other_saves", "other_saves_one", "looks", "looks",
)  # fmt: skip


async def happens(deeds: Sequence[str], room: int) -> None:
    one = Looking(room=room)
    for deed in (*deeds, "looks"):
        done = getattr(one, deed)()
        if deed == "looks":
            await done
            assert one.lags_behind() == []
    board = await one.live.board(PERIOD)
    again = scorecards(one.live.facts, RULEBOOKS.at(board.now), PERIOD, board.now)
    assert _bytes(board.cards()) == _bytes(again)


def _bytes(cards: Any) -> bytes:
    return orjson.dumps([card.model_dump(mode="json") for card in cards])


@settings(max_examples=100, deadline=None)
@for_any(st.lists(st.sampled_from(DEEDS), max_size=40), st.integers(0, CASES))
def test_whatever_happens_between_two_looks_nothing_is_lost_or_counted_twice(
    deeds: list[str], room: int
) -> None:
    module.OTHERS_EVERY = 0.0
    asyncio.run(happens(deeds, room))


def test_a_case_may_only_leave_the_memory_when_it_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rule that the looks rest on: without it, they miss what is nowhere."""
    monkeypatch.setattr(Cases, "may_go", lambda _self, _entry: True)
    story = ["looks", *["folds"] * 4, "saves_one", "forgets"]
    with pytest.raises(AssertionError):
        asyncio.run(happens(story, room=0))


async def test_figures_that_nobody_waits_for_are_taken_in_with_rests_until_somebody_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gauges are being brought up to date, portion by portion; somebody opens the page."""
    one, rests = Looking(room=4 * CASES), list[float]()
    monkeypatch.setattr(module, "PORTION", 1)
    for _ in range(CASES):
        one.folds()
    pages: list[asyncio.Task[Any]] = []
    sleep = asyncio.sleep

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 2:
            pages.append(asyncio.create_task(one.live.board(PERIOD)))
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", rest)
    board = await one.live.board(PERIOD, unhurried=True)
    assert [seconds > 0 for seconds in rests] == [True, True] + [False] * (CASES - 2)
    assert (await pages[0]) is board
    one.folds()
    rests.clear()
    await one.live.board(PERIOD)
    assert rests == [0], "whoever waits is not kept waiting"
