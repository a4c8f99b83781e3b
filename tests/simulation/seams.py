"""Where the product asks the machine for the time, it is given the simulation's; and what is read
or written a thousand times in the same words is read once.

The seams are names in the product's own modules, put back afterwards: the product has no flags for
tests.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from schemas import envelope
from schemas.envelope import Message, Payload
from services.shell import ages, fetching, lots, publishing, reading, saving, step, ticking
from tests.simulation.loop import PROCESS
from tests.simulation.world import World

_read = envelope.read
_readers: dict[tuple[str, ...], RememberingReader] = {}
_known: dict[bytes, Message[Any]] = {}
MOST_KNOWN = 5_000


def remembered(
    value: bytes | None,
    types: Mapping[str, type[Payload]],
    read: Callable[[bytes | None], Message[Any]] | None = None,
) -> Message[Any]:
    """`envelope.read`, once for the same bytes: the owners of four services read them again and
    again. Messages do not change."""
    found = _known.get(value) if value is not None else None
    if found is None or found.data.TYPE not in types:
        found = read(value) if read else _read(value, types)
        if len(_known) > MOST_KNOWN:
            _known.clear()
        if value is not None:
            _known[value] = found
    return found


class RememberingReader(envelope.Reader):
    def read(self, value: bytes | None) -> Message[Any]:
        return remembered(value, self.types, super().read)


def reader(types: Mapping[str, type[Payload]]) -> RememberingReader:
    """The reader of these types: making one takes milliseconds, so it is made once."""
    names = tuple(types)
    if names not in _readers:
        _readers[names] = RememberingReader(types)
    return _readers[names]


def _clock(world: World) -> type:
    class Clock:
        """What `datetime.now` says in whichever process asks."""

        @staticmethod
        def now(_zone: tzinfo | None = None) -> datetime:
            process: Any = PROCESS.get()
            return world.today + timedelta(seconds=process.skew if process else 0.0)

    return Clock


class Silence:
    """Metrics that nobody reads."""

    def __getattr__(self, _name: str) -> Silence:
        return self

    def __call__(self, *_given: Any, **_more: Any) -> Silence:
        return self


@contextmanager
def imagined(world: World) -> Iterator[None]:
    """Within, the product lives in the world's time."""
    seconds = world.loop.time
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    clock, silence = _clock(world), Silence()
    seams = [
        *((module, "monotonic", seconds) for module in (step, fetching, lots, saving, ticking)),
        *((module, "datetime", clock) for module in (step, ticking)),
        *((module, "metrics", silence) for module in (ages, publishing, saving, step)),
        (fetching, "pymongo", SimpleNamespace(timeout=nullcontext)),  # the network decides here
        (reading, "Reader", reader),
        (envelope, "read", remembered),
    ]
    try:
        with ExitStack() as stack:
            for module, name, instead in seams:
                stack.enter_context(patch.object(module, name, instead))
            yield
    finally:
        logging.disable(level)
