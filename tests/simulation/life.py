"""What residents, departments and petition officers do, as a seed has it.

They look at the log as it stands, mostly do what fits, sometimes what does not, and sometimes say
the same thing twice. What they say goes where the doors would put it: on `<service>.commands`.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from lab.replay.case_fold import CaseFold
from schemas import ids
from schemas.commands import (
    ConfirmReport,
    NearCase,
    ReporterOnLog,
    SubmitDecision,
    SubmitRating,
    SubmitReport,
    SubmitUpdate,
)
from schemas.envelope import Message, Payload
from schemas.inputs import (
    Action,
    Channel,
    RatedBy,
    Rating,
    ReporterKind,
    TriageDecision,
    Update,
    Verdict,
)
from schemas.lifecycle import Status
from schemas.reference import Service, Urgency

if TYPE_CHECKING:
    from tests.simulation.world import World

DEPARTMENTS = ("vc-v11", "vc-v12", "vc-v21", "governance-t1", "enforcement-t1", "county-bureau")
GRIDS = ("g111", "g121", "g211")
CATEGORIES = ("potholes", "street-lights", "land", "illegal-building", None)
JUMPS = (600, 3_600, 3 * 3_600, 86_400, 2 * 86_400, 4 * 86_400, 8 * 86_400)
FITTING: dict[Status, tuple[Action, ...]] = {
    Status.ASSIGNED: (Action.SIGN, Action.SIGN, Action.RETURN, Action.RESOLVE),
    Status.SIGNED: (Action.PAUSE, Action.PROGRESS, Action.RESOLVE, Action.RETURN, Action.EXTEND),
    Status.PAUSED: (Action.RESUME, Action.RESUME, Action.RESOLVE, Action.PROGRESS),
    Status.RESOLVED: (Action.FEEDBACK,),
}


class Life:
    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.number = 0
        self.reports: list[SubmitReport] = []
        self.said: list[tuple[str, Message[Any]]] = []

    def acts(self) -> None:
        """One thing happens."""
        roll = self.chance.random()
        if not self.reports or (roll < 0.15 and len(self.reports) < self.world.most_cases):
            self._reports()
        elif roll < 0.18:
            self._reports_again()
        elif roll < 0.26:
            self.world.jumped += self.chance.choice(JUMPS) * self.chance.random()
            self.world.time_passes()
        elif roll < 0.33 and self.said:
            service, message = self.chance.choice(self.said)
            self._sends(service, message)
        else:
            self._about_a_case()

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def _reports(self) -> None:
        now = self.world.today
        report = SubmitReport(
            origin="reports.submitted",
            received_at=now,
            source="hotline",
            report_id=f"r{len(self.reports)}",
            submitted_at=now,
            text="a matter",
            digest=f"d{len(self.reports)}",
            channel=Channel.TEXT,
            service=self.chance.choice([None, None, Service.VIOLATION]),
            category=self.chance.choice(CATEGORIES),
            urgency=self.chance.choice([Urgency.NORMAL, Urgency.EMERGENCY]),
            grid=self.chance.choice(GRIDS),
            reporter=ReporterOnLog(kind=ReporterKind.RESIDENT, ref="p1"),
        )
        if self.reports and self.chance.random() < 0.4:
            report = self._like(self.chance.choice(self.reports), report)
        self.reports.append(report)
        self._submits(report)

    def _like(self, earlier: SubmitReport, report: SubmitReport) -> SubmitReport:
        """The same matter once more, as the index of open cases has it: it may be wrong."""
        near = NearCase(case=ids.case_id(earlier.source, earlier.report_id), likeness=0.9)
        same = {"category": earlier.category, "grid": earlier.grid, "service": earlier.service}
        return report.model_copy(update={"near": near} | (same if self._mostly() else {}))

    def _mostly(self) -> bool:
        return self.chance.random() < 0.8

    def _reports_again(self) -> None:
        report = self.chance.choice(self.reports)
        if self.chance.random() < 0.5:
            report = report.model_copy(update={"digest": "another", "text": "another matter"})
        self._submits(report)

    def _submits(self, report: SubmitReport) -> None:
        self._says("intake", ids.case_id(report.source, report.report_id), report)

    # ── what is said about a case ────────────────────────────────────────────────────────────

    def _about_a_case(self) -> None:
        report = self.chance.choice(self.reports)
        name = ids.case_id(report.source, report.report_id)
        case = self.world.view(name)
        roll = self.chance.random()
        if roll < 0.62:
            self._updates(case)
        elif roll < 0.8:
            self._decides(case)
        elif roll < 0.93 or case.standing.status in (Status.RESOLVED, Status.CLOSED):
            self._rates(case)
        else:
            self._confirms(case)

    def _updates(self, case: CaseFold) -> None:
        state = case.states["router"]
        department = state.lead
        if department is None or self.chance.random() < 0.15:
            department = self.chance.choice([*state.now.assist, *DEPARTMENTS])
        action = self.chance.choice(
            FITTING.get(case.standing.status, tuple(FITTING[Status.SIGNED]))
        )
        if self.chance.random() < 0.1:
            action = self.chance.choice(list(Action))
        now = self.world.today
        update = Update(
            update_id=self._fresh(),
            case_id=case.id,
            action=action,
            at=now,
            by="clerk",
            reason={Action.RETURN: "not-ours", Action.PAUSE: "weather"}.get(action),
            result="done" if action in (Action.RESOLVE, Action.FEEDBACK) else None,
            until=now + timedelta(days=9) if action is Action.EXTEND else None,
        )
        said = SubmitUpdate(
            origin=f"updates.{department}", received_at=now, department=department, update=update
        )
        self._says("router", case.id, said)
        if self.chance.random() < 0.25:  # it is in a hurry, and does not wait for an answer
            self._updates(case)

    def _decides(self, case: CaseFold) -> None:
        now, kinds = self.world.today, [v for v in Verdict if v is not Verdict.CONFIRM]
        usual = [
            Verdict.ASSIGN,
            Verdict.ASSIGN,
            Verdict.CORRECT,
            Verdict.GRANT_EXTENSION,
            Verdict.MERGE,
            Verdict.MERGE,
        ]
        action = self.chance.choice(usual if self.chance.random() < 0.7 else kinds)
        other = self.chance.choice(self.reports)
        decision = TriageDecision(
            case_id=case.id,
            decision_id=self._fresh(),
            at=now,
            by="officer",
            action=action,
            department=self.chance.choice(DEPARTMENTS),
            category=self.chance.choice(CATEGORIES),
            grid=self.chance.choice(GRIDS),
            into=ids.case_id(other.source, other.report_id),
        )
        said = SubmitDecision(origin="triage.decisions", received_at=now, decision=decision)
        self._says("router", case.id, said)

    def _rates(self, case: CaseFold) -> None:
        now = self.world.today
        rating = Rating(
            case_id=case.id,
            rating_id=self._fresh(),
            at=now,
            by=RatedBy.RESIDENT,
            stars=self.chance.choice([1, 1, 5]),
        )
        said = SubmitRating(origin="ratings.submitted", received_at=now, rating=rating)
        self._says("rating", case.id, said)

    def _confirms(self, case: CaseFold) -> None:
        now = self.world.today
        decision = TriageDecision(
            case_id=case.id,
            decision_id=self._fresh(),
            at=now,
            by="officer",
            action=Verdict.CONFIRM,
            category=self.chance.choice(CATEGORIES),
        )
        said = ConfirmReport(origin="triage.decisions", received_at=now, decision=decision)
        self._says("intake", case.id, said)

    # ── by way of the doors ──────────────────────────────────────────────────────────────────

    def _fresh(self) -> str:
        self.number += 1
        return f"n{self.number}"

    def _says(self, service: str, case: str, data: Payload) -> None:
        identity = ids.command_id("said", self._fresh(), 0, 0)
        message = Message(identity, f"/services/{service}", case, self.world.today, data)
        self.said.append((service, message))
        self._sends(service, message)

    def _sends(self, service: str, message: Message[Any]) -> None:
        self.world.says(service, message, self.chance.random() ** 4 * self.world.longest_way)
