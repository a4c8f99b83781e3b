"""Rating: what residents think of a result, and what follows from it.

    submit-rating ─► rated, or rating-refused          (a command; comments come in masked)
    rated         ─► reopened, if it is low and in time
    tick          ─► closed, once nobody has objected for long enough

The rule to remember: **a rating concerns one result**, that of the holding that stands now. A case
without a result has nothing to rate, and a low rating reopens only the result that it is about.

The state is the case's fact sheet (`facts`), from which the scorecards are computed as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas import ids
from schemas.commands import SubmitRating
from schemas.envelope import Message
from schemas.events import Closed, Rated, RatingRefused, Reopened
from schemas.inputs import Rating
from schemas.lifecycle import Status
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, Reply, Tick, Timer, says_nothing
from services.rating.facts import State, is_low
from services.rating.folding import evolve
from services.sla.calendar import WorkCalendar

__all__ = ["DECIDER", "State", "decide", "due", "evolve", "initial", "notify"]

CLIMBS_FROM = 2
"""The reopening with this number goes one level up."""

initial = State
notify = says_nothing


def decide(state: State, cause: Cause, rules: Rulebook) -> Decision:
    match cause.data:
        case SubmitRating() as command:
            return _answer(state, command, cause.time)
        case Rated():
            return _reopen(state, cause, rules)
        case Tick():
            return _close(state, cause.id)
        case _:
            return None


def _answer(state: State, command: SubmitRating, at: datetime) -> Decision:
    """A case that nobody knows has no log to write to, and a rating no sender to tell."""
    rating = command.rating
    if state.standing.status is Status.NEW:
        return Reply(unheard="there is no such case")
    result = state.result
    if result is None or result.until is None:
        return _refused(rating, f"the case is {state.standing.status}: it has no result to rate")
    if at < result.until:
        return _refused(rating, "the rating is older than the result that stands now")
    if command.mark is not None and command.mark in _marks(state, rating.case_id):
        return _refused(rating, "whoever handled a case cannot rate it")
    return Rated(
        holding=result.id,
        rating_id=rating.rating_id,
        at=rating.at,
        by=rating.by,
        stars=rating.stars,
        solved=rating.solved,
        comment=rating.comment,
        department=result.department,
        rater=command.rater,
    )


def _marks(state: State, case: str) -> set[str]:
    """The marks of all who spoke for a department in this case."""
    return {ids.mark(case, by) for holding in state.holdings for by in holding.handlers}


def _refused(rating: Rating, why: str) -> RatingRefused:
    return RatingRefused(rating_id=rating.rating_id, by=rating.by, stars=rating.stars, refusal=why)


def _reopen(state: State, cause: Message[Rated], rules: Rulebook) -> Reopened | None:
    rated, result = cause.data, state.result
    if result is None or result.until is None or result.id != rated.holding:
        return None
    if not is_low(rated.stars, rated.solved, rules.settings.low_stars):
        return None
    if cause.time > _reopens_until(result.until, rules):
        return None
    nth = state.reopened + 1
    return Reopened(holding=result.id, because=cause.id, nth=nth, climbs=nth >= CLIMBS_FROM)


def _reopens_until(resolved_at: datetime, rules: Rulebook) -> datetime:
    return WorkCalendar.of(rules.calendar()).add(resolved_at, rules.settings.reopen_window)


def _close(state: State, timer: str) -> Closed | None:
    running, result = due(state), state.result
    if running is None or running.id != timer or result is None:
        return None
    return Closed(holding=result.id, how="rated" if result.ratings else "silence")


def due(state: State) -> Timer | None:
    """When silence closes the case. The days are the case's own, each of 24 hours: a state knows no
    calendar, and where clocks change an hour more or less is nobody's loss."""
    result = state.result
    if state.standing.status is not Status.RESOLVED or result is None or result.until is None:
        return None
    at = result.until + timedelta(days=state.closes_after_days)
    because = result.resolved_by or result.id
    return Timer(ids.derive("timer", because, "closes"), at, because)


DECIDER: Decider[State] = Decider(
    service="rating",
    initial=initial,
    decide=decide,
    evolve=evolve,
    notify=notify,
    due=due,
)
