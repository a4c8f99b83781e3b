"""Words for stories about the router: events and commands with everything usual left out."""

from __future__ import annotations

from typing import Any

from schemas import events
from schemas.commands import ReporterOnLog, SubmitDecision, SubmitUpdate
from schemas.events import Assigned, AssignedBecause, Opened
from schemas.inputs import Action, Channel, ReporterKind, TriageDecision, Update, Verdict
from schemas.outputs import ReportAnswered
from schemas.reference import DeadlineKind, Level, Service, Urgency
from services.decider import Notice
from services.router.domain import DECIDER, State
from tests.story import CASE, START, Story, given, moment

VC, TOWN, COUNTY = "vc-v11", "governance-t1", "county-bureau"


def opened(**changes: Any) -> Opened:
    """A pothole in grid g111."""
    fields: dict[str, Any] = {
        "source": "test",
        "report_id": "r1",
        "digest": "d1",
        "submitted_at": START,
        "received_at": START,
        "text": "a hole in the road",
        "channel": Channel.TEXT,
        "service": Service.SENTIMENT,
        "category": "potholes",
        "category_by": "given",
        "urgency": Urgency.NORMAL,
        "area": "g111",
        "area_level": "grid",
        "area_how": "given",
        "area_certain": True,
        "reporter": ReporterOnLog(kind=ReporterKind.RESIDENT, ref="p1"),
    }
    return Opened(**fields | changes)


def assigned(lead: str = VC, holding: str = "e1", **changes: Any) -> Assigned:
    fields: dict[str, Any] = {
        "holding": holding,
        "lead": lead,
        "level": Level.VILLAGE,
        "area": "g111",
        "category": "potholes",
        "because": AssignedBecause.ROUTED,
        "rule": "roads",
        "why": "Rule roads matches.",
    }
    return Assigned(**fields | changes)


def said(
    event: type[events.DepartmentEvent], holding: str, department: str = VC, **more: Any
) -> events.DepartmentEvent:
    """The event that answers a department's update."""
    return event(
        holding=holding, department=department, update_id="u1", by="clerk", at=START, **more
    )


def ruled(event: type[events.DecisionEvent], **more: Any) -> events.DecisionEvent:
    """The event that answers an officer's decision."""
    return event(decision_id="d1", by="officer", at=START, **more)


def clocked(event: type[events.DeadlineEvent], holding: str | None, **more: Any) -> Any:
    return event(holding=holding, kind=DeadlineKind.RESOLVE, due=moment(9), **more)


def escalated(holding: str, frm: Level = Level.VILLAGE, to: Level = Level.TOWN) -> events.Escalated:
    found: events.Escalated = clocked(events.Escalated, holding, from_level=frm, to_level=to)
    return found


def reopened(holding: str, nth: int = 1, climbs: bool = False) -> events.Reopened:
    return events.Reopened(holding=holding, because="e0", nth=nth, climbs=climbs)


def update(action: Action, department: str = VC, **more: Any) -> SubmitUpdate:
    sent = Update(update_id="u1", case_id=CASE, action=action, at=START, by="clerk", **more)
    return SubmitUpdate(
        origin=f"updates.{department}", received_at=START, department=department, update=sent
    )


def decision(action: Verdict, **more: Any) -> SubmitDecision:
    sent = TriageDecision(
        case_id=CASE, decision_id="d1", at=START, by="officer", action=action, **more
    )
    return SubmitDecision(origin="triage.decisions", received_at=START, decision=sent)


def a_case(*more: Any, **changes: Any) -> Story[State]:
    """e1 opened, then what is given."""
    return given(DECIDER, opened(**changes), *more)


def a_held_case(*more: Any) -> Story[State]:
    """e1 opened, e2 assigned to the village committee, e3 signed."""
    return a_case(assigned(), said(events.Signed, "e2"), *more)


def a_resolved_case(*more: Any) -> Story[State]:
    """e1 opened, e2 assigned, e3 signed, e4 resolved."""
    return a_held_case(said(events.Resolved, "e2", result="filled in"), *more)


def a_case_in_triage(*more: Any) -> Story[State]:
    """e1 opened, e2 triage-requested."""
    return a_case(events.TriageRequested(holding="e1", reason="no rule"), *more)


def heard(notices: list[Notice]) -> list[tuple[str, str]]:
    """Topic and type of each notice; of answers to reports the stage."""
    return [
        (n.topic, n.data.stage if isinstance(n.data, ReportAnswered) else n.data.TYPE)
        for n in notices
    ]
