"""The router's last touch on its messages: contacts opened, commands addressed.

The log, the domain and everybody else know only a contact's ciphertext; the lead's own message gets
it opened, here, and never a whistle-blower's. A command to another case is told by an event of this
one: here it gets the other case as its subject, which is what its owner goes by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from time import monotonic

from cryptography.exceptions import InvalidTag

from schemas.envelope import Message, Payload
from schemas.outputs import AssignmentCreated
from schemas.topics import ROUTER_COMMANDS
from services.shell.desk import Outgoing
from services.shell.publishing import Dress
from services.shell.runtime import Tools
from services.shell.seal import unseal
from services.shell.vault import Vault

FRESH = 1.0
"""Seconds that a key asked for ahead may be used."""


class Contacts(Dress):
    """What the shell does to the router's messages just before they go."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._ahead: dict[str, Asked] = {}

    def foresee(self, answers: Iterable[Outgoing]) -> None:
        """The keys are asked for while the events are on their way to the log and back."""
        cases = {item.message.subject for item in answers if item.opens}
        if cases:
            for case in [case for case, asked in self._ahead.items() if asked.is_old]:
                del self._ahead[case]  # its event came to nothing, or is told too late
            asked = Asked(self._tools.vault, cases)
            self._ahead |= dict.fromkeys(cases, asked)

    async def __call__(self, out: list[Outgoing]) -> list[Outgoing]:
        keys = await self._keys(item.message.subject for item in out if _sealed(item.message))
        return [_dressed(_addressed(item), keys.get(item.message.subject)) for item in out]

    async def _keys(self, cases: Iterable[str]) -> dict[str, bytes | None]:
        """Those asked for ahead; the others now."""
        keys: dict[str, bytes | None] = {}
        late = []
        for case in dict.fromkeys(cases):
            asked = self._ahead.pop(case, None)
            if asked is None or asked.is_old or not await asked.worked():
                late.append(case)
            else:
                keys |= asked.answer.result()
        return keys | await self._tools.vault.keys(late, create=False) if late else keys


class Asked:
    """A question to the vault that is on its way. Its answer holds for a moment only: a contact
    that is erased meanwhile is not to be told."""

    def __init__(self, vault: Vault, cases: Iterable[str]) -> None:
        asking = vault.keys(cases, create=False)
        self.answer = asyncio.create_task(asking, name="keys ahead")
        self._until = monotonic() + FRESH

    @property
    def is_old(self) -> bool:
        return monotonic() > self._until

    async def worked(self) -> bool:
        """Wait for the answer; False where there is none, and is to be asked for again."""
        await asyncio.wait([self.answer])
        return not self.answer.cancelled() and self.answer.exception() is None


def _addressed(item: Outgoing) -> Outgoing:
    if item.topic != ROUTER_COMMANDS.name:
        return item
    return replace(item, message=replace(item.message, subject=item.key))


def _sealed(message: Message[Payload]) -> bool:
    return isinstance(message.data, AssignmentCreated) and message.data.sealed is not None


def _dressed(item: Outgoing, key: bytes | None) -> Outgoing:
    data = item.message.data
    if not isinstance(data, AssignmentCreated) or data.sealed is None:
        return item
    contact = None
    if key is not None:  # an erased key leaves the message without its contact
        try:
            contact = unseal(key, item.message.subject, data.sealed)
        except InvalidTag:
            contact = None
    told = data.model_copy(update={"sealed": None, "contact": contact})
    return replace(item, message=replace(item.message, data=told))
