"""``python -m benchmarks.memory``: what an ordinary case weighs, in memory and in the database.

    a whole life ─► each service's state of it, as it is read from the database, 20,000 times

Bytes of the process for each case, the desk's entry included, and of the stored document.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from importlib import import_module
from typing import Any

from bson import decode, encode

from benchmarks.cases import START
from benchmarks.lives import life
from schemas import ids
from schemas.rulebook import Rulebooks
from schemas.topics import SERVICES
from services.shell.desk import Desk, Entry
from services.shell.snapshots import States, document_of

CASES = 20_000


def weigh(service: str) -> tuple[float, int]:
    """Bytes of a case in memory, and of its document."""
    from benchmarks.million import megabytes

    decider = import_module(f"services.{service}.domain").DECIDER
    desk: Desk[Any] = Desk(decider, Rulebooks(), 0)
    for offset, event in enumerate(life(0, START)):
        desk.fold(offset, event)
    (made,) = desk.entries.values()
    states: States[Any] = States(decider)
    document = bytes(encode(document_of(states, 0, made, "one")))
    before = megabytes()
    kept: list[Entry[Any]] = []
    for number in range(CASES):
        found = decode(document)
        case, seen = ids.derive("case", number), bytes(found["seen"])
        kept.append(replace(made, id=case, state=states.read(found["state"]), seen=seen, queue=[]))
    return (megabytes() - before) * 2**20 / len(kept), len(document)


def main() -> None:
    print(f"{'':7} {'bytes in memory':>16} {'document':>9}")
    for service in SERVICES:
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            weight, document = alone.apply(weigh, (service,))
        print(f"{service:7} {weight:16,.0f} {document:9,}")


if __name__ == "__main__":
    main()
