"""What must hold whatever departments, officers and clocks do to a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.commands import AnswerMerge
from schemas.envelope import Message
from schemas.events import (
    CaseEvent,
    Closed,
    Escalated,
    FeedbackGiven,
    Opened,
    Reopened,
    Resolved,
    Returned,
)
from schemas.ids import derive
from schemas.inputs import Action, Verdict
from schemas.lifecycle import ENDED, HELD, Status, void_because
from schemas.outputs import AssignmentCreated, AssignmentRevoked
from schemas.reference import Level, RoutingRule, Service, Urgency
from schemas.rulebook import Rulebook
from schemas.topics import ROUTER_COMMANDS
from services.decider import Notice, Reply, Tick
from services.router.domain import DECIDER, State
from services.router.routing import Choice, Unrouted, choose, upward
from tests.county import CLIMB, small_county
from tests.story import CASE, Story, message, moment
from tests.unit.router_words import (
    a_held_case,
    assigned,
    decision,
    escalated,
    opened,
    reopened,
    said,
    update,
)

COUNTY = small_county()
FALLBACKS = tuple(
    RoutingRule(id=f"any-{level}", level=level, ladder=CLIMB, **{field: value})
    for level, field, value in (
        (Level.TOWN, "area", "c"),
        (Level.COUNTY, "area", None),
    )
)
RULES = Rulebook(small_county(rules=(*COUNTY.rules, *FALLBACKS)))
STATES: TypeAdapter[State] = TypeAdapter(State)

areas = st.sampled_from([area.code for area in COUNTY.areas])
categories = st.sampled_from([category.code for category in COUNTY.categories])
departments = st.sampled_from([unit.code for unit in COUNTY.departments])
updates = st.builds(
    update,
    st.sampled_from(Action),
    departments,
    reason=st.sampled_from(["not-ours", "weather", "help", None]),
    result=st.sampled_from(["done", None]),
    until=st.just(moment(9999)),
    teams=st.lists(departments, max_size=2),
    major=st.booleans(),
    settlement=st.sampled_from([None, {"outcome": "settled"}, {"outcome": "failed"}]),
)
verdicts = st.builds(
    decision,
    st.sampled_from(Verdict),
    department=departments,
    category=categories,
    grid=areas,
    into=st.just("another case"),
    outcome=st.sampled_from(["approved", "objected"]),
    reason=st.sampled_from([None, "so it is"]),
)
CLOCKS = ("late", "unhappy", "silent", "team late", "merge answered", "merge refused")
walks = st.lists(
    st.one_of(updates, verdicts, st.sampled_from(CLOCKS), st.just("lead")), max_size=25
)


class World:
    """A case among departments that believe what they are told."""

    def __init__(self, **matter: Any) -> None:
        self.story = Story(DECIDER, RULES)
        self.log: list[tuple[Message[Any], list[Notice]]] = []
        self.believers: dict[str, str] = {}
        self.lands(opened(**matter))

    @property
    def state(self) -> State:
        return self.story.state

    def lands(self, data: CaseEvent) -> None:
        """An event lands, and whatever follows from it."""
        event = message(data, id=f"e{len(self.log) + 1}", at=moment(len(self.log)))
        self.story.and_(event)
        self.log.append((event, self.story.told))
        self._believe(self.story.told)
        self._follow(event)

    def does(self, step: Any) -> None:
        cause = self._clock(step) if isinstance(step, str) else step
        if isinstance(cause, Message):
            self._follow(cause)
        elif isinstance(cause, CaseEvent):
            if void_because(self.state.standing, cause) is None:
                self.lands(cause)
        elif cause is not None:
            self._follow(message(cause, id=f"c{len(self.log)}", at=moment(len(self.log))))

    def _follow(self, cause: Message[Any]) -> None:
        answer = self.story.when(cause).decision
        if isinstance(answer, CaseEvent):
            self.lands(answer)

    def _clock(self, step: str) -> Any:
        """What time and residents do, and a lead that resolves."""
        holding, level = self.state.standing.holding or "", self.state.now.level
        match step:
            case "late" if level and level.above:
                return escalated(holding, level, level.above)
            case "unhappy":
                return reopened(holding, 1, climbs=True)
            case "team late":
                timer = DECIDER.due(self.state)
                return timer and Message(
                    timer.id, "/timers", CASE, timer.at, Tick(), causationid=timer.because
                )
            case "merge answered" | "merge refused" if self.state.merge:
                refusal = "no" if step.endswith("refused") else None
                merge = self.state.merge
                return AnswerMerge(into=merge.into, merging=merge.id, refusal=refusal)
            case "silent":
                return Closed(holding=holding, how="silence")
            case "lead" if self.state.lead:
                return update(Action.RESOLVE, self.state.lead, result="done")
            case _:
                return None

    def _believe(self, notices: list[Notice]) -> None:
        for notice in notices:
            if notice.topic == ROUTER_COMMANDS.name:
                continue
            department = notice.topic.partition(".")[2]
            if isinstance(notice.data, AssignmentCreated):
                self.believers[department] = notice.data.role
            elif isinstance(notice.data, AssignmentRevoked):
                del self.believers[department]  # nothing is taken from who does not have it


def walked(steps: list[Any], **matter: Any) -> World:
    world = World(**matter)
    for step in steps:
        world.does(step)
    return world


matters = st.fixed_dictionaries(
    {
        "area": areas,
        "category": st.none() | categories,
        "service": st.sampled_from(Service),
        "urgency": st.sampled_from(Urgency),
    }
)


@for_all(walks, matters)
@settings(max_examples=150, deadline=None)
def test_a_case_is_always_held_or_in_triage_or_done(steps: list[Any], matter: Any) -> None:
    world = walked(steps, **matter)
    assert world.state.standing.status in HELD | ENDED | {Status.TRIAGE, Status.RESOLVED}
    assert (world.state.lead is None) == (world.state.standing.status is Status.TRIAGE) or (
        world.state.standing.status in ENDED
    )


@for_all(walks, matters)
@settings(max_examples=150, deadline=None)
def test_departments_believe_what_is_so(steps: list[Any], matter: Any) -> None:
    world = walked(steps, **matter)
    now = world.state.now
    gone = world.state.standing.status in (Status.WITHDRAWN, Status.MERGED)
    roles = dict.fromkeys(now.helpers, "assist") | ({now.lead: "lead"} if now.lead else {})
    assert world.believers == ({} if gone else roles)
    assert now.lead not in now.helpers


@for_all(walks, matters)
@settings(max_examples=150, deadline=None)
def test_a_case_never_resolves_over_an_open_part_or_a_missing_review(
    steps: list[Any], matter: Any
) -> None:
    world = World(**matter)
    for step in steps:
        before = world.state
        world.does(step)
        if Resolved in [type(event.data) for event, _ in world.log[-1:]]:
            assert not before.open_parts and not before.review_needed


@for_all(walks, matters)
@settings(max_examples=100, deadline=None)
def test_a_repeat_after_a_crash_says_the_same(steps: list[Any], matter: Any) -> None:
    world = walked(steps, **matter)
    for event, told in world.log:
        assert DECIDER.notify(world.state, event) == told


@for_all(walks, matters)
@settings(max_examples=100, deadline=None)
def test_what_was_answered_is_not_answered_again(steps: list[Any], matter: Any) -> None:
    """Asked again on a newer state, a cause that placed the case says None."""
    world = walked(steps, **matter)
    for event, _ in world.log:
        if isinstance(event.data, (Opened, Returned, Escalated, Reopened)):
            assert DECIDER.decide(world.state, event, RULES) is None


@for_all(walks, matters)
@settings(max_examples=100, deadline=None)
def test_any_state_survives_the_database(steps: list[Any], matter: Any) -> None:
    state = walked(steps, **matter).state
    stored = STATES.dump_python(state, mode="json", exclude_defaults=True)
    assert STATES.validate_python(stored) == state
    assert STATES.validate_json(STATES.dump_json(state)) == state


@for_all(walks, departments)
@settings(max_examples=100, deadline=None)
def test_a_stranger_leaves_nothing_on_the_log(steps: list[Any], stranger: str) -> None:
    world = walked(steps)
    asked = message(update(Action.RESOLVE, stranger, result="x"))
    answer = DECIDER.decide(world.state, asked, RULES)
    assert isinstance(answer, Reply) != world.state.ever_held(stranger)


@for_all(areas, st.none() | categories, st.sampled_from(Service), st.sampled_from(Urgency),
         st.frozensets(departments))  # fmt: skip
def test_a_choice_is_never_somebody_who_returned_it(
    area: str, category: str | None, service: Service, urgency: Urgency, gone: frozenset[str]
) -> None:
    found = choose(RULES, area, category, service, urgency, excluding=sorted(gone))
    if isinstance(found, Unrouted):
        return
    assert isinstance(found, Choice)
    assert not gone & {found.lead, *found.assist}
    assert found.lead not in found.assist
    rule = next(rule for rule in RULES.reference.rules if rule.id == found.rule)
    assert found.level in upward(rule.level)
    assert found.why.startswith(f"Rule {rule.id} matches") and found.why.endswith(".")


def test_departments_that_only_return_a_case_end_in_triage() -> None:
    world = World()
    bounces = 0
    while world.state.lead:
        world.does(update(Action.RETURN, world.state.lead, reason="not-ours"))
        bounces += 1
    assert world.state.standing.status is Status.TRIAGE and bounces == 3


def test_an_ordinary_case_is_stored_in_less_than_a_kilobyte() -> None:
    story = a_held_case(
        escalated("e2"),
        assigned("governance-t1", "e2", assist=("vc-v11",)),
        said(FeedbackGiven, "e5", "governance-t1", result="on our way"),
    )
    words = "路面坑洼,雨后积水,老人出行不便,请尽快处理。" * 3
    ids = {f"e{n}": derive(n) for n in (1, 2, 5)}
    holdings = [replace(held, id=ids[held.id]) for held in story.state.ledger]
    state = replace(story.state, text=words, before=tuple(holdings[:-1]), now=holdings[-1])
    assert len(STATES.dump_json(state, exclude_defaults=True)) < 1000
