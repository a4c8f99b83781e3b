"""Whatever happens to a case, in whatever order: time is up once, in order, and never too early."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events
from schemas.events import Overdue, Warned
from schemas.lifecycle import void_because
from schemas.reference import DeadlineKind, Reference
from schemas.rulebook import Rulebook
from services.sla.deadlines import work_calendar
from services.sla.domain import DECIDER
from tests.unit.router_words import assigned, reopened, ruled, said
from tests.unit.sla_life import (
    COUNTY,
    LEVELS,
    RESOLVE,
    VC,
    Life,
    a_held_case,
    folded,
    july,
    limits,
)

PAUSES = ("weather", "waiting-for-reporter")
HOLDER_SAYS = (events.Signed, events.Resumed, events.Resolved, events.Returned)


def lawful(life: Life, at: datetime) -> list[events.CaseEvent]:
    """All that somebody may say of the case as it stands."""
    holding = life.holding
    words: list[events.CaseEvent] = [
        *(said(events.Paused, holding, reason=reason) for reason in PAUSES),
        *(said(event, holding) for event in HOLDER_SAYS),
        *(extended(holding, at + timedelta(days=days, hours=5)) for days in (0, 9)),
        assigned(VC, holding, level=LEVELS[VC]),
        assigned(COUNTY, holding, level=LEVELS[COUNTY]),
        said(events.FeedbackGiven, holding),
        reopened(holding),
        events.TriageRequested(holding=holding, reason="unclear"),
    ]
    return [word for word in words if void_because(life.state.standing, word) is None]


def extended(holding: str, until: datetime) -> events.DecisionEvent:
    return ruled(events.Extended, holding=holding, until=until)


durations = st.sampled_from(["30m", "5h", "48h", "4wh", "12wh", "1wd", "3wd", "2cd", "15cd"])
policies = st.builds(
    limits,
    sign=durations,
    respond=durations,
    resolve=durations,
    case=durations,
    climbs=st.lists(st.sampled_from(DeadlineKind), unique=True).map(tuple),
)
gaps = st.one_of(
    st.just(timedelta()),
    st.integers(1, 9 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 9 * 24).map(lambda hours: timedelta(hours=hours)),
)
Story = list[tuple[timedelta, int]]
lives = st.lists(
    st.tuples(gaps, st.sampled_from([0, 0, 0, 1, 1, 2, *range(10)])), min_size=5, max_size=25
)
"""Gaps, and which of the lawful words is said then."""


def lived(policy: Reference, story: Story) -> Life:
    """A case that lives through the story."""
    now = july(4, 9)
    life = Life(policy).opened(now)
    for gap, choice in story:
        now += gap
        life.passes(now)
        words = lawful(life, now)
        life.tell(words[choice % len(words)], now)
        timer = DECIDER.due(life.state)
        assert timer is None or timer.at >= now, "what was ahead stays ahead"
    return life.passes(now + timedelta(days=60))


@settings(max_examples=80, deadline=None)
@given(policies, lives)
def test_every_timer_fires_once_and_in_order(policy: Reference, story: Story) -> None:
    life = lived(policy, story)
    assert all(earlier.at <= later.at for earlier, later in pairwise(life.fired))
    assert len({timer.id for timer in life.fired}) == len(life.fired)
    said = [record for record in life.log if isinstance(record.data, Warned | Overdue)]
    assert [record.time for record in said] == [timer.at for timer in life.fired]


@settings(max_examples=60, deadline=None)
@given(policies, lives)
def test_nothing_is_overdue_before_it_is_due_nor_due_twice(policy: Reference, story: Story) -> None:
    """An overdue says the due moment of the last `deadline-set` of its kind and holding."""
    life = lived(policy, story)
    due: dict[tuple[str | None, DeadlineKind], datetime] = {}
    overdue: set[tuple[str | None, DeadlineKind, datetime]] = set()
    for record in life.log:
        data = record.data
        if isinstance(data, events.DeadlineSet):
            due |= {(data.holding, each.kind): each.due for each in data.deadlines}
        if isinstance(data, Overdue):
            assert record.time == data.due == due[data.holding, data.kind]
            assert (data.holding, data.kind, data.due) not in overdue
            overdue.add((data.holding, data.kind, data.due))
        if isinstance(data, Warned) and not data.supervision:
            assert record.time < data.due == due[data.holding, data.kind]


@settings(max_examples=60, deadline=None)
@given(policies, lives)
def test_a_holding_climbs_at_most_once_and_a_case_is_not_supervised_twice_for_itself(
    policy: Reference, story: Story
) -> None:
    life = lived(policy, story)
    lifted = [
        record.data.holding
        for record in life.log
        if isinstance(record.data, events.Escalated | events.Supervised) and record.data.holding
    ]
    for_itself = [record for record in life.of(events.Supervised) if not record.data.holding]
    assert len(lifted) == len(set(lifted))
    assert len(for_itself) <= 1


@settings(max_examples=60, deadline=None)
@given(policies, lives)
def test_the_log_folds_to_the_state(policy: Reference, story: Story) -> None:
    life = lived(policy, story)
    state = DECIDER.initial()
    for record in life.log:
        state = folded(state, record)
    assert state == life.state


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["3wd", "20wh", "48h", "5cd"]),
    st.lists(st.integers(0, 60 * 60), min_size=2, max_size=8, unique=True).map(sorted),
)
def test_a_pause_takes_nothing_and_gives_nothing(duration: str, minutes: list[int]) -> None:
    """The time that the holder had, pauses left out, is what the policy grants."""
    policy = limits(sign="1h", resolve=duration, climbs=())
    life = a_held_case(policy)
    granted = timed(policy, july(4, 9), life.due(RESOLVE), duration)
    paused = 0.0
    moments = [july(4, 11) + timedelta(minutes=each) for each in minutes]
    for start, end in zip(moments[::2], moments[1::2], strict=False):
        if start < life.due(RESOLVE):
            paused += timed(policy, start, end, duration)
        life.paused(start).resumed(end)
    assert timed(policy, july(4, 9), life.due(RESOLVE), duration) - paused == granted


def timed(policy: Reference, start: datetime, end: datetime, duration: str) -> float:
    """Seconds as a deadline of this duration counts them."""
    if duration.endswith(("wh", "wd")):
        return work_calendar(Rulebook(policy)).between(start, end)
    return (end - start).total_seconds()
