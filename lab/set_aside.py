"""What was set aside, for a person to look at and to put back.

    <topic>.dead ─► Letter(address, reason, key, sealed bytes) ─► opened ─► repaired ─► <topic>

The rule to remember: **a letter stays where it is**. Replaying one sends its bytes, or better ones,
to the topic that they came from, where they are judged like any others; twice does no harm where
they carry their sender's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from cryptography.exceptions import InvalidTag

from schemas.topics import MAX_DEAD_BYTES, dead
from services.shell.consuming import read_to_end
from services.shell.seal import unseal_bytes
from services.shell.settings import Settings
from services.shell.snapshots import connect
from services.shell.vault import READS_VAULT, Vault, vault_of

ENDING = dead("")


class NoLetterError(LookupError):
    """There is no such letter."""


@dataclass(frozen=True, slots=True)
class Letter:
    topic: str
    """Where it came from, without the county's prefix."""
    offset: int
    at: datetime
    service: str
    """Who set it aside."""
    reason: str
    key: bytes | None
    sealed: bytes | None
    """The original bytes as ciphertext; None for a record without any."""

    @property
    def address(self) -> str:
        return f"{self.topic}@{self.offset}"

    def as_dict(self) -> dict[str, Any]:
        """What may be listed: nothing of what the record said."""
        return {
            "address": self.address,
            "at": self.at,
            "service": self.service,
            "reason": self.reason,
            "bytes": len(self.sealed or b""),
        }


async def letters(settings: Settings, topic: str | None = None) -> list[Letter]:
    """All that was set aside, of one topic or of all, the oldest first."""
    async with AIOKafkaConsumer(**settings.kafka_client()) as consumer:
        existing = await consumer.topics()
    names = [
        name
        for name in sorted(existing)
        if name.endswith(ENDING) and name.startswith(settings.prefix)
    ]
    wanted = [n for n in names if topic is None or n == dead(settings.topic(topic))]
    found = [
        _letter(settings, record) for name in wanted async for record in read_to_end(settings, name)
    ]
    return sorted(found, key=lambda letter: (letter.at, letter.address))


def _letter(settings: Settings, record: Any) -> Letter:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    return Letter(
        topic=settings.bare_topic(record.topic).removesuffix(ENDING),
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        service=headers.get("service", ""),
        reason=headers.get("reason", ""),
        key=record.key,
        sealed=record.value,
    )


async def letter_at(settings: Settings, address: str) -> Letter:
    """The letter with an address as `letters` writes it. Raises `NoLetterError`."""
    topic, _, offset = address.rpartition("@")
    for letter in await letters(settings, topic) if topic else ():
        if str(letter.offset) == offset:
            return letter
    raise NoLetterError(f"nothing was set aside at {address!r}")


async def opened(settings: Settings, letter: Letter, by: str | None = None) -> bytes | None:
    """What the record said; it may hold personal data, so `by`, who looks, is noted."""
    if letter.sealed is None:
        return None
    database = connect(settings.mongo, settings.database)
    if by is not None:
        await Vault(database, "gridcase dead").note("open", [letter.address], by)
    try:
        secret = await vault_of(database, letter.service).secret("set-aside")
        return unseal_bytes(secret, letter.sealed)
    except InvalidTag:  # set aside before each side had a secret of its own
        secret = await vault_of(database, READS_VAULT[0]).secret("set-aside")
        return unseal_bytes(secret, letter.sealed)


async def replay(
    settings: Settings, letter: Letter, value: bytes | None, by: str | None = None
) -> None:
    """Send `value` to where the letter came from, under its key. Returns when it is acknowledged.
    The record's headers name the letter, and `by`."""
    headers = [("letter", letter.address.encode()), ("by", (by or "").encode())]
    async with AIOKafkaProducer(
        **settings.kafka_client(), acks="all", max_request_size=MAX_DEAD_BYTES
    ) as producer:
        await producer.send_and_wait(
            settings.topic(letter.topic), value, key=letter.key, headers=headers
        )
