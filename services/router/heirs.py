"""When rules abolish a department, its cases go on: somebody has to say so to each of them.

    rules in force ─► held cases whose lead they do not know ─► hand-over on router.commands, once

The rule to remember: the command's id follows from the case, its holding and the version, so however
many instances notice it, and however often, it is one command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from schemas import envelope, ids
from schemas.commands import HandOver
from schemas.envelope import Message
from schemas.lifecycle import HELD
from schemas.rulebook import Rulebook
from schemas.topics import ROUTER_COMMANDS
from services.router.labels import counted, held_by
from services.router.state import State
from services.shell.runtime import Runtime


def hand_overs(cases: Iterable[tuple[str, State]], rules: Rulebook) -> Iterator[Message[HandOver]]:
    """A command for each case whose lead is abolished under these rules. Its time is when both the
    rules and the holding had begun."""
    for case, state in cases:
        now = state.now
        if state.standing.status not in HELD or now.lead is None or now.since is None:
            continue
        if not is_abolished(now.lead, rules):
            continue
        yield Message(
            ids.derive("hand-over", case, now.id, rules.version),
            "/services/router",
            case,
            max(rules.effective_from, now.since),
            HandOver(holding=now.id, department=now.lead, version=rules.version),
        )


def is_abolished(department: str, rules: Rulebook) -> bool:
    """Whether its cases are another's under these rules."""
    unit = rules.department(department)
    if unit is None:
        return True
    # One that inherits from itself was refused by the check.
    return unit.heir is not None and rules.heir(unit.code) is not None


class HandingOver:
    """Looks whether an abolished department leads any case."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self._said: set[str] = set()

    async def look(self, labels: Mapping[str, int]) -> None:
        """`labels`: how many cases are stored under each (see `services.router.labels`)."""
        runtime = self.runtime
        stream = runtime.settings.clock == "stream"
        now = runtime.step.ticked if stream else datetime.now(UTC)
        if now is None:
            return
        rules = runtime.feed.rulebooks.at(now)
        leads = {department for department, _ in counted(labels)[0]}
        abolished = {department for department in leads if is_abolished(department, rules)}
        if not abolished:
            return
        topic = runtime.settings.topic(ROUTER_COMMANDS.name)
        cases = await runtime.finding.labelled(held_by(abolished))
        for command in hand_overs(cases.items(), rules):
            if command.id not in self._said:
                key = command.subject.encode()
                value = envelope.write(command)
                await runtime.producer.send_and_wait(topic, value, key=key)
                self._said.add(command.id)
