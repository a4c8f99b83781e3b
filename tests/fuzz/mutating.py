"""From a good message to a bad one: bytes are turned, cut and doubled, fields get other values.

A seed decides all; the same seed gives the same bytes.
"""

from __future__ import annotations

from random import Random
from typing import Any

import orjson

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 1e308, "", " ", "\x00", "\u202e", "a" * 5_000, "长" * 300, [], {},
    [[]], {"a": None}, "2022-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00",
    "2022-07-04T01:00:00", "=1+1", "<script>", "../../etc/passwd", "$where", "\ud83d\ude00",
)  # fmt: skip

TIMES = (
    "1900-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2022-07-04T09:00:00+23:59",
    "2022-07-04T09:00:00.999999-14:00", "2024-02-29T12:00:00Z", "2022-07-01T00:00:00Z",
)  # fmt: skip
TEXTS = (
    " ", "\u202e翻", "a" * 3_000, "长" * 300, "=1+1", "<script>alert(1)</script>", "../../etc/passwd",
    "$where", "😀", "电话13800001111，" * 40, "\u0000", "0", "resident", "urgent", "g111", "\r\nLevel: x",
    "610921100001012", "{{7*7}}", "%s%n", "a\u0301" * 50, "１３８００００１１１１", "1" * 2_000,
)  # fmt: skip
NUMBERS = (0, 1, 5, -1, 90, 2**31, 0.1, 1e-300, 179.9999)
UNTOUCHED = 0.04
"""Of the inputs: what follows an odd one must go on."""


def mutated(sample: bytes, chance: Random) -> bytes:
    """Sometimes the bytes suffer, mostly the fields, now and then nothing."""
    kind = chance.random()
    if kind < UNTOUCHED:
        return sample
    return _bytes(sample, chance) if kind < 0.25 else _fields(sample, chance)


def _bytes(sample: bytes, chance: Random) -> bytes:
    found = bytearray(sample)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(found)) if found else 0
        match chance.randrange(5):
            case 0 if found:
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                del found[at : at + chance.randrange(1, 40)]
            case 2:
                found[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
            case 3:
                found[at:at] = found[at : at + 60]
            case _:
                del found[at:]
    return bytes(found)


def _fields(sample: bytes, chance: Random) -> bytes:
    loaded = orjson.loads(sample)
    for _ in range(chance.choice((1, 1, 2, 3))):
        _disturb(loaded, chance)
    try:
        return orjson.dumps(loaded)
    except TypeError:  # lone surrogates and numbers beyond 64 bits have no JSON
        return _bytes(sample, chance)


def _disturb(value: Any, chance: Random) -> None:
    """Change one thing somewhere within."""
    while isinstance(value, dict | list) and value:
        name = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[name], dict | list) or chance.random() < 0.3:
            if isinstance(value, dict) and chance.random() < 0.1:
                del value[name]
            else:
                value[name] = _other(value[name], chance)
            return
        value = value[name]


def _other(value: Any, chance: Random) -> Any:
    """Mostly something of the same kind, which a model takes and what lies behind it must bear."""
    if chance.random() < 0.3 or isinstance(value, bool):
        return chance.choice(ODD)
    if isinstance(value, str):
        return chance.choice(TIMES if value[4:5] == "-" and "T" in value else TEXTS)
    return chance.choice(NUMBERS) if isinstance(value, int | float) else chance.choice(ODD)
