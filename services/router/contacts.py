"""The router's last touch on its messages: contacts opened, commands addressed.

The log, the domain and everybody else know only a contact's ciphertext; the lead's own message gets
it opened, here, and never a whistle-blower's. A command to another case is told by an event of this
one: here it gets the other case as its subject, which is what its owner goes by.
"""

from __future__ import annotations

from dataclasses import replace

from cryptography.exceptions import InvalidTag

from schemas.envelope import Message, Payload
from schemas.outputs import AssignmentCreated
from schemas.topics import ROUTER_COMMANDS
from services.shell.desk import Outgoing
from services.shell.publishing import Dress
from services.shell.runtime import Tools
from services.shell.seal import unseal


def dress(tools: Tools) -> Dress:
    """What the shell does to the router's messages just before they go."""

    async def last_touch(out: list[Outgoing]) -> list[Outgoing]:
        sealed = [item.message.subject for item in out if _sealed(item.message)]
        keys = await tools.vault.keys(sealed, create=False) if sealed else {}
        return [_dressed(_addressed(item), keys.get(item.message.subject)) for item in out]

    return last_touch


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
