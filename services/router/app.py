"""The router on Kafka: `updates.<department>`, `triage.decisions` → `case.events`,
`assignments.<department>`, `reports.answered`; and the triage queue by HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidTag
from faststream.asgi import AsgiResponse

from schemas.envelope import Message, Payload
from schemas.lifecycle import HELD, Status
from schemas.outputs import AssignmentCreated
from services.router.domain import DECIDER, State
from services.router.doors import doors
from services.router.triage import triage_entry
from services.shell import metrics
from services.shell.desk import Outgoing
from services.shell.pages import as_json, page
from services.shell.publishing import Dress
from services.shell.runtime import Beside, Pages, Runtime, Service, Tools
from services.shell.seal import unseal


def add_contacts(tools: Tools) -> Dress:
    """Open the sealed contact for the lead's own message, at the last moment: the log, the domain
    and everybody else know only the ciphertext."""

    async def dress(out: list[Outgoing]) -> list[Outgoing]:
        sealed = [item.message.subject for item in out if _sealed(item.message)]
        if not sealed:
            return out
        keys = await tools.vault.keys(sealed, create=False)
        return [_dressed(item, keys.get(item.message.subject)) for item in out]

    return dress


def _sealed(message: Message[Payload]) -> bool:
    return isinstance(message.data, AssignmentCreated) and message.data.sealed is not None


def _dressed(item: Outgoing, key: bytes | None) -> Outgoing:
    data = item.message.data
    if not isinstance(data, AssignmentCreated) or data.sealed is None:
        return item
    contact = None
    if key is not None:  # an erased key leaves the message without its contact
        try:
            contact = unseal(key, item.message.subject, data.sealed)
        except InvalidTag:
            contact = None
    told = data.model_copy(update={"sealed": None, "contact": contact})
    return replace(item, message=replace(item.message, data=told))


def parts(runtime: Runtime[Any]) -> tuple[Pages, Beside]:
    """``GET /triage``: the cases that wait for a petition officer; and the gauges of open cases."""

    async def triage(_query: dict[str, str]) -> AsgiResponse:
        waiting = [
            entry | {"case_id": case.id}
            for desk in runtime.step.desks.values()
            for case in desk.entries.values()
            if (entry := triage_entry(case.state)) is not None
        ]
        return as_json(sorted(waiting, key=lambda entry: str(entry["since"])))

    async def gauges() -> None:
        held: Counter[tuple[str, str]] = Counter()
        unrouted = 0
        for state in runtime.states():
            if state.standing.status in HELD and state.lead:
                held[state.lead, str(state.now.level)] += 1
            unrouted += state.standing.status is Status.TRIAGE
        metrics.UNROUTED.set(unrouted)
        metrics.set_all(metrics.OPEN_CASES, held)

    return [("/triage", page(triage))], [runtime.every(5, gauges)]


SERVICE: Service[State] = Service(DECIDER, doors=doors, dress=add_contacts, parts=parts)
