"""Moving a county's log to more partitions, while its services stand still.

    close ─► new topics ─► copy by key ─► compare ─► offsets ─► the new log is the log ─► documents
      │                                                              │
      └── interrupted before this: asked again, it begins anew ──────┘ after it: it goes on

The log and the commands go to topics of their own (`case.events.24`), with every key, header and
time; the doors, and all that others read and write, stay where they are. The old topics stay as
well, until somebody deletes them. The rule to remember: **one log at a time is written to**, and
the record on `reference` says which (`services.shell.incarnation`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from uuid import uuid4

from lab.moving.carrying import commit, compare, copied
from lab.moving.standing import NotMovedError, make_empty_topics, until_nobody_reads
from lab.rebuild import write_all
from schemas.topics import CO_PARTITIONED, SERVICES
from services.shell.incarnation import Incarnation, incarnation_of
from services.shell.provision import put
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots, connect

Say = Callable[[str], None]


@dataclass(slots=True)
class Moved:
    """What was done."""

    partitions: int
    copied: dict[str, int] = field(default_factory=dict)
    """Records by their old topic."""
    cases: dict[str, int] = field(default_factory=dict)
    """Documents written anew, by service."""
    left: list[str] = field(default_factory=list)
    """The old topics, which nobody needs any more."""


async def move(settings: Settings, partitions: int, say: Say = lambda _: None) -> Moved:
    """Raises `NotMovedError` where it cannot be, with the old log open as before. What interrupts it
    otherwise leaves the log closed, until it is asked again, or `reopen` is."""
    log = await _log(settings)
    new = settings.model_copy(update={"partitions": partitions})
    moved = Moved(partitions)
    if log.partitions != partitions:
        _check(settings, log, partitions)
        copy = await _copy(settings, new, log, moved, say)
        moved.left = [settings.topic(topic.name) for topic in CO_PARTITIONED]
        log = Incarnation(log.id, copy, partitions, moving_to=partitions)
        await put(settings, [log.record()])  # from here on, the new log is the log
    elif log.moving_to is None:
        raise NotMovedError(f"the log has {partitions} partitions already")
    for service in SERVICES:
        say(f"{service}: its documents are made anew from the log …")
        moved.cases[service] = await write_all(_snapshots(new, service, log), new)
    await put(settings, [replace(log, moving_to=None).record()])
    return moved


async def reopen(settings: Settings) -> None:
    """Give up a move that was interrupted before the new log was the log."""
    log = await _log(settings)
    if log.moving_to in (None, log.partitions):
        raise NotMovedError(
            "nothing is to be given up"
            if log.moving_to is None
            else f"the new log is the log already: run `gridcase topics move --partitions "
            f"{log.partitions}` again, which does what is left"
        )
    await put(settings, [replace(log, moving_to=None).record()])


async def _log(settings: Settings) -> Incarnation:
    log = await incarnation_of(settings)
    if log is None:
        raise NotMovedError("there is no log here: run `gridcase topics create`")
    return log


def _check(settings: Settings, log: Incarnation, partitions: int) -> None:
    if settings.partitions != log.partitions:
        raise NotMovedError(
            f"the log has {log.partitions} partitions: ask with GRIDCASE_PARTITIONS={log.partitions}"
        )
    if partitions < log.partitions:
        raise NotMovedError(f"the log has {log.partitions} partitions: it only moves to more")


async def _copy(old: Settings, new: Settings, log: Incarnation, moved: Moved, say: Say) -> str:
    """Copy everything while the log is closed. Returns the name of the copy."""
    begun = log.moving_to == new.partitions
    await put(old, [replace(log, moving_to=new.partitions).record()])
    try:
        await until_nobody_reads(old)
        await make_empty_topics(old, new, begun=begun)
    except NotMovedError:
        await put(old, [replace(log, moving_to=None).record()])
        raise
    copies = {}
    for topic in CO_PARTITIONED:
        say(f"{old.topic(topic.name)} ─► {new.topic(topic.name)} …")
        copies[topic] = await copied(old, new, topic)
    await until_nobody_reads(old)  # not even one that had begun to start when the log was closed
    for topic, places in copies.items():
        await compare(old, new, topic)
        await commit(new, topic, places)
        moved.copied[topic.name] = places.ends.total()
    return str(uuid4())


def _snapshots(settings: Settings, service: str, log: Incarnation) -> Snapshots[Any]:
    decider = import_module(f"services.{service}.domain").DECIDER
    return Snapshots(connect(settings.mongo, settings.database), decider, log.copy)
