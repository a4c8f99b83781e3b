"""A log in memory, and owners that read it: for telling interleavings without Kafka.

log = Log()
router = log.owner(ROUTER)             an owner of the partition, at the committed offset 0
router.reads()                         reads what is new, and decides
router.publishes()                     its answers reach the log
router.dies()                          what it held is gone; `log.owner` begins anew
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas import ids
from schemas.envelope import Message, Payload, read, write
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS, PAYLOADS
from services.decider import Decider
from services.shell.desk import COMMANDS, LOG, Desk, Entry, Outgoing
from tests.county import small_county
from tests.story import CASE, START

RULEBOOKS = Rulebooks([small_county()])


@dataclass
class Log:
    """One partition of `case.events`, and the commands of one service."""

    records: list[bytes] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)

    def append(self, message: Message[Any]) -> None:
        self.records.append(write(message))

    def happened(
        self, data: Payload, *, name: str, at: datetime = START, because: str | None = None
    ) -> str:
        """An event of somebody else lands. Returns its id, which follows from `name`."""
        identity = ids.derive("test", name)
        writer = getattr(data, "WRITER", "outside")
        self.append(Message(identity, f"/services/{writer}", CASE, at, data, causationid=because))
        return identity

    def commanded(self, data: Payload, *, name: str, at: datetime = START) -> str:
        identity = ids.derive("test-command", name)
        self.commands.append(write(Message(identity, "/doors", CASE, at, data)))
        return identity

    def owner(
        self,
        decider: Decider[Any],
        *,
        committed: dict[str, int] | None = None,
        snapshots: list[Entry[Any]] | None = None,
    ) -> Owner:
        return Owner(self, decider, committed or {LOG: 0, COMMANDS: 0}, snapshots or [])

    def messages(self) -> list[Message[Any]]:
        return [read(record, PAYLOADS) for record in self.records]

    def types(self) -> list[str]:
        return [message.type.split(".")[1] for message in self.messages()]


class Owner:
    """One instance of a service that owns the partition (there may be two at once)."""

    def __init__(
        self,
        log: Log,
        decider: Decider[Any],
        committed: dict[str, int],
        snapshots: list[Entry[Any]],
    ) -> None:
        self.log = log
        self.desk = Desk(decider, RULEBOOKS, 0, entries=snapshots, positions=committed)
        self.outbox: list[Outgoing] = []
        self.told: list[Outgoing] = []
        for offset in range(committed[LOG], len(log.records)):
            self.desk.fold(offset, read(log.records[offset], PAYLOADS))

    def reads(self, until: int | None = None) -> Owner:
        """Read the log (up to an offset) and all commands, and decide."""
        end = len(self.log.records) if until is None else until
        for offset in range(self.desk.positions[LOG], end):
            self.desk.read(offset, read(self.log.records[offset], PAYLOADS))
        for offset in range(self.desk.positions[COMMANDS], len(self.log.commands)):
            self.desk.command(offset, read(self.log.commands[offset], PAYLOADS))
        return self.decides()

    def decides(self) -> Owner:
        self.desk.settle()
        if self.desk.needs_log_end():
            self.desk.log_ends_at(len(self.log.records))
            self.desk.settle()
        self.outbox += self.desk.take_outgoing()
        return self

    def ticks(self, now: datetime) -> Owner:
        self.desk.tick(now)
        return self.decides()

    def publishes(self) -> Owner:
        """What was decided reaches the log; what is for outsiders is kept in `told`."""
        for item in self.outbox:
            if item.topic == CASE_EVENTS.name:
                self.log.append(item.message)
            else:
                self.told.append(item)
        self.outbox = []
        return self

    def runs(self) -> Owner:
        """Read, decide and publish until nothing more follows."""
        while self.reads().outbox or self.desk.positions[LOG] < len(self.log.records):
            self.publishes()
        return self

    @property
    def state(self) -> Any:
        return self.desk.entries[CASE].state

    @property
    def deciding(self) -> list[str]:
        """The types of the events that it is about to publish."""
        return [i.message.type.split(".")[1] for i in self.outbox if i.topic == CASE_EVENTS.name]
