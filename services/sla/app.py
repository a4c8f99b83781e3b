"""SLA on Kafka: `case.events` in and out. It has no doors: only the log and time move it."""

from __future__ import annotations

from services.shell.runtime import Service
from services.sla.domain import DECIDER
from services.sla.state import State

SERVICE: Service[State] = Service(DECIDER)
