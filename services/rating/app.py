"""Rating on Kafka: `ratings.submitted` → `case.events`, `scorecards`; and the public page."""

from __future__ import annotations

from services.rating.domain import DECIDER, State
from services.rating.doors import doors
from services.shell.runtime import Service

SERVICE: Service[State] = Service(DECIDER, doors=doors)
