"""The router on Kafka: `updates.<department>`, `triage.decisions` → `case.events`,
`assignments.<department>`, `reports.answered`; and triage by HTTP.

    GET  /triage              what waits for a petition officer
    POST /triage/decisions    one decision, as on `triage.decisions`
    GET  /ledger?case=ID      who held a case how long, its bounces and parts

Who may: `services.shell.access`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from faststream.asgi import AsgiResponse, Request
from pydantic import ValidationError

from schemas import envelope
from schemas.envelope import Unreadable
from schemas.inputs import TriageDecision
from schemas.topics import TRIAGE_DECISIONS
from services.router.contacts import Contacts
from services.router.domain import DECIDER, State
from services.router.doors import doors
from services.router.heirs import HandingOver
from services.router.labels import TRIAGE, counted
from services.router.ledger import bounces, ledger
from services.router.triage import triage_entry
from services.shell import metrics
from services.shell.access import LOOKS, Refused, Role
from services.shell.limits import body_of
from services.shell.pages import as_json, deed, page
from services.shell.runtime import Beside, Pages, Runtime, Service

SPEAKS_FOR = (
    "the token speaks for {name}: write `by` as {name} or {name}/WHO (--by, GRIDCASE_OFFICER)"
)


def parts(runtime: Runtime[Any]) -> tuple[Pages, Beside]:
    """The pages of triage, and the gauges of open cases."""
    asked = Asked(runtime)
    pages = [
        ("/triage", page(asked.triage, asked.looks)),
        ("/triage/decisions", deed(asked.decide)),
        ("/ledger", page(asked.ledger, asked.looks)),
    ]
    handing_over = HandingOver(runtime)

    async def look() -> None:
        labels = await runtime.finding.count()
        asked.gauges(labels)
        await handing_over.look(labels)

    return pages, [runtime.every(2, look)]


class Asked:
    """What the router answers by HTTP."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime

    def looks(self, headers: Mapping[str, str]) -> object:
        return self.runtime.access.person(headers, *LOOKS)

    async def triage(self, _query: dict[str, str]) -> AsgiResponse:
        cases: dict[str, State] = await self.runtime.finding.labelled(TRIAGE)
        waiting = [
            entry | {"case_id": case}
            for case, state in cases.items()
            if (entry := triage_entry(state)) is not None
        ]
        return as_json(sorted(waiting, key=lambda entry: str(entry["since"])))

    async def decide(self, request: Request) -> AsgiResponse:
        """The same decision, the same checks, for those who have no Kafka."""
        officer = self.runtime.access.person(request.headers, Role.TRIAGE)
        body = await body_of(request)
        decision = decision_in(body)
        if officer is not None and not officer.speaks_for(decision.by):
            raise Refused(403, SPEAKS_FOR.format(name=officer.name))
        topic = self.runtime.settings.topic(TRIAGE_DECISIONS.name)
        key = decision.case_id.encode()
        await self.runtime.producer.send_and_wait(topic, body, key=key)
        said = {"case_id": decision.case_id, "decision_id": decision.decision_id}
        return as_json(said, 202)

    async def ledger(self, query: dict[str, str]) -> AsgiResponse:
        case = query["case"]
        state = await self.runtime.finding.one(case)
        if state is None:
            return as_json({"error": "no such case"}, 404)
        now = self._now()
        return as_json(
            {
                "case_id": case,
                "status": state.standing.status.value,
                "holdings": ledger(state, now),
                "bounces": bounces(state, now),
                "parts": {code: part.status.value for code, part in state.parts.items()},
                "review_needed": state.review_needed,
                "merged_into": state.merged_into,
                "adopted": list(state.adopted),
            }
        )

    def _now(self) -> datetime:
        return self.runtime.step.ticked or datetime.now(UTC)

    def gauges(self, labels: Mapping[str, int]) -> None:
        rules = self.runtime.feed.rulebooks.at(self._now())
        held, wrong, unrouted = counted(labels)
        metrics.expect_departments(rules.version, rules.reference.departments)
        metrics.UNROUTED.set(unrouted)
        metrics.set_all(metrics.OPEN_CASES, held)
        metrics.set_all(metrics.WRONG_RETURNS, wrong)


def decision_in(body: bytes) -> TriageDecision:
    try:
        data, _ = envelope.bare(body)
        return TriageDecision.model_validate(data)
    except Unreadable as error:
        raise Refused(400, str(error)) from None
    except ValidationError as error:
        raise Refused(422, envelope.explain(error)) from None


SERVICE: Service[State] = Service(DECIDER, doors=doors, dress=Contacts, parts=parts, on_demand=True)
