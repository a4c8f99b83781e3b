"""Rating on Kafka: `ratings.submitted` → `case.events`, `scorecards`; and the public page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.rating.domain import DECIDER
from services.rating.doors import doors
from services.rating.facts import State
from services.rating.periods import previous
from services.rating.site import Site
from services.shell import metrics
from services.shell.runtime import Runtime, Service

RATIOS = {
    "satisfaction": metrics.SATISFACTION,
    "completion": metrics.COMPLETION,
    "on_time": metrics.ON_TIME,
}


def parts(runtime: Runtime[Any]) -> tuple[Sequence[tuple[str, Any]], Sequence[Any]]:
    site = Site(runtime)
    runtime.busy = site.bulletin.waiting

    async def gauges() -> None:
        """The present month's ratios. The month before is kept at hand as well, for those who look
        at the cases behind its figures."""
        await site.live.board(previous(site.present()), unhurried=True)
        for card in (await site.live.board(site.present(), unhurried=True)).cards():
            if card.scope == "department":
                for name, gauge in RATIOS.items():
                    if (value := card.rates[name].value) is not None:
                        gauge.labels(card.id).set(value)

    return site.pages(), [site.bulletin.run, runtime.every(30, gauges)]


SERVICE: Service[State] = Service(DECIDER, doors=doors, parts=parts, gathers_ms=100, on_demand=True)
