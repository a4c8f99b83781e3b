"""Ids come from causes, so that every duplicate is recognisable, by us and by any department.

Each id is a UUID of version 5 over the parts that make the thing what it is; the same parts give
the same id on every machine and in every run.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from uuid import UUID

NAMESPACE = UUID("6f1d0b6e-4c1c-5d5e-9a55-321321321321")
"""The project's own namespace; changing it would rename every case."""
OURS = NAMESPACE.bytes
VARIANT = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}
"""The hexadecimal digit that bears the variant of RFC 9562, for the one that was there."""


def derive(*parts: object) -> str:
    """The id that follows from `parts`. A separator that cannot stand in ids keeps them apart."""
    return uuid5(OURS, "\x1f".join(map(str, parts)))


def uuid5(namespace: bytes, name: str) -> str:
    """`str(uuid.uuid5(namespace, name))` without the objects between, at a quarter of the cost: a
    service derives several ids for each record."""
    text = sha1(namespace + name.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def case_id(source: str, report_id: str) -> str:
    return derive("case", source, report_id)


@lru_cache(1024)
def event_id(cause_id: str, service: str, attempt: int) -> str:
    """The answer of `service` to one cause; a void answer is followed by the next attempt. Whoever
    looks whether there is an answer already asks again as he writes it, so the last ones are kept."""
    return uuid5(OURS, f"event\x1f{cause_id}\x1f{service}\x1f{attempt}")


def mark(case: str, account: str) -> str:
    """What an account leaves in one case: the same account, the same mark, in that case alone."""
    return derive("mark", case, account)


def command_id(topic: str, sender_id: str | None, partition: int, offset: int) -> str:
    """The topic is part of it, so that nobody can squat the id of another's command."""
    return derive("command", topic, sender_id or f"{partition}/{offset}")


def notice_id(cause_id: str, topic: str, message_type: str, addressee: str) -> str:
    """One event may say the same to several: `addressee` tells them apart within the topic."""
    return uuid5(OURS, f"notice\x1f{cause_id}\x1f{topic}\x1f{message_type}\x1f{addressee}")
