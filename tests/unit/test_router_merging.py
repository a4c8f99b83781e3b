"""Two cases that are one matter: the later joins the earlier, whoever is asked twice, or dies."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.events import (
    Adopted,
    AdoptionRefused,
    Assigned,
    CaseEvent,
    Closed,
    Merged,
    MergeRefused,
    Merging,
    Opened,
    Resolved,
    Unmerged,
)
from schemas.inputs import Action, Verdict
from schemas.lifecycle import Status, advance, void_because
from schemas.rulebook import Rulebook
from schemas.topics import ROUTER_COMMANDS
from services.decider import Notice, Reply
from services.router.domain import DECIDER, State
from tests.county import small_county
from tests.story import moment
from tests.unit.router_words import VC, decision, opened, update

EARLY, LATE, LATEST = "case-1", "case-2", "case-3"
RULES = Rulebook(small_county())


class Cases:
    """Several cases and the commands between them, as the shell carries them."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.log: list[Message[Any]] = []
        self.told: list[Notice] = []
        self.commands: deque[tuple[str, str, Payload]] = deque()
        for nth, case in enumerate((EARLY, LATE, LATEST)):
            self.lands(case, opened(report_id=f"r-{case}"), moment(nth))

    def lands(self, case: str, data: CaseEvent, at: datetime | None = None) -> None:
        state = self.states.get(case, DECIDER.initial())
        assert void_because(state.standing, data) is None, data
        identity = ids.derive(case, len(self.log))
        event = Message(identity, "/services/test", case, at or moment(len(self.log)), data)
        standing = advance(state.standing, event)
        self.states[case] = DECIDER.evolve(replace(state, standing=standing), event)
        self.log.append(event)
        for notice in DECIDER.notify(self.states[case], event):
            self._say(notice, event.id)
        self._answer(case, event)

    def _say(self, notice: Notice, cause: str) -> None:
        if notice.topic == ROUTER_COMMANDS.name:
            self.commands.append((f"{cause} {notice.key}", notice.key, notice.data))
        else:
            self.told.append(notice)

    def does(self, case: str, command: Payload, id: str = "command") -> Any:
        cause = Message(id, "/services/router", case, moment(50), command)
        return self._answer(case, cause)

    def _answer(self, case: str, cause: Message[Any]) -> Any:
        answer = DECIDER.decide(self.states.get(case, DECIDER.initial()), cause, RULES)
        if isinstance(answer, CaseEvent):
            self.lands(case, answer)
        elif isinstance(answer, Reply):
            for notice in answer.notices:
                self._say(notice, cause.id)
        return answer

    def settle(self, times: int = 1) -> Cases:
        """Deliver all commands, each so often."""
        while self.commands:
            id, case, command = self.commands.popleft()
            for _ in range(times):
                self.does(case, command, id)
        return self

    def merge(self, case: str, into: str) -> Any:
        return self.does(case, decision(Verdict.MERGE, into=into, reason="the same hole"))

    def status(self, case: str) -> Status:
        return self.states[case].standing.status

    def reports(self, case: str) -> list[str]:
        return [report.report_id for report in self.states[case].reports]

    def happened(self, case: str) -> list[type[Payload]]:
        return [type(event.data) for event in self.log if event.subject == case]


def merged() -> Cases:
    cases = Cases()
    cases.merge(LATE, EARLY)
    return cases.settle()


def test_the_later_case_joins_the_earlier_with_its_reports() -> None:
    cases = merged()
    assert cases.status(LATE) is Status.MERGED
    assert cases.reports(EARLY) == ["r-case-1", "r-case-2"]
    assert cases.happened(LATE) == [Opened, Assigned, Merging, Merged]
    assert cases.happened(EARLY) == [Opened, Assigned, Adopted]


def test_the_department_of_the_merged_case_hears_that_it_is_no_longer_its_own() -> None:
    revoked = [n for n in merged().told if n.data.TYPE == "assignment.revoked.v1"]
    assert [n.topic for n in revoked] == [f"assignments.{VC}"]


def test_an_earlier_case_is_never_merged_into_a_later_one() -> None:
    cases = Cases()
    cases.merge(EARLY, LATE)
    cases.settle()
    assert cases.happened(LATE)[-1] is AdoptionRefused
    assert cases.happened(EARLY)[-1] is MergeRefused
    assert cases.status(EARLY) is Status.ASSIGNED


def test_two_cases_that_ask_each_other_end_as_one() -> None:
    cases = Cases()
    cases.merge(LATE, EARLY)
    cases.merge(EARLY, LATE)
    cases.settle()
    ended = {case: cases.status(case) for case in (EARLY, LATE)}
    assert list(ended.values()).count(Status.MERGED) <= 1
    assert all(state.merge is None for state in cases.states.values())


def test_a_command_that_comes_twice_changes_nothing_more() -> None:
    """The shell knows an answered cause by its id; even without, the second adds no report."""
    once, twice = merged(), Cases()
    twice.merge(LATE, EARLY)
    twice.settle(times=2)
    assert twice.reports(EARLY) == once.reports(EARLY)
    assert twice.status(LATE) is Status.MERGED


def test_a_case_that_was_merged_sends_the_question_on() -> None:
    cases = merged()
    cases.merge(LATEST, LATE)
    cases.settle()
    assert cases.states[LATEST].merged_into == EARLY
    assert cases.reports(EARLY) == ["r-case-1", "r-case-2", "r-case-3"]


def test_a_case_that_does_not_exist_refuses_and_the_asker_goes_on() -> None:
    cases = Cases()
    cases.merge(LATE, "nowhere")
    cases.settle()
    assert cases.happened(LATE)[-1] is MergeRefused
    assert cases.status(LATE) is Status.ASSIGNED


def test_a_case_that_is_over_takes_no_other_in() -> None:
    cases = Cases()
    cases.does(EARLY, decision(Verdict.CLOSE, reason="done by hand"))
    cases.merge(LATE, EARLY)
    cases.settle()
    assert cases.happened(LATE)[-1] is MergeRefused


def test_the_later_case_goes_on_until_the_earlier_has_answered() -> None:
    cases = Cases()
    cases.merge(LATE, EARLY)
    cases.does(LATE, update(Action.RESOLVE, VC, result="filled"))
    assert cases.happened(LATE)[-1] is Resolved
    cases.lands(LATE, Closed(holding=cases.states[LATE].standing.holding or "", how="silence"))
    cases.settle()
    assert cases.status(LATE) is Status.MERGED


def test_triage_undoes_a_merge_and_the_case_is_routed_anew() -> None:
    cases = merged()
    cases.does(LATE, decision(Verdict.UNMERGE, reason="another hole"))
    assert cases.happened(LATE)[-2:] == [Unmerged, Assigned]
    assert cases.states[LATE].merged_into is None
    assert cases.status(EARLY) is Status.ASSIGNED
