"""A report that is one more word on an open case joins it; it is never lost and never in two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given as random
from hypothesis import strategies as st

from schemas import ids
from schemas.commands import ConfirmReport, NearCase, ReporterOnLog, SubmitReport
from schemas.envelope import Message
from schemas.events import (
    Confirmed,
    Joining,
    Merged,
    Opened,
    Reopened,
    ReportAdded,
    ReportDeclined,
    ReportParted,
    Resolved,
    Unmerged,
)
from schemas.inputs import Channel, ReporterKind, TriageDecision, Verdict
from schemas.joins import AddReport, OpenReport, PartReport
from schemas.reference import Duplicates, Settings
from schemas.rulebook import Rulebook, Rulebooks
from services.decider import Reply
from services.intake.app import ToTheirCases
from services.intake.domain import DECIDER, preview
from services.intake.likeness import likeness, vector
from services.intake.nearby import SEEN_BY_INDEX, Nearby
from services.shell.desk import COMMANDS, LOG, Desk, Outgoing
from tests.county import small_county
from tests.story import CASE, START, given

TEXT = "盘龙桥头的路灯坏了三天，晚上很黑，请尽快派人来修"
ALIKE = "桥头路灯坏了好几天，盘龙这里晚上很黑，派人修一下"
OTHER = "学校后门的路灯一直闪个不停，白天也亮着浪费电"
SETTINGS = Settings(emergency_words=("塌方",), duplicates=Duplicates())
RULES = Rulebook(small_county(settings=SETTINGS))


def report(report_id: str = "r1", text: str = TEXT, **changes: Any) -> SubmitReport:
    fields: dict[str, Any] = {
        "origin": "reports.submitted",
        "received_at": START,
        "source": "test",
        "report_id": report_id,
        "submitted_at": START,
        "text": text,
        "digest": f"d-{report_id}",
        "channel": Channel.TEXT,
        "grid": "g111",
        "reporter": ReporterOnLog(kind=ReporterKind.RESIDENT, ref="p1"),
    }
    return SubmitReport(**fields | changes)


def opened(report_id: str = "r1", text: str = TEXT, **changes: Any) -> Opened:
    found = preview(report(report_id, text, **changes), RULES)
    assert found is not None
    return found


SECOND = ids.case_id("test", "r2")
NEAR = NearCase(case=CASE, likeness=0.5)
FAR = START + timedelta(days=20)
LATER = START + timedelta(hours=2)


def index(*, at: Any = START, **changes: Any) -> Nearby:
    nearby = Nearby()
    case = opened(submitted_at=at, **changes)
    nearby.see(Message(ids.derive("e"), "/services/intake", CASE, at, case), RULES)
    return nearby


# ── texts ────────────────────────────────────────────────────────────────────────────────────


def test_two_tellings_of_one_matter_are_more_alike_than_two_matters_of_a_kind() -> None:
    one, two, other = vector(TEXT), vector(ALIKE), vector(OTHER)
    assert likeness(one, two) > 0.3 > likeness(one, other)


@random(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_and_between_nothing_and_all(one: str, two: str) -> None:
    a, b = vector(one), vector(two)
    assert abs(likeness(a, b) - likeness(b, a)) < 1e-9
    assert -1e-9 <= likeness(a, b) <= 1 + 1e-9
    assert not a or abs(likeness(a, a) - 1) < 1e-9


# ── the suggestion ───────────────────────────────────────────────────────────────────────────


def near(nearby: Nearby, text: str = ALIKE, **changes: Any) -> str | None:
    asked = opened("r2", text, **{"submitted_at": LATER} | changes)
    found = nearby.find(SECOND, asked, RULES)
    return found.case if found else None


def test_an_open_case_near_in_place_time_category_and_words_is_found() -> None:
    assert near(index()) == CASE
    assert near(index(), grid="g112") == CASE


def test_what_is_far_in_any_of_them_is_not() -> None:
    assert near(index(), text=OTHER) is None
    assert near(index(), grid="g211") is None
    assert near(index(), category="potholes") is None
    assert near(index(), submitted_at=FAR, received_at=FAR) is None
    assert near(index(), text="路灯坏了") is None


def test_reports_of_violations_and_doubtful_ones_join_nothing() -> None:
    assert near(index(), service="violation") is None
    assert near(index(service="violation")) is None
    assert near(index(), text="盘龙桥头晚上很黑，请尽快派人来修一下，坏了三天") is None


def test_an_emergency_never_hides_in_a_calmer_case() -> None:
    assert near(index(), urgency="emergency") is None


def test_only_an_earlier_case_is_joined_so_no_two_wait_for_each_other() -> None:
    assert near(index(at=LATER + timedelta(hours=1))) is None


def test_a_case_that_has_ended_is_not_joined_and_one_that_is_corrected_has_moved() -> None:
    nearby, wanted = index(), opened("r2", ALIKE, submitted_at=LATER)
    done = Resolved(holding=ids.derive("e"), department="d", update_id="u", by="x", at=START)
    again = Reopened(holding="h", because="low-rating", nth=1, climbs=False)
    told = Confirmed(decision_id="k", by="x", category="land", area="g111", changed=True)
    for event, found in ((done, False), (again, True), (told, False)):
        nearby.see(Message(ids.derive(event.TYPE), "/services/x", CASE, START, event), RULES)
        assert (nearby.find(SECOND, wanted, RULES) is not None) is found


def test_a_case_that_triage_merged_is_not_joined_until_it_is_a_case_of_its_own_again() -> None:
    nearby, wanted = index(), opened("r2", ALIKE, submitted_at=LATER)
    merged = Merged(into=ids.case_id("test", "r0"), merging=ids.derive("m"))
    apart = Unmerged(decision_id="k", by="x", at=LATER, into=merged.into)
    for event, found in ((merged, False), (apart, True)):
        assert type(event) in SEEN_BY_INDEX
        nearby.see(Message(ids.derive(event.TYPE), "/services/router", CASE, LATER, event), RULES)
        assert (nearby.find(SECOND, wanted, RULES) is not None) is found


def test_of_two_that_come_at_once_the_second_finds_the_first() -> None:
    nearby = Nearby()
    nearby.expect(CASE, opened(), RULES)
    assert near(nearby) == CASE


def test_rules_that_do_not_look_for_duplicates_find_none() -> None:
    rules = Rulebook(small_county())
    asked = opened("r2", ALIKE, submitted_at=LATER)
    assert index().find(SECOND, asked, rules) is None


# ── what becomes of it ───────────────────────────────────────────────────────────────────────


def joining(report_id: str = "r2") -> Joining:
    return Joining(into=CASE, likeness=0.5, report=opened(report_id, ALIKE))


def test_a_report_with_a_near_case_asks_to_join_it_and_opens_none() -> None:
    story = given(DECIDER).when(report("r2", ALIKE, near=NEAR))
    story.then(Joining, into=CASE, likeness=0.5)
    assert not story.happens().state.is_new


def test_the_open_case_is_asked_and_takes_the_report_in() -> None:
    (ask,) = given(DECIDER, joining()).told
    assert ask.key == CASE
    assert isinstance(ask.data, AddReport)
    given(DECIDER, opened()).when(ask.data).then(
        ReportAdded, report_id="r2", likeness=0.5, text=ALIKE
    )


def test_a_report_that_was_taken_in_is_no_news() -> None:
    (ask,) = given(DECIDER, joining()).told
    given(DECIDER, opened()).when(ask.data).happens().when(ask.data).then(None)


def test_a_case_that_is_none_or_about_something_else_by_now_declines_and_the_report_opens() -> None:
    (ask,) = given(DECIDER, joining()).told
    given(DECIDER).when(ask.data).then(ReportDeclined, case=CASE, report_id="r2")
    moved = opened(category="potholes")
    story = given(DECIDER, moved).when(ask.data)
    (word,) = story.then(ReportDeclined).happens().told
    assert isinstance(word.data, OpenReport)
    assert word.key == CASE
    given(DECIDER, joining()).when(word.data).then(Opened, report_id="r2", text=ALIKE)


def test_the_same_report_again_changes_nothing_and_another_content_is_rejected() -> None:
    story = given(DECIDER, joining())
    story.when(report("r2", ALIKE)).then(None)
    story.when(report("r2", ALIKE, near=NEAR)).then(None)
    assert isinstance(story.when(report("r2", "别的", digest="x")).decision, Reply)


def test_a_person_parts_what_was_joined_by_mistake() -> None:
    decision = TriageDecision(
        case_id=CASE, decision_id="k", at=START, by="officer", action=Verdict.CONFIRM, grid="g211"
    )
    confirm = ConfirmReport(origin="triage.decisions", received_at=START, decision=decision)
    story = given(DECIDER, joining()).when(confirm).then(Opened, report_id="r2", area="g211")
    (word,) = story.happens().told
    assert isinstance(word.data, PartReport)
    (ask,) = given(DECIDER, joining()).told
    other = given(DECIDER, opened()).when(ask.data).happens().when(word.data)
    other.then(ReportParted, report_id="r2")
    other.happens().when(word.data).then(None)


def test_a_report_that_cannot_be_a_case_cannot_join_one() -> None:
    asked = given(DECIDER).when(report("r2", ALIKE, grid="g999", near=NEAR))
    assert isinstance(asked.decision, Reply)


# ── under any order and any repeat ───────────────────────────────────────────────────────────


@random(st.data())
def test_whatever_is_repeated_or_late_every_report_is_in_exactly_one_case(data: Any) -> None:
    """Two desks of one partition's cases, messages delivered in any order and any number of times."""
    desk = Desk(DECIDER, Rulebooks([small_county(settings=SETTINGS)]), 0)
    log: list[Message[Any]] = []
    commands: list[Message[Any]] = [
        Message(ids.derive("c", n), "/door", ids.case_id("test", f"r{n}"), START, command)
        for n, command in enumerate(
            [
                report("r0"),
                report("r1", near=NearCase(case=ids.case_id("test", "r0"), likeness=0.9)),
                report("r2", near=NearCase(case=ids.case_id("test", "r1"), likeness=0.9)),
                report("r3", near=NearCase(case=ids.case_id("test", "nobody"), likeness=0.9)),
            ]
        )
    ]
    pool, offset = list(commands), 0
    for _ in range(200):
        if not pool:
            break
        at = data.draw(st.integers(0, len(pool) - 1))
        command = pool[at] if data.draw(st.booleans()) and len(log) < 30 else pool.pop(at)
        desk.command(offset, command)
        offset += 1
        for _turn in range(6):
            desk.settle()
            if desk.needs_log_end():
                desk.log_ends_at(len(log))
                desk.settle()
            for out in desk.take_outgoing():
                if out.topic == "case.events":
                    log.append(out.message)
                    desk.read(len(log) - 1, out.message)
                elif out.topic == "intake.commands":
                    pool.append(
                        Message(
                            out.message.id, "/services/intake", out.key, out.message.time,
                            out.message.data,
                        )
                    )  # fmt: skip
    places: dict[str, list[str]] = {}
    for entry in desk.entries.values():
        for known in entry.state.reports if entry.state.standing.status != "new" else ():
            places.setdefault(known.report_id, []).append(entry.id)
    assert {name: len(cases) for name, cases in places.items()} == {f"r{n}": 1 for n in range(4)}
    assert not desk.take_failures()
    assert desk.committable()[COMMANDS] == offset
    assert desk.committable()[LOG] == len(log)


# ── on the wire ──────────────────────────────────────────────────────────────────────────────


async def test_what_one_case_says_to_another_is_a_command_about_the_other() -> None:
    asked = AddReport(
        origin="case.events", received_at=START, case=SECOND, likeness=0.5, report=opened("r2")
    )
    told = Message(ids.derive("n"), "/services/intake", SECOND, START, asked)
    event = Message(ids.derive("o"), "/services/intake", SECOND, START, opened("r2"))
    out = await ToTheirCases()(
        [Outgoing("intake.commands", CASE, told), Outgoing("case.events", SECOND, event)]
    )
    assert [item.message.subject for item in out] == [CASE, SECOND]


def test_the_door_suggests_the_open_case_and_the_first_of_two_at_once() -> None:
    nearby = Nearby()
    first, second = opened(), opened("r2", ALIKE, submitted_at=LATER)
    assert nearby.find(CASE, first, RULES) is None
    nearby.expect(CASE, first, RULES)
    found = nearby.find(SECOND, second, RULES)
    assert found is not None
    assert found.case == CASE
    gone = ReportDeclined(case=SECOND, source="test", report_id="r2", reason="it is no case")
    nearby.see(Message(ids.derive("x"), "/services/intake", CASE, START, gone), RULES)
    assert nearby.find(SECOND, second, RULES) is None
