"""Intake on Kafka: `reports.submitted`, `triage.decisions` (confirm) → `case.events`,
`reports.rejected`; reports and erasures by HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas import topics
from services.intake.domain import DECIDER
from services.intake.doors import doors
from services.intake.erasing import ErasureByHttp
from services.intake.http import ReportsByHttp
from services.intake.nearby import Nearby
from services.intake.open311.app import ROOT, Open311
from services.intake.open311.calls import RateLimit
from services.intake.retention import expired
from services.intake.state import State
from services.intake.watching import Watching
from services.shell.desk import LOG, Outgoing
from services.shell.pages import deed
from services.shell.publishing import Dress
from services.shell.runtime import Beside, Pages, Runtime, Service

RETENTION_SECONDS = 3600.0
NEARBY = Nearby()
"""The open cases as this process knows them: its doors ask, its follower of the log tells."""


class ToTheirCases(Dress):
    """What one case says to another is a command about the other."""

    async def __call__(self, out: list[Outgoing]) -> list[Outgoing]:
        return [
            replace(item, message=replace(item.message, subject=item.key))
            if item.topic == topics.INTAKE_COMMANDS.name
            else item
            for item in out
        ]


def _now(runtime: Runtime[Any]) -> datetime:
    """What time it is, by the clock that counts."""
    stream = runtime.settings.clock == "stream"
    return (runtime.step.ticked if stream else None) or datetime.now(UTC)


class StoredCases:
    """The cases as the database has them: of all instances, a second behind the log."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime

    async def one(self, case: str) -> State | None:
        return (await self.some({"_id": case}, 0, 1)).get(case)

    async def some(self, matching: dict[str, Any], skip: int, most: int) -> dict[str, State]:
        """By case id, the newest first."""
        snapshots = self.runtime.snapshots
        found = snapshots.collection.find({"incarnation": snapshots.incarnation} | matching)
        newest = found.sort("state.opened_at", -1).skip(skip).limit(most)
        return {d["_id"]: snapshots.entry(d).state async for d in newest}


def parts(runtime: Runtime[Any]) -> tuple[Pages, Beside]:
    """``POST /reports`` and Open311, for those who have no Kafka. Beside the step, the log of the
    county is followed, and contacts are destroyed when their time is over."""

    by_http = ReportsByHttp(runtime, RateLimit(runtime.settings.calls_per_minute))
    stored = StoredCases(runtime)
    open311 = Open311(
        rules=lambda: runtime.feed.rulebooks.at(_now(runtime)),
        store=stored,
        send=by_http.send,
        access=runtime.access,
        limit=by_http.limit,
    )
    watching = Watching(runtime, NEARBY)
    runtime.busy = watching.behind
    erased: set[str] = set()

    async def retain() -> None:
        """Destroy what has been kept long enough."""
        now, books = _now(runtime), runtime.feed.rulebooks
        if books.at(now).settings.keep_contacts is None:
            return
        over = {
            "partition": {"$in": list(runtime.step.desks)},
            "state.ended": {"$exists": True},
        }
        async for case, state in runtime.snapshots.states(over):
            for contact in set(expired({case: state}, books, now)) - erased:
                await runtime.vault.erase(contact)
                erased.add(contact)

    pages = [
        ("/reports", deed(by_http.submit)),
        ("/erase", deed(ErasureByHttp(runtime, stored.one).erase)),
        (f"{ROOT}/*", open311.app()),
    ]
    return pages, (
        watching.follow_log,
        runtime.every(RETENTION_SECONDS, retain),
    )


SERVICE: Service[State] = Service(
    DECIDER,
    doors=lambda tools: doors(tools, NEARBY),
    dress=lambda _tools: ToTheirCases(),
    parts=parts,
    unhurried=LOG,
    on_demand=True,
)
