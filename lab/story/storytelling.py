"""The story of one case, from its events alone: what happened, why, and where it stands.

    events of one case, in the log's order ─┬─ tell()  ─► Line, Line, …    copies and voids included
    rules, now                              └─ stand() ─► Standing         status, lead, clocks
    one event of any case ─── headline() ─► 07-04 09:12 盘龙村 电杆电线隐患 → 县供电分公司

The rule to remember: **nothing is hidden**. A copy or a void event is told as such and folded
nowhere, by the same table as in the services.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lab.story.grounds import cause, grounds
from lab.story.naming import Names
from lab.story.sentences import quote, what, who
from lab.story.vocabulary import ASSIGNED, REPORTERS, STATUSES, Words
from schemas import events
from schemas.envelope import Message
from schemas.lifecycle import LIFECYCLE, Standing, Status, advance, void_because
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.sla.clocks import Reading, clocks
from services.sla.folding import evolve
from services.sla.state import State


@dataclass(frozen=True, slots=True)
class Line:
    """One event as told to people. `at` is in the county's time zone."""

    at: datetime
    id: str
    type: str
    who: Words
    what: Words
    quote: str | None
    """What somebody wrote, in their own language."""
    grounds: tuple[Words, ...]
    cause: Words
    causationid: str | None
    policyversion: str | None
    void: Words | None = None
    """Why the event counts for nothing; None if it counts."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a case stands at `now`. `readings` are the clocks that were set and still matter."""

    now: datetime
    status: Status
    lead: str | None
    level: Level | None
    assist: tuple[str, ...]
    readings: tuple[Reading, ...]


def tell(story: Iterable[Message[Any]], rules: Rulebook | None) -> list[Line]:
    """All events of one case, each as a line. Without rules, codes stand for names."""
    names, known = Names(rules), dict[str, Message[Any]]()
    lines: list[Line] = []
    for event, void in judged(story):
        parent = known.get(event.causationid or "")
        known.setdefault(event.id, event)
        lines.append(_line(event, parent, void, names))
    return lines


def judged(story: Iterable[Message[Any]]) -> Iterator[tuple[Message[Any], Words | None]]:
    """Each event of a case with the reason why it counts for nothing, or None."""
    standing, seen = Standing(), set[str]()
    for event in story:
        void = _void(standing, event, seen)
        seen.add(event.id)
        if void is None:
            standing = advance(standing, event)
        yield event, void


def _void(standing: Standing, event: Message[Any], seen: set[str]) -> Words | None:
    if event.id in seen:
        return Words("重复记录,不计", "a copy: the first one counts")
    reason = void_because(standing, event.data)
    if reason is None:
        return None
    if standing.status in LIFECYCLE[type(event.data)].after:
        return Words("无效:所涉的承办已经结束", f"void: {reason}")
    return Words(f"无效:案件{STATUSES[standing.status].zh}时不成立", f"void: {reason}")


def _line(
    event: Message[Any], parent: Message[Any] | None, void: Words | None, names: Names
) -> Line:
    return Line(
        at=names.local(event.time),
        id=event.id,
        type=event.type,
        who=who(event, names),
        what=what(event, names),
        quote=quote(event.data),
        grounds=grounds(event, parent, names),
        cause=cause(event, parent),
        causationid=event.causationid,
        policyversion=event.policyversion,
        void=void,
    )


def stand(story: Iterable[Message[Any]], now: datetime) -> Stand:
    """The fold of the story: status and lead by its events, clocks as they read at `now`."""
    state, assigned = State(), None
    for event, void in judged(story):
        if void is None:
            state = evolve(replace(state, standing=advance(state.standing, event)), event)
            assigned = event.data if isinstance(event.data, events.Assigned) else assigned
    holder = state.holder
    return Stand(
        now=now,
        status=state.standing.status,
        lead=holder.department if holder else None,
        level=holder.level if holder else None,
        assist=assigned.assist if holder and assigned else (),
        readings=tuple(clocks(state, now)),
    )


def headline(event: Message[Any], rules: Rulebook | Names | None, matter: str = "") -> str:
    """One Chinese sentence. `matter` is what the case is about (see `matter_of`), for events that
    do not say it themselves; pass `Names` instead of the rulebook where there are many."""
    names = rules if isinstance(rules, Names) else Names(rules)
    about = matter_of(event, names) or matter
    return " ".join(
        part for part in (names.time(event.time), about, _briefly(event, names)) if part
    )


def matter_of(event: Message[Any], names: Names) -> str:
    """``盘龙村 电杆电线隐患``; empty for events that say nothing of place and category."""
    match event.data:
        case (
            events.Opened(area=area, category=category)
            | events.Assigned(area=area, category=category)
            | events.Confirmed(area=area, category=category)
            | events.Corrected(area=area, category=category)
        ):
            return f"{names.village(area)} {names.matter(category).zh}"
        case _:
            return ""


def _briefly(event: Message[Any], names: Names) -> str:
    data = event.data
    match data:
        case events.Opened(reporter=reporter):
            return f"{REPORTERS[reporter.kind].zh}上报"
        case events.Assigned(lead=lead, because=because):
            how = "" if because is events.AssignedBecause.ROUTED else f"{ASSIGNED[because].zh} "
            return f"{how}→ {names.unit(lead).zh}"
        case events.Confirmed(changed=changed):
            return "核实更正" if changed else "核实无误"
        case events.Corrected():
            return "更正"
        case events.UpdateRefused():
            return what(event, names).zh
        case events.DepartmentEvent() | events.Rated():
            words = quote(data)
            said = f"{who(event, names).zh} {what(event, names).zh}"
            return f"{said}:{words}" if words else said
        case _:
            return what(event, names).zh
