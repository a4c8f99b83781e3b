"""A platform without Kafka and MongoDB, made anew in a millisecond: desks with cases of the demo
month, doors whose broker is written down, a vault that keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from bson import BSON

from schemas.rulebook import Rulebooks
from services.decider import Decider
from services.rating.domain import DECIDER as RATING
from services.shell.desk import LOG, Desk
from services.shell.settings import Settings
from tests.rehearsed import hanyin, month

NOW = datetime(2022, 8, 1, tzinfo=UTC)
SECRET = b"s" * 32
CASES = 40


@cache
def books() -> Rulebooks:
    return Rulebooks([hanyin()])


@cache
def known() -> tuple[str, ...]:
    """Cases that every desk has: the earlier they are, the more has happened to them."""
    return tuple(sorted(month().desks["router"].entries))[:CASES]


def desk_of(decider: Decider[Any]) -> Desk[Any]:
    entries = month().desks[decider.service].entries
    some = [entries[case].as_it_stands() for case in known() if case in entries]
    return Desk(decider, books(), 0, entries=some, positions={LOG: len(month().log)})


class Broker:
    """What was sent, and what was set aside and why."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.dead: list[str] = []

    async def send_and_wait(self, topic: str, value: bytes, **_more: Any) -> None:
        self.sent.append((topic, value))

    async def put(self, _topic: str, _key: Any, _value: Any, reason: str) -> None:
        self.dead.append(reason)

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Any:
        self.sent += [(topic, value) for value in batch.values]
        return _acknowledged()


class Batch:
    """What goes to one partition together."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, value: bytes, **_more: Any) -> object:
        self.values.append(value)
        return self

    def close(self) -> None: ...


async def _acknowledged() -> None:
    return None


class NoVault:
    """Keys that follow from names."""

    async def secret(self, _name: str) -> bytes:
        return SECRET

    async def keys(self, cases: Iterable[str], create: bool = True) -> dict[str, bytes | None]:
        return {case: SECRET for case in cases if create}

    async def erase(self, case: str, by: str | None = None) -> bool:
        BSON.encode({"_id": case, "by": by})
        return False


class Collection:
    """Finds nothing, but takes only questions that MongoDB would take."""

    def find(self, question: Any, *_more: Any, **_options: Any) -> Any:
        BSON.encode(question)
        return self

    def sort(self, *_order: Any) -> Any:
        return self

    def skip(self, number: int) -> Any:
        BSON.encode({"skip": number})
        return self

    limit = skip

    async def find_one(self, question: Any, **_options: Any) -> None:
        BSON.encode(question)

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        raise StopAsyncIteration


class Snapshots:
    """Nothing was stored."""

    incarnation = "log"
    collection = Collection()

    async def one(self, case: str) -> None:
        await self.collection.find_one({"_id": case})

    async def entries(self, cases: Iterable[str]) -> list[Any]:
        await self.collection.find_one({"_id": {"$in": list(cases)}})
        return []

    async def progress(self) -> dict[int, datetime]:
        return {}


def tools(broker: Broker, clock: str = "stream") -> Any:
    from services.shell.runtime import Tools

    settings = Settings(clock=clock)
    vault: Any = NoVault()
    producer: Any = broker
    return Tools(settings, books(), vault, producer, SECRET)


@cache
def facts() -> dict[str, Any]:
    return {case: month().desks[RATING.service].entries[case].state for case in known()}


def step_of(decider: Decider[Any], settings: Settings) -> Any:
    """What pages ask of a step."""
    desk = desk_of(decider)
    log, commands = "case.events", f"{decider.service}.commands"
    taken = SimpleNamespace(is_set=lambda: True)
    return SimpleNamespace(
        desks={0: desk}, partitions=1, ticked=NOW, passed=NOW, folding=False, taken=taken, turned=1e18,
        log=log, commands=commands, clock_position=0, unanswered=desk.unanswered, settings=settings,
    )  # fmt: skip
