"""router: who holds the case, what departments and petition officers did with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from schemas.commands import ReportNamed
from schemas.envelope import Instant
from schemas.events.base import CaseEvent
from schemas.inputs import Action, Attachment, Deliberation, Settlement
from schemas.reference import Level


class AssignedBecause(StrEnum):
    ROUTED = "routed"
    RETURNED = "returned"
    ESCALATED = "escalated"
    REOPENED = "reopened"
    TRIAGE = "triage"
    CORRECTED = "corrected"
    PASSED_UP = "passed-up"
    HEIR = "heir"


class TriageRequested(CaseEvent):
    """No rule can decide: the case waits on the queue of a petition officer."""

    TYPE = "case.triage-requested.v1"
    WRITER = "router"
    RULED = True

    holding: str
    reason: str


class Assigned(CaseEvent):
    """A department leads; its id names this holding until the case moves on."""

    TYPE = "case.assigned.v1"
    WRITER = "router"
    RULED = True

    holding: str
    lead: str
    assist: tuple[str, ...] = ()
    level: Level
    area: str
    category: str | None = None
    because: AssignedBecause
    rule: str | None = None
    why: str
    parts: tuple[str, ...] = ()
    """Those of `assist` with a part of their own: done or excused before the lead can resolve."""
    legal_review: bool = False
    """A legal review must come before it is resolved."""
    first_step: str | None = None
    """How the matter is begun with a household of this tier: a visit first."""
    wrong_return: bool = False
    """Triage sends it back to a department that had returned it."""


class DepartmentEvent(CaseEvent):
    """An event that answers a department's update, and carries it."""

    WRITER = "router"

    holding: str
    department: str
    update_id: str
    by: str
    at: Instant
    reason: str | None = None
    result: str | None = None
    evidence: tuple[Attachment, ...] = ()
    until: Instant | None = None
    settlement: Settlement | None = None
    deliberation: Deliberation | None = None


class Signed(DepartmentEvent):
    """The lead accepts the assignment 签收."""

    TYPE = "case.signed.v1"


class Returned(DepartmentEvent):
    """ "Not ours": `reason` is a code from the reference data's list."""

    TYPE = "case.returned.v1"


class Progressed(DepartmentEvent):
    """Work goes on; `result` says how far it is. `major`: a major decision is at hand, and a legal
    review must come before it is resolved."""

    TYPE = "case.progressed.v1"

    major: bool = False


class Paused(DepartmentEvent):
    """The holder's clock stops 挂起, for a reason from the reference data's list."""

    TYPE = "case.paused.v1"


class Resumed(DepartmentEvent):
    """The holder's clock runs again."""

    TYPE = "case.resumed.v1"


class ExtensionRequested(DepartmentEvent):
    """The holder asks for more time 延期, until `until`, before its deadline."""

    TYPE = "case.extension-requested.v1"


class Resolved(DepartmentEvent):
    """The work is done, says the lead. It implies `sign`."""

    TYPE = "case.resolved.v1"


class FeedbackGiven(DepartmentEvent):
    """A word to the reporter. It answers the `respond` deadline."""

    TYPE = "case.feedback-given.v1"


class UpdateRefused(DepartmentEvent):
    """An update that could not be, with the reason that its sender is told."""

    TYPE = "case.update-refused.v1"
    REFUSAL = True

    action: Action
    refusal: str


class Whistled(DepartmentEvent):
    """A village whistles 吹哨报到, a town calls: the teams one level up must report in time."""

    TYPE = "case.whistled.v1"
    RULED = True

    called: tuple[str, ...]
    from_level: Level
    to_level: Level
    due: Instant | None = None
    """By when they must report; None where the rules name no limit for signing at their level."""
    limit: str | None = None


class WhistleMissed(CaseEvent):
    """A team that was called has not reported in time."""

    TYPE = "case.whistle-missed.v1"
    WRITER = "router"

    holding: str
    department: str
    whistle: str
    """The `case.whistled` event that called it."""
    due: Instant


class PartSigned(DepartmentEvent):
    """A department that assists has taken up its part; one that was called has reported."""

    TYPE = "case.part-signed.v1"


class PartDone(DepartmentEvent):
    """A department that assists has done its part."""

    TYPE = "case.part-done.v1"


class MediationFailed(DepartmentEvent):
    """The parties could not be brought to agree at this level: the next one up mediates."""

    TYPE = "case.mediation-failed.v1"

    from_level: Level


class DecisionEvent(CaseEvent):
    """An event that answers a petition officer's decision, and carries it."""

    WRITER = "router"

    decision_id: str
    by: str
    at: Instant
    reason: str | None = None


class Extended(DecisionEvent):
    """More time was granted, once, by the level above."""

    TYPE = "case.extended.v1"

    holding: str
    until: Instant


class Corrected(DecisionEvent):
    """Category or area were put right; the case is routed again."""

    TYPE = "case.corrected.v1"

    category: str | None = None
    area: str


class Withdrawn(DecisionEvent):
    """The case ended without handling: rejected by triage, withdrawn, or closed by hand."""

    TYPE = "case.withdrawn.v1"

    how: Literal["rejected", "withdrawn", "closed"]


class PartExcused(DecisionEvent):
    """The lead need not wait for the part of a department."""

    TYPE = "case.part-excused.v1"

    holding: str
    department: str


class Reviewed(DecisionEvent):
    """A legal review 法制审核 was given."""

    TYPE = "case.reviewed.v1"

    outcome: Literal["approved", "objected"]


class Merging(DecisionEvent):
    """The case is to join an earlier one about the same matter, if that takes its reports over."""

    TYPE = "case.merging.v1"

    into: str


class Adopted(CaseEvent):
    """Another case is merged into this one; its reports are answered with it."""

    TYPE = "case.adopted.v1"
    WRITER = "router"

    from_case: str
    merging: str
    reports: tuple[ReportNamed, ...]


class AdoptionRefused(CaseEvent):
    """Another case asked to be merged into this one, and cannot be."""

    TYPE = "case.adoption-refused.v1"
    WRITER = "router"
    REFUSAL = True

    from_case: str
    merging: str
    refusal: str


class Merged(CaseEvent):
    """The case goes on as a part of an earlier one."""

    TYPE = "case.merged.v1"
    WRITER = "router"

    into: str
    merging: str


class MergeRefused(CaseEvent):
    """The merge did not come about; the case goes on as it was."""

    TYPE = "case.merge-refused.v1"
    WRITER = "router"

    into: str
    merging: str
    refusal: str


class Unmerged(DecisionEvent):
    """A merge is undone: the case is a case of its own again, and is routed anew. Its reports are
    answered with both."""

    TYPE = "case.unmerged.v1"

    into: str


class DecisionRefused(DecisionEvent):
    """A decision that the case's status did not allow."""

    TYPE = "case.decision-refused.v1"
    REFUSAL = True

    action: str
    refusal: str
