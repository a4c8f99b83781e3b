"""An instance of rating that looks at its figures: its step, and what other instances do meanwhile, in
one thread, so that every interleaving can be told.

    one = Looking(Partition())
    one.folds(); one.saves(); one.forgets()          its step
    one.loses(); one.other_folds(); one.takes()     the partition goes to another instance, and back
    await one.looks()                                 and `one.lags_behind()` says what it does not know
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson

from benchmarks.lives import life
from schemas.envelope import Message
from services.rating.cabinet import written
from services.rating.domain import DECIDER
from services.rating.facts import State
from services.rating.live import Live
from services.shell.desk import Desk, Entry
from services.shell.timers import Timers
from tests.log import RULEBOOKS
from tests.story import moment

CASES = 3
PERIOD = "2022-07"


@cache
def lives() -> tuple[Message[Any], ...]:
    """Ten events of each of three cases, in turn."""
    stories = [life(number, moment(number)) for number in range(CASES)]
    return tuple(event for turn in zip(*stories, strict=True) for event in turn)


@dataclass
class Partition:
    """The log of one partition, and what the database has of its cases."""

    log: tuple[Message[Any], ...] = field(default_factory=lives)
    stored: dict[str, Entry[State]] = field(default_factory=dict)
    up_to: int = 0
    """Up to where the log is in what is stored, as its owner has said."""
    asked: list[str] = field(default_factory=list)
    """The cases that were read for figures."""

    def write(self, entry: Entry[State]) -> None:
        """Only ever forward."""
        old = self.stored.get(entry.id)
        if old is None or old.offset < entry.offset:
            self.stored[entry.id] = entry

    # ── as `Snapshots` answers ───────────────────────────────────────────────────────────────

    async def changed(self, number: int, since: int, portion: int) -> AsyncIterator[list[Any]]:
        if number != 0:
            return
        for entry in list(self.stored.values()):
            if entry.offset >= since:
                self.asked.append(entry.id)
                yield [{"_id": entry.id, "state": _as_stored(entry.state)}]

    async def stored_up_to(self) -> dict[int, int]:
        return {0: self.up_to}


def _as_stored(state: State) -> Any:
    return orjson.loads(written(state))


@cache
def as_known() -> tuple[dict[str, bytes], ...]:
    """The facts of each case, once so many records of the log are folded."""
    desk, known = Desk(DECIDER, RULEBOOKS, 0), [dict[str, bytes]()]
    for offset, event in enumerate(lives()):
        desk.fold(offset, event)
        known.append({case: written(entry.state) for case, entry in desk.entries.items()})
    return tuple(known)


class Owner:
    """An instance whose partition it is, or who believes so."""

    def __init__(self, partition: Partition, room: int = 0) -> None:
        self.partition = partition
        self.desk = Desk(
            DECIDER, RULEBOOKS, 0, timers=Timers(), room=room,
            positions={"log": partition.up_to}, folded=partition.up_to,
        )  # fmt: skip
        self.at = self.desk.folded
        """The next record to read."""

    def folds(self) -> None:
        if self.at >= len(self.partition.log):
            return
        event = self.partition.log[self.at]
        missing = self.desk.missing([event.subject])
        stored = self.partition.stored
        self.desk.adopt([_copy(stored[case]) for case in missing & stored.keys()], missing)
        self.desk.fold(self.at, event)
        self.at += 1

    def saves(self, most: int | None = None) -> None:
        """All that changed, or, where the database goes away meanwhile, some of it."""
        folded, changed = self.desk.folded, list(self.desk.take_dirty().values())
        for entry in changed[:most]:
            self.partition.write(entry.as_it_stands())
            self.desk.cases.confirm(entry.id, entry.offset)
        if most is None or most >= len(changed):
            self.partition.up_to = max(self.partition.up_to, folded)
        else:
            self.desk.dirty |= {entry.id: entry for entry in changed[most:]}

    def forgets(self) -> None:
        self.desk.end_turn()


def _copy(entry: Entry[State]) -> Entry[State]:
    copy = entry.as_it_stands()
    copy.stored = copy.offset
    return copy


class Looking:
    """The instance whose figures are looked at. Beside it stands another, which owns the partition
    while this one does not, and may go on for a while after it has lost it."""

    def __init__(self, partition: Partition | None = None, room: int = 0) -> None:
        self.partition = partition or Partition()
        self.room = room
        self.own: Owner | None = Owner(self.partition, room)
        self.other = Owner(self.partition, room)
        self.step = SimpleNamespace(desks={0: self.own.desk}, partitions=2, ticked=moment(24 * 20))
        runtime: Any = SimpleNamespace(
            step=self.step, feed=SimpleNamespace(rulebooks=RULEBOOKS), snapshots=self.partition
        )
        self.live = Live(runtime)
        self.known = 0
        """Up to where the log must be in the figures."""

    def folds(self) -> None:
        if self.own:
            self.own.folds()

    def saves(self) -> None:
        if self.own:
            self.own.saves()

    def saves_one(self) -> None:
        if self.own:
            self.own.saves(1)

    def forgets(self) -> None:
        if self.own:
            self.own.forgets()

    def loses(self) -> None:
        """The partition is revoked: it is saved, or the database is away."""
        if self.own:
            self.own = None
            self.step.desks.clear()
            self.other = Owner(self.partition, self.room)

    def takes(self) -> None:
        if self.own is None:
            self.own = Owner(self.partition, self.room)
            self.step.desks[0] = self.own.desk

    def other_folds(self) -> None:
        self.other.folds()

    def other_saves(self) -> None:
        self.other.saves()

    def other_saves_one(self) -> None:
        self.other.saves(1)

    async def looks(self) -> None:
        self.known = self.own.desk.folded if self.own else self.partition.up_to
        board = await self.live.board(PERIOD)
        board.cards()

    def lags_behind(self) -> list[str]:
        """The cases whose facts are those of no moment since."""
        possible, cases = as_known()[self.known :], as_known()[-1]
        return [case for case in cases if self._facts(case) not in [f.get(case) for f in possible]]

    def _facts(self, case: str) -> bytes | None:
        return written(self.live.facts[case]) if case in self.live.facts else None
