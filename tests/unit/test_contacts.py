"""The router's last touch: a contact is opened for the lead, and its key asked for beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pymongo.errors import AutoReconnect

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.outputs import AssignmentCreated
from schemas.reference import Service
from services.router import contacts
from services.router.contacts import FRESH, Contacts
from services.router.domain import DECIDER
from services.shell.entries import Outgoing
from services.shell.seal import seal
from tests.story import CASE, START
from tests.unit.router_words import a_case, assigned, opened

KEY = bytes(32)
CONTACT = {"name": "a resident", "phone": "0"}
SEALED = seal(KEY, CASE, CONTACT, "r1")


@dataclass
class Vault:
    """Notes who asked; answers when it is told to."""

    keys_by_case: dict[str, bytes | None] = field(default_factory=lambda: {CASE: KEY})
    asked: list[list[str]] = field(default_factory=list)
    away: bool = False

    async def keys(self, cases: Iterable[str], create: bool = True) -> dict[str, bytes | None]:
        assert not create, "the router makes no keys"
        self.asked.append(wanted := sorted(cases))
        await asyncio.sleep(0)
        if self.away:
            raise AutoReconnect("the vault is away")
        return {case: self.keys_by_case.get(case) for case in wanted}


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def router(vault: Vault) -> Contacts:
    return Contacts(cast(Any, SimpleNamespace(vault=vault)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(contacts, "monotonic", lambda: now[0])
    return now


def message(data: Payload) -> Message[Payload]:
    return Message(ids.derive("test", data.TYPE), "/services/router", CASE, START, data)


def answer(opens: bool = True) -> Outgoing:
    """The assignment, on its way to the log."""
    return Outgoing("case.events", CASE, message(assigned()), partition=0, opens=opens)


def word() -> Outgoing:
    """What the department is told, once the assignment is back."""
    story = a_case(assigned(), contact=SEALED)
    (said,) = (n for n in story.told if isinstance(n.data, AssignmentCreated))
    return Outgoing(said.topic, said.key, message(said.data))


async def told(router: Contacts) -> dict[str, str] | None:
    (out,) = await router([word()])
    assert isinstance(out.message.data, AssignmentCreated)
    assert out.message.data.sealed is None
    return out.message.data.contact


async def test_the_contact_is_opened_for_the_lead(router: Contacts, vault: Vault) -> None:
    assert await told(router) == CONTACT
    assert vault.asked == [[CASE]]


async def test_its_key_is_asked_for_while_the_assignment_is_on_its_way(
    router: Contacts, vault: Vault
) -> None:
    router.foresee([answer()])
    await asyncio.sleep(0)
    assert vault.asked == [[CASE]], "nobody waits for the department's message"
    assert await told(router) == CONTACT
    assert vault.asked == [[CASE]], "one opening, one note of it"
    assert await told(router) == CONTACT
    assert vault.asked == [[CASE], [CASE]], "what is said again opens it again"


async def test_what_opens_nothing_is_not_asked_for(router: Contacts, vault: Vault) -> None:
    router.foresee([answer(opens=False)])
    await asyncio.sleep(0)
    assert not vault.asked


async def test_a_contact_that_is_erased_before_it_is_told_stays_closed(
    router: Contacts, vault: Vault, clock: list[float]
) -> None:
    """The assignment is said; the broker is away for a while; the resident asks for erasure; the
    assignment comes back from the log."""
    router.foresee([answer()])
    await asyncio.sleep(0)
    vault.keys_by_case = {CASE: None}
    clock[0] += FRESH + 0.1
    assert await told(router) is None


async def test_a_vault_that_was_away_is_asked_again(router: Contacts, vault: Vault) -> None:
    vault.away = True
    router.foresee([answer()])
    for _ in range(3):
        await asyncio.sleep(0)
    vault.away = False
    assert await told(router) == CONTACT
    assert vault.asked == [[CASE], [CASE]]


async def test_a_vault_that_stays_away_ends_the_lane(router: Contacts, vault: Vault) -> None:
    vault.away = True
    router.foresee([answer()])
    with pytest.raises(AutoReconnect):
        await told(router)


async def test_what_came_to_nothing_is_forgotten(
    router: Contacts, vault: Vault, clock: list[float]
) -> None:
    router.foresee([answer()])
    clock[0] += FRESH + 0.1
    other = replace(answer(), message=replace(message(assigned()), subject="another"))
    router.foresee([other])
    assert router._ahead.keys() == {"another"}


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"contact": SEALED}, True),
        ({}, False),
        ({"contact": SEALED, "service": Service.VIOLATION}, False),
    ],
)
def test_only_what_will_be_told_is_foreseen(changes: dict[str, Any], is_told: bool) -> None:
    """What is foreseen of a decision is what is told of its event."""
    story = a_case(**changes)
    event = assigned()
    assert DECIDER.opens(story.state, event) is is_told
    words = (n.data for n in story.and_(event).told)
    assert any(isinstance(w, AssignmentCreated) and w.sealed for w in words) is is_told


def test_no_other_event_tells_a_contact() -> None:
    assert not DECIDER.opens(a_case(contact=SEALED).state, opened(contact=SEALED))
