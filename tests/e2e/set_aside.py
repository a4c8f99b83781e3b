"""What was set aside: sent, found again with its reason, opened, counted.

a record that nobody can answer ─► <topic>.dead: key, reason, and the bytes as ciphertext
"""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from schemas.commands import Sealed
from services.shell.seal import unseal_bytes
from tests.e2e.outside import Outside

REPORTS, UPDATES, RATINGS = "reports.submitted", "updates.vc-v11", "ratings.submitted"
TRIAGE, LOG, CLOCK = "triage.decisions", "case.events", "clock"
HELD_BY = "assignments.vc-v11"
NESTED = orjson.loads(b'{"a":' * 200 + b"1" + b"}" * 200)


async def set_aside(
    outside: Outside, topic: str, value: bytes | None, by: str, key: bytes = b"any"
) -> str:
    """Send it; the reason with which it was set aside, once it was found there and counted."""
    before = await outside.counted(by, topic, "dead")
    await outside.sends(topic, value, key)
    assert await outside.counted(by, topic, "dead") == before + 1
    record = (await outside.hears(f"{topic}.dead"))[-1]
    assert opened(outside, record.value) == value
    assert record.key == key
    headers = dict(record.headers)
    assert headers["service"].decode() == by
    return str(headers["reason"].decode())


def opened(outside: Outside, sealed: bytes | None) -> bytes | None:
    """Under the secret of those who read the vault, or of those who do not."""
    if sealed is None:
        return None
    for secret in outside.secrets:
        with suppress(InvalidTag):
            return unseal_bytes(secret, sealed)
    raise InvalidTag


def original(outside: Outside, sealed: Sealed) -> bytes:
    joined = b64decode(sealed.nonce) + b64decode(sealed.ciphertext)
    return unseal_bytes(outside.secrets[0], joined)


async def last_dead_command(outside: Outside, service: str) -> tuple[str, dict[str, Any]]:
    record = (await outside.hears(f"{service}.commands.dead"))[-1]
    value = opened(outside, record.value)
    assert value is not None
    return dict(record.headers)["reason"].decode(), orjson.loads(value)
