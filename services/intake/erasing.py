"""Erasure by HTTP: `POST /erase` destroys the keys of a case's contacts, for good.

    {case_id, by?} ─► the case's own key, those of the reports that joined it ─► {destroyed, of}

Who asked is on record: `gridcase erase CASE --log` shows it. Whoever erases needs no way into the
database, only a token of the role `operate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from faststream.asgi import AsgiResponse, Request
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from schemas import envelope
from schemas.envelope import Unreadable
from schemas.inputs import Identifier
from services.intake.retention import contacts_of
from services.intake.state import State
from services.shell.access import Refused, Role
from services.shell.limits import body_of
from services.shell.pages import as_json
from services.shell.runtime import Runtime

MOST_BYTES = 4096
SOMEBODY = "somebody at this machine"


class Erasure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    case_id: Identifier
    by: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


@dataclass(frozen=True, slots=True)
class ErasureByHttp:
    runtime: Runtime[Any]
    stored: Callable[[str], Awaitable[State | None]]

    async def erase(self, request: Request) -> AsgiResponse:
        """200 with how many keys were destroyed, of how many contacts."""
        holder = self.runtime.access.person(request.headers, Role.OPERATE)
        asked = _read(await body_of(request, MOST_BYTES))
        if holder is not None and asked.by is not None and not holder.speaks_for(asked.by):
            raise Refused(403, f"the token speaks for {holder.name}: leave `by` out")
        by = asked.by or (holder.name if holder else SOMEBODY)
        state = await self._state(asked.case_id)
        contacts = contacts_of(asked.case_id, state) if state else (asked.case_id,)
        done = [await self.runtime.vault.erase(contact, by) for contact in contacts]
        return as_json({"case_id": asked.case_id, "destroyed": sum(done), "of": len(done)})

    async def _state(self, case: str) -> State | None:
        """As the log has it, where this instance owns the case; else as it was stored."""
        for desk in self.runtime.step.desks.values():
            if (entry := desk.entries.get(case)) is not None:
                known: State = entry.state
                return known
        return await self.stored(case)


def _read(body: bytes) -> Erasure:
    try:
        return Erasure.model_validate(envelope.parse(body))
    except Unreadable as error:
        raise Refused(400, str(error)) from None
    except ValidationError as error:
        raise Refused(422, envelope.explain(error)) from None
