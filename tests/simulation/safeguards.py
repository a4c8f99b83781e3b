"""Each safeguard of the design, and how to turn it off: what the product would be without it.

    with OFF["snapshots only forward"](): play(seed)

The product itself has no such switches: its own methods are replaced for a while. A simulator that
finds nothing when a safeguard is off has proved nothing when it is on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from random import Random
from typing import Any
from unittest.mock import patch

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.lifecycle import LIFECYCLE, Standing, advance
from schemas.topics import CASE_EVENTS
from services.decider import Cause
from services.shell import desk as desks
from services.shell.cases import Cases
from services.shell.consuming import commit
from services.shell.desk import COMMANDS, LOG, Desk, Entry, Outgoing, Pending
from services.shell.due import Due
from services.shell.saving import Saver, Work
from services.shell.snapshots import Snapshots
from services.shell.step import Step

Off = Callable[[], AbstractContextManager[Any]]


# ── one event a cause ────────────────────────────────────────────────────────────────────────


def _two_events_for_one_cause(
    self: Desk[Any], entry: Entry[Any], pending: Pending, attempt: int
) -> bool:
    """What follows from an answer is decided at once, and sent after it as the cause's second
    event; that the first comes back is then no cause any more."""
    done = _settled(self, entry, pending, attempt)
    if done or entry.in_flight is None:
        return done
    first = self._out[-1].message
    if first.id != entry.in_flight or not isinstance(first.data, CaseEvent):
        return done
    standing = advance(entry.state.standing, first)
    state = self.decider.evolve(replace(entry.state, standing=standing), first)
    follows = self.decider.decide(state, first, self.rulebooks.at(first.time))
    if isinstance(follows, CaseEvent):
        second = replace(
            self._event(pending.cause, follows, attempt),
            id=ids.derive("second", pending.cause.id, self.decider.service, attempt),
        )
        _seconds.setdefault(id(self), []).append(
            Outgoing(CASE_EVENTS.name, entry.id, second, self.partition)
        )
    return done


def _one_after_the_other(self: Desk[Any]) -> list[Outgoing]:
    seconds = [] if self._out else _seconds.pop(id(self), [])
    return _take_outgoing(self) + seconds


_take_outgoing = Desk.take_outgoing
_seconds: dict[int, list[Outgoing]] = {}


_settled = Desk._settled


def _follows_nothing(self: Desk[Any], entry: Entry[Any], pending: Pending) -> None:
    own = f"/services/{self.decider.service}"
    if pending.lane != LOG or pending.cause.source != own:
        _queue(self, entry, pending)


_queue = Desk._queue


@contextmanager
def _many_events_a_cause() -> Iterator[None]:
    with (
        patch.object(Desk, "_settled", _two_events_for_one_cause),
        patch.object(Desk, "_queue", _follows_nothing),
        patch.object(Desk, "take_outgoing", _one_after_the_other),
    ):
        yield
    _seconds.clear()


# ── ids ──────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _ids_from_anywhere() -> Iterator[None]:
    """Ids are thrown, and what was answered is known only to whoever answered it."""
    event, dice = Desk._event, Random(1)
    given: dict[tuple[int, str], list[str]] = {}

    def thrown(self: Desk[Any], cause: Cause, data: CaseEvent, attempt: int) -> Message[Payload]:
        answer = replace(event(self, cause, data, attempt), id=ids.derive("dice", dice.random()))
        given.setdefault((id(self), cause.id), []).append(answer.id)
        return answer

    def known(self: Desk[Any], entry: Entry[Any], cause: Cause) -> int | None:
        mine = [desks.pack(each) for each in given.get((id(self), cause.id), ())]
        if any(each in entry.seen and each not in entry.void for each in mine):
            return None
        return len(mine)

    with patch.object(Desk, "_event", thrown), patch.object(Desk, "_next_attempt", known):
        yield


def _fold_copies_too(
    self: Desk[Any], entry: Entry[Any], offset: int, event: Message[Any], identity: bytes
) -> None:
    entry.seen = entry.seen.replace(identity, b"")
    _fold(self, entry, offset, event, identity)


_fold = Desk._fold


# ── voids ────────────────────────────────────────────────────────────────────────────────────


def _nothing_is_void(_standing: Standing, _data: Payload) -> None:
    return None


def _whatever_it_concerns(standing: Standing, data: Payload) -> str | None:
    """The lifecycle without a look at the holding that an event names."""
    allowed = standing.status in LIFECYCLE[type(data)].after
    return None if allowed else "not now"


def _seen_is_answered(self: Desk[Any], entry: Entry[Any], cause: Cause) -> int | None:
    identity = desks.pack(ids.event_id(cause.id, self.decider.service, 0))
    return None if identity in entry.seen else 0


# ── waiting ──────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _nobody_waits() -> Iterator[None]:
    """The queue of a case goes on while an answer is in flight; an answer that comes back void is
    put to its cause again, as before."""
    asked: dict[tuple[int, str], set[bytes]] = {}

    def drop(self: Desk[Any], entry: Entry[Any], pending: Pending) -> None:
        entry.queue.remove(pending)
        entry.queue.insert(0, pending)
        self._done(entry)

    def answer(self: Desk[Any], entry: Entry[Any]) -> None:
        sent = asked.setdefault((id(self), entry.id), set())
        for pending in list(entry.queue):
            attempt = self._next_attempt(entry, pending.cause)
            if attempt is None:
                drop(self, entry, pending)
                continue
            identity = ids.event_id(pending.cause.id, self.decider.service, attempt)
            if desks.pack(identity) in sent:
                continue
            entry.in_flight = None
            if _settled(self, entry, pending, attempt):
                drop(self, entry, pending)
            elif entry.in_flight is not None:
                sent.add(desks.pack(identity))
        if not entry.queue and entry.offset < 0:
            del self.entries[entry.id]

    with patch.object(Desk, "_answer", answer):
        yield


def _always(_self: Desk[Any], _pending: Pending) -> bool:
    return True


# ── saving ───────────────────────────────────────────────────────────────────────────────────


async def _save_before_it_is_said(self: Step[Any]) -> None:
    async with self.saver.alone:
        async with self._busy:
            work = self.saver.work(self.desks, self.owned.folding)
        await self.saver.save(work, self.desks, self.consumer)


def _all_that_was_read(self: Desk[Any]) -> dict[str, int]:
    return {lane: self.positions[lane] for lane in (LOG, COMMANDS)}


def _whichever(_self: Snapshots[Any], new: dict[str, Any]) -> dict[str, Any]:
    return {"_id": new["_id"]}


async def _claim_first(self: Saver[Any], work: Work, desks_: Any, consumer: Any) -> None:
    await self._keep_folded(work.folded)
    await commit(consumer, work.offsets)
    await _save(self, Work({}, work.changed, {}), desks_, consumer)


async def _all_is_there(_self: Snapshots[Any], _partition: int) -> None:
    return None


_save = Saver.save


@asynccontextmanager
async def _never_mind(_self: Step[Any]) -> AsyncIterator[None]:
    yield


# ── cases that leave the memory ──────────────────────────────────────────────────────────────


def _idle_is_enough(_self: Cases[Any], entry: Entry[Any]) -> bool:
    return entry.is_idle


def _stored_is_enough(_self: Cases[Any], entry: Entry[Any]) -> bool:
    return entry.is_stored


@contextmanager
def _taken_for_new() -> Iterator[None]:
    """What is not in memory is a new case, without a question."""
    with (
        patch.object(Cases, "missing", lambda _self, _cases: set()),
        patch.object(Cases, "may_be_new", lambda _self, _case: None),
    ):
        yield


def _nothing_wanted(_self: Due[Any]) -> set[str]:
    return set()


def _instead(owner: Any, name: str, other: Any) -> Off:
    return lambda: patch.object(owner, name, other)


OFF: Mapping[str, Off] = {
    "one event a cause": _many_events_a_cause,
    "ids from causes": _ids_from_anywhere,
    "first id wins": _instead(Desk, "_fold", _fold_copies_too),
    "the void rule": _instead(desks, "void_because", _nothing_is_void),
    "an event names the assigned event": _instead(desks, "void_because", _whatever_it_concerns),
    "a void answer is no answer": _instead(Desk, "_next_attempt", _seen_is_answered),
    "a case waits for its event in flight": _nobody_waits,
    "the log is read to its end": _instead(Desk, "_may_refuse", _always),
    "notify before snapshot": _instead(Step, "save", _save_before_it_is_said),
    "commit below the lowest unanswered": _instead(Desk, "committable", _all_that_was_read),
    "snapshots only forward": _instead(Snapshots, "_older_than", _whichever),
    "snapshots before it is said that they are there": _instead(Saver, "save", _claim_first),
    "what is not stored is folded again": _instead(Snapshots, "folded", _all_is_there),
    "what fails while partitions come ends the process": _instead(
        Step, "_ending_where_it_fails", _never_mind
    ),
    "only what is stored leaves the memory": _instead(Cases, "may_go", _idle_is_enough),
    "only what is idle leaves the memory": _instead(Cases, "may_go", _stored_is_enough),
    "what is not in memory is asked for": _taken_for_new,
    "what is stored of timers is fetched": _instead(Due, "wanted", _nothing_wanted),
}
