"""The figures as they are now: of this instance's cases to the last event, of others' as stored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from schemas.rulebook import Rulebooks
from services.rating import live as module
from services.rating.facts import State
from services.rating.live import BOARDS, Live
from services.shell.desk import Entry
from tests.county import small_county
from tests.story import moment
from tests.unit.rating_words import done

JULY = "2022-07"


class Stored:
    """What another instance has stored of its partition."""

    def __init__(self) -> None:
        self.cases: dict[str, tuple[int, State]] = {}
        self.read_cases: list[str] = []

    async def offsets(self, _matching: Any) -> dict[str, int]:
        return {case: offset for case, (offset, _) in self.cases.items()}

    async def read(self, matching: Any) -> list[Any]:
        wanted = matching["_id"]["$in"]
        self.read_cases += wanted
        return [(case, self.cases[case][1]) for case in wanted]

    def facts(self, documents: list[Any]) -> list[tuple[str, State]]:
        return documents


class Instance:
    """An instance that owns partition 0 of two."""

    def __init__(self) -> None:
        self.desk: Any = SimpleNamespace(entries={}, folded=0)
        self.stored = Stored()
        step = SimpleNamespace(desks={0: self.desk}, partitions=2, ticked=moment(999))
        rulebooks = Rulebooks([small_county()])
        runtime: Any = SimpleNamespace(
            step=step, feed=SimpleNamespace(rulebooks=rulebooks), snapshots=self.stored
        )
        self.live = Live(runtime)

    def folds(self, case: str, state: State) -> None:
        self.desk.entries[case] = Entry(case, state)
        self.desk.folded += 1

    async def accepted(self, period: str = JULY) -> int:
        county = (await self.live.board(period)).cards()[0]
        return county.counts["accepted"]


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setattr(module, "OTHERS_EVERY", 0.0)
    return Instance()


async def test_an_event_of_its_own_is_seen_at_once(instance: Instance) -> None:
    assert await instance.accepted() == 0
    instance.folds("mine", done().state)
    assert await instance.accepted() == 1


async def test_what_others_hold_is_read_when_it_has_changed(instance: Instance) -> None:
    instance.folds("mine", done().state)
    instance.stored.cases["theirs"] = (7, done().state)
    assert await instance.accepted() == 2
    assert await instance.accepted() == 2
    assert instance.stored.read_cases == ["theirs"]
    instance.stored.cases["theirs"] = (9, done(1).state)
    await instance.accepted()
    assert instance.stored.read_cases == ["theirs", "theirs"]


async def test_a_partition_that_comes_over_is_taken_from_the_desk(instance: Instance) -> None:
    instance.stored.cases["theirs"] = (7, done().state)
    assert await instance.accepted() == 1
    instance.folds("theirs", done(1).state)
    instance.stored.cases.clear()
    board = await instance.live.board(JULY)
    assert board.cards()[0].rates["satisfaction"].numerator == 0


async def test_a_period_that_nobody_asks_for_makes_room(instance: Instance) -> None:
    instance.folds("mine", done().state)
    for month in range(1, BOARDS + 3):
        await instance.accepted(f"2022-{month:02}")
    assert await instance.accepted() == 1
    assert len(instance.live._boards) == BOARDS
