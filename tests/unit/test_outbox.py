"""The outbox: turns go on while the broker takes in what they said, and nothing is lost by it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from schemas import ids
from schemas.envelope import Message
from services.shell.desk import Outgoing
from services.shell.outbox import MOST_WAITING, Outbox
from services.shell.publishing import Dress
from tests.story import CASE, START
from tests.unit.router_words import opened


@dataclass
class Publisher:
    """Writes down what is sent; vault and broker answer when they are told to."""

    sent: list[list[str]] = field(default_factory=list)
    acknowledged: asyncio.Future[None] | None = None
    vault: asyncio.Future[None] | None = None
    refuses: bool = False

    @property
    def dress(self) -> Dress:
        return WithTheVault(self)

    async def send(self, out: list[Outgoing]) -> None:
        if self.refuses:
            raise ConnectionError("the broker is away")
        self.sent.append([item.key for item in out])
        if self.acknowledged is not None:
            await self.acknowledged


@dataclass
class WithTheVault(Dress):
    publisher: Publisher

    async def __call__(self, out: list[Outgoing]) -> list[Outgoing]:
        if self.publisher.vault is not None:
            await self.publisher.vault
        return out


def outbox(publisher: Publisher) -> Outbox:
    return Outbox(cast(Any, publisher))


def said(key: str, partition: int | None = 0) -> Outgoing:
    """An answer; a word to others where it has no partition."""
    message = Message(ids.derive("test", key), "/services/router", CASE, START, opened())
    return Outgoing("a topic", key, message, partition)


def pending() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def settled() -> None:
    """Everything that can go on without an answer has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_ready_while_a_lot_is_on_its_way_goes_together_in_the_next() -> None:
    publisher = Publisher(acknowledged=pending())
    box = outbox(publisher)
    for key in ("first", "second", "third"):
        await box.put([said(key)])
        await settled()
    assert publisher.sent == [["first"]]
    assert publisher.acknowledged is not None
    publisher.acknowledged.set_result(None)
    await box.said()
    assert publisher.sent == [["first"], ["second", "third"]]
    assert not box.busy


async def test_no_answer_waits_for_the_vault() -> None:
    publisher = Publisher(vault=pending())
    box = outbox(publisher)
    await box.put([said("to a department", partition=None), said("answer")])
    await settled()
    assert publisher.sent == [["answer"]]
    assert box.busy
    assert publisher.vault is not None
    publisher.vault.set_result(None)
    await box.said()
    assert publisher.sent == [["answer"], ["to a department"]]


async def test_words_keep_their_order_though_a_later_turn_is_dressed_sooner() -> None:
    publisher = Publisher(vault=pending())
    box = outbox(publisher)
    await box.put([said("assigned", partition=None)])
    await settled()
    slow, publisher.vault = publisher.vault, None
    await box.put([said("revoked", partition=None)])
    await settled()
    assert publisher.sent == []
    assert slow is not None
    slow.set_result(None)
    await box.said()
    assert publisher.sent == [["assigned", "revoked"]]


async def test_a_save_waits_for_what_was_said_before_it_and_for_nothing_later() -> None:
    publisher = Publisher(acknowledged=pending())
    box = outbox(publisher)
    await box.put([said("before")])
    await settled()
    before = asyncio.ensure_future(box.said())
    first, publisher.acknowledged = publisher.acknowledged, pending()
    await box.put([said("after")])
    assert first is not None
    first.set_result(None)
    await asyncio.wait_for(before, 5)
    assert box.busy, "the later one is still on its way"
    publisher.acknowledged.set_result(None)
    await box.said()


async def test_a_lane_that_has_failed_takes_nothing_more() -> None:
    publisher = Publisher(acknowledged=pending())
    box = outbox(publisher)
    await box.put([said("first")])
    await settled()
    await box.put([said("second")])
    waiting = asyncio.ensure_future(box.said())
    await settled()
    assert publisher.acknowledged is not None
    publisher.acknowledged.set_exception(ConnectionError("the broker is away"))
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(waiting, 5)
    assert publisher.sent == [["first"]], "nothing is said behind what was not"
    with pytest.raises(ConnectionError):
        box.check()
    with pytest.raises(ConnectionError):
        await box.put([said("third")])
    assert publisher.sent == [["first"]]


async def test_a_vault_that_fails_is_a_send_that_fails() -> None:
    publisher = Publisher(vault=pending())
    box = outbox(publisher)
    await box.put([said("to a department", partition=None)])
    await settled()
    assert publisher.vault is not None
    publisher.vault.set_exception(ConnectionError("the vault is away"))
    with pytest.raises(ConnectionError):
        await box.said()


async def test_with_too_much_waiting_the_turn_waits() -> None:
    publisher = Publisher(acknowledged=pending())
    box = outbox(publisher)
    many = [said(str(number)) for number in range(MOST_WAITING + 1)]
    putting = asyncio.ensure_future(box.put(many))
    await settled()
    assert not putting.done()
    assert publisher.acknowledged is not None
    publisher.acknowledged.set_result(None)
    await asyncio.wait_for(putting, 5)


async def test_nothing_said_is_nothing_to_wait_for() -> None:
    box = outbox(Publisher())
    await box.put([])
    await box.said()
    assert not box.busy
