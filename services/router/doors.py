"""The doors of the router: departments' updates and petition officers' decisions become commands.

    updates.<department> ─► router.commands      (the department is the topic's name)
                              └► update.refused to that department, or a dead letter
    triage.decisions     ─► router.commands      (`confirm` is intake's)

Free words are masked here: what a department writes about a person stays off the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas import topics
from schemas.commands import SubmitDecision, SubmitUpdate
from schemas.envelope import Message, Payload
from schemas.inputs import TriageDecision, Update, Verdict
from schemas.outputs import UpdateRefusal
from services.decider import Notice
from services.intake.masking import mask
from services.shell.doors import Admitted, Arrival, Door, to_dead_letters
from services.shell.runtime import Tools

SOURCE = "/services/router"


def doors(tools: Tools) -> list[Door[Any]]:
    return [
        Door(topics.UPDATES, Update, UpdateDoor(tools).admit, UpdateDoor(tools).refuse),
        Door(topics.TRIAGE_DECISIONS, TriageDecision, DecisionDoor(tools).admit, to_dead_letters),
    ]


class UpdateDoor:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def admit(self, arrivals: Sequence[tuple[Arrival, Update]]) -> list[Admitted]:
        return [self._command(arrival, update) for arrival, update in arrivals]

    def _command(self, arrival: Arrival, update: Update) -> Message[Payload]:
        words = {
            "reason": _masked(update.reason),
            "result": _masked(update.result),
            "evidence": tuple(
                item.model_copy(update={"transcript": _masked(item.transcript)})
                for item in update.evidence
            ),
        }
        return Message(
            id=arrival.command_id(update.update_id),
            source=SOURCE,
            subject=update.case_id,
            time=self.tools.effective_time(update.at, arrival.received_at),
            data=SubmitUpdate(
                origin=arrival.topic,
                received_at=arrival.received_at,
                department=arrival.department,
                update=update.model_copy(update=words),
            ),
        )

    def refuse(self, arrival: Arrival, data: dict[str, Any], reason: str) -> Notice | None:
        """JSON, but not an update: the department is told why. A department that the rules do not
        know has no topic to be told on."""
        if self.tools.rulebooks.at(arrival.received_at).department(arrival.department) is None:
            return None
        named = {
            name: data[name][:200]
            for name in ("update_id", "action")
            if isinstance(data.get(name), str)
        }
        case = data.get("case_id")
        known = case[:200] if isinstance(case, str) else ""
        refusal = UpdateRefusal(case_id=known, at=arrival.received_at, reason=reason, **named)
        return Notice(topics.ASSIGNMENTS.of(arrival.department), known, refusal)


class DecisionDoor:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def admit(self, arrivals: Sequence[tuple[Arrival, TriageDecision]]) -> list[Admitted]:
        return [self._command(arrival, decision) for arrival, decision in arrivals]

    def _command(self, arrival: Arrival, decision: TriageDecision) -> Message[Payload] | None:
        if decision.action is Verdict.CONFIRM:
            return None
        masked = decision.model_copy(update={"reason": _masked(decision.reason)})
        return Message(
            id=arrival.command_id(decision.decision_id),
            source=SOURCE,
            subject=decision.case_id,
            time=self.tools.effective_time(decision.at, arrival.received_at),
            data=SubmitDecision(
                origin=arrival.topic, received_at=arrival.received_at, decision=masked
            ),
        )


def _masked(words: str | None) -> str | None:
    return mask(words) if words else words
