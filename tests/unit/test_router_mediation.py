"""Disputes: settled where they arise, passed up with a record, counted as the county counts them;
and the meeting that stops the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.mediation import Mediation, mediation
from schemas import envelope, events, ids
from schemas.envelope import Message
from schemas.events import Assigned, MediationFailed, Resolved, Resumed, UpdateRefused
from schemas.inputs import Action
from schemas.reference import Level, PauseReason, Reference
from schemas.rulebook import Rulebook, Rulebooks
from services.router.domain import DECIDER, State
from tests.county import small_county
from tests.story import START, Story
from tests.unit.router_words import TOWN, VC, assigned, opened, reopened, said, update

SETTLED, FAILED = {"outcome": "settled", "terms": "half each"}, {"outcome": "failed"}
MEETING = {
    "held_on": "2022-07-05",
    "attendance": [{"role": "village official", "number": 2}, {"role": "villager", "number": 9}],
    "outcome": "agreed",
    "decided": "the well is shared",
}


def disputes() -> Reference:
    """The small county, whose disputes are mediated, and which pauses for deliberations."""
    county = small_county()
    marked = tuple(
        row.model_copy(update={"mediation": row.code == "disputes"}) for row in county.categories
    )
    meeting = PauseReason(code="meeting", name="两说一商", deliberation=True)
    return small_county(categories=marked, pause_reasons=(*county.pause_reasons, meeting))


RULES = Rulebook(disputes())


def a_dispute(lead: str = VC, level: Level = Level.VILLAGE, *more: Any) -> Story[State]:
    held = assigned(lead, level=level, category="land", rule="disputes")
    signed = said(events.Signed, "e2", lead)
    return Story(DECIDER, RULES).and_(opened(category="land"), held, signed, *more)


def refused(story: Story[State], words: str) -> None:
    story.then(UpdateRefused)
    assert words in getattr(story.decision, "refusal", "")


# ── the ladder ───────────────────────────────────────────────────────────────────────────────


def test_a_dispute_is_resolved_with_its_settlement() -> None:
    story = a_dispute().when(update(Action.RESOLVE, VC, result="agreed", settlement=SETTLED))
    story.then(Resolved)
    refused(a_dispute().when(update(Action.RESOLVE, VC, result="agreed")), "a `settlement`")


def test_a_village_does_not_end_what_it_could_not_settle() -> None:
    story = a_dispute().when(update(Action.RESOLVE, VC, result="no", settlement=FAILED))
    refused(story, "`pass-up` takes it one level up")


def test_mediation_that_failed_goes_one_level_up_with_its_record() -> None:
    story = a_dispute().when(update(Action.PASS_UP, VC, settlement=FAILED))
    story.then(MediationFailed, from_level=Level.VILLAGE).happens()
    story.when(story.decision, id="e4")  # type: ignore[arg-type]
    story.then(Assigned, lead=TOWN, level=Level.TOWN, because="passed-up", assist=(VC,))


def test_nothing_is_passed_up_without_a_record_of_what_was_tried() -> None:
    refused(a_dispute().when(update(Action.PASS_UP, VC)), 'the outcome "failed"')
    refused(a_dispute().when(update(Action.PASS_UP, VC, settlement=SETTLED)), '"failed"')


def test_the_county_is_the_last_and_may_end_a_dispute_unsettled() -> None:
    county = a_dispute("county-bureau", Level.COUNTY)
    county.when(update(Action.RESOLVE, "county-bureau", result="to court", settlement=FAILED))
    county.then(Resolved)
    passed = a_dispute("county-bureau", Level.COUNTY)
    refused(passed.when(update(Action.PASS_UP, "county-bureau", settlement=FAILED)), "the last")


# ── deliberation ─────────────────────────────────────────────────────────────────────────────


def paused(reason: str) -> Story[State]:
    return a_dispute(VC, Level.VILLAGE, said(events.Paused, "e2", reason=reason))


def test_a_pause_for_a_deliberation_ends_with_its_record() -> None:
    refused(paused("meeting").when(update(Action.RESUME)), "say `deliberation`")
    story = paused("meeting").when(update(Action.RESUME, deliberation=MEETING)).then(Resumed)
    held = getattr(story.decision, "deliberation", None)
    assert held is not None and held.outcome == "agreed"
    assert [(who.role, who.number) for who in held.attendance] == [
        ("village official", 2),
        ("villager", 9),
    ]


def test_a_dispute_may_be_settled_at_the_meeting_itself() -> None:
    done = update(Action.RESOLVE, VC, result="agreed", settlement=SETTLED, deliberation=MEETING)
    paused("meeting").when(done).then(Resolved)


def test_other_pauses_need_no_record() -> None:
    paused("weather").when(update(Action.RESUME)).then(Resumed)


# ── the table ────────────────────────────────────────────────────────────────────────────────

LADDER = {Level.VILLAGE: VC, Level.TOWN: TOWN, Level.COUNTY: "county-bureau"}


class Log:
    """A log of disputes, each with the levels at which it was settled, one after the other."""

    def __init__(self) -> None:
        self.events: list[Message[Any]] = []

    def dispute(self, *settled_at: Level) -> None:
        case = ids.case_id("test", f"d{len(self.events)}")
        last = self._adds(case, opened(category="land", report_id=case))
        held = last
        for nth, level in enumerate(settled_at):
            if nth:
                last = self._adds(case, reopened(held, nth))
            held = self._adds(case, assigned(LADDER[level], last, level=level, category="land"))
            self._adds(case, said(Resolved, held, LADDER[level], result="x", settlement=SETTLED))

    def _adds(self, case: str, data: events.CaseEvent) -> str:
        identity = ids.derive(case, len(self.events))
        self.events.append(Message(identity, "/services/test", case, START, data))
        return identity


def year_of_the_paper() -> Log:
    """945 disputes; 892 settled, two of them twice: 557 in villages, 331 in towns, 6 at county."""
    log = Log()
    plan: Iterable[tuple[int, tuple[Level, ...]]] = (
        (555, (Level.VILLAGE,)),
        (331 - 2, (Level.TOWN,)),
        (2, (Level.VILLAGE, Level.TOWN)),
        (6, (Level.COUNTY,)),
        (945 - 892, ()),
    )
    for times, levels in plan:
        for _ in range(times):
            log.dispute(*levels)
    return log


def test_the_paper_s_table_comes_out_of_the_events() -> None:
    found = mediation(year_of_the_paper().events, Rulebooks([disputes()]))
    assert found == Mediation(
        accepted=945,
        settled=892,
        by_level={"village": 557, "town": 331, "county": 6},
        failed={"village": 0, "town": 0, "county": 0},
    )
    assert found.as_data()["settlements"]["total"] == 894


def test_copies_voids_and_what_is_no_dispute_are_not_counted() -> None:
    log = Log()
    log.dispute(Level.VILLAGE)
    twice = [event for event in log.events for _ in range(2)]
    stale = Message(
        ids.derive("stale"), "/services/test", log.events[0].subject, START,
        said(Resolved, "gone", VC, result="x", settlement=SETTLED),
    )  # fmt: skip
    hole = Message(ids.derive("hole"), "/services/test", ids.derive("c"), START, opened())
    found = mediation([*twice, stale, hole], Rulebooks([disputes()]))
    assert (found.accepted, found.settled, found.by_level["village"]) == (1, 1, 1)


def test_failed_attempts_are_told_by_level() -> None:
    log = Log()
    log.dispute()
    case, last = log.events[0].subject, log.events[0].id
    held = log._adds(case, assigned(VC, last, category="land"))
    log._adds(case, said(MediationFailed, held, from_level=Level.VILLAGE, settlement=FAILED))
    found = mediation(log.events, Rulebooks([disputes()]))
    assert (found.settled, found.failed["village"]) == (0, 1)


def lines(log: Log) -> Iterator[bytes]:
    for event in log.events:
        yield envelope.write(event) + b"\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command_shows_the_table(tmp_path: Path, options: list[str]) -> None:
    log = Log()
    log.dispute(Level.TOWN)
    recoded = b"".join(lines(log)).replace(b'"land"', b'"water-dispute"')
    (tmp_path / "log.jsonl").write_bytes(recoded)
    result = CliRunner().invoke(app, ["mediation", str(tmp_path / "log.jsonl"), *options])
    assert result.exit_code == 0, result.output
    assert "town" in result.output
