"""When rules abolish a department, its cases go on: somebody has to say so to each of them.

    rules in force ─► held cases whose lead they do not know ─► hand-over on router.commands, once

The rule to remember: the command's id follows from the case, its holding and the version, so however
many instances notice it, and however often, it is one command.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from schemas import envelope, ids
from schemas.commands import HandOver
from schemas.envelope import Message
from schemas.lifecycle import HELD
from schemas.rulebook import Rulebook
from schemas.topics import ROUTER_COMMANDS
from services.router.state import State
from services.shell.runtime import Runtime


def hand_overs(cases: Iterator[tuple[str, State]], rules: Rulebook) -> Iterator[Message[HandOver]]:
    """A command for each case whose lead is abolished under these rules. Its time is when both the
    rules and the holding had begun."""
    for case, state in cases:
        now = state.now
        if state.standing.status not in HELD or now.lead is None or now.since is None:
            continue
        unit = rules.department(now.lead)
        if unit is not None and unit.heir is None:
            continue
        if unit is not None and rules.heir(unit.code) is None:
            continue  # refused by the check: it inherits from itself
        yield Message(
            ids.derive("hand-over", case, now.id, rules.version),
            "/services/router",
            case,
            max(rules.effective_from, now.since),
            HandOver(holding=now.id, department=now.lead, version=rules.version),
        )


class HandingOver:
    """Looks through the cases when other rules have come into force."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self._said: set[str] = set()

    async def look(self) -> None:
        runtime = self.runtime
        stream = runtime.settings.clock == "stream"
        now = runtime.step.ticked if stream else datetime.now(UTC)
        if now is None:
            return
        rules = runtime.feed.rulebooks.at(now)
        topic = runtime.settings.topic(ROUTER_COMMANDS.name)
        for command in list(hand_overs(self._cases(), rules)):
            if command.id not in self._said:
                key = command.subject.encode()
                value = envelope.write(command)
                await runtime.producer.send_and_wait(topic, value, key=key)
                self._said.add(command.id)

    def _cases(self) -> Iterator[tuple[str, State]]:
        for desk in self.runtime.step.desks.values():
            for entry in list(desk.entries.values()):
                yield entry.id, entry.state
