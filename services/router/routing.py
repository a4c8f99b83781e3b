"""Which department handles a matter: a pure question to the rulebook.

    area, category, service, urgency ─► rules, most specific first ─► unit of the rule's ladder here

The rule to remember: **the first rule that has a unit here wins**. A rule starts at its own level;
where no unit of that level is known (only the town is), the next level up of its ladder takes it.
The answer says why, in one sentence that names the rule and what it matched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from schemas.reference import Department, Level, RoutingRule, Service, Urgency
from schemas.rulebook import Rulebook

Ladder: TypeAlias = Mapping[Level, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Who leads, who helps, at which level, by which rule and why."""

    lead: str
    assist: tuple[str, ...]
    level: Level
    rule: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Unrouted:
    """No rule can decide; `reason` is for the petition officer."""

    reason: str


def choose(
    rules: Rulebook,
    area: str | None,
    category: str | None,
    service: Service | None,
    urgency: Urgency,
    *,
    excluding: Collection[str] = (),
) -> Choice | Unrouted:
    """The department for a matter; `excluding` are departments that have returned it.

    A whistle-blower's report goes by rules for whistle-blowers alone: sent on to the unit that
    happens to handle the category, it might reach those whom it is about."""
    routes = rules.routes(area, category, service, urgency)
    if service is Service.VIOLATION:
        routes = [rule for rule in routes if rule.service is Service.VIOLATION]
    for rule in routes:
        found = unit_from(rules, rule.ladder, rule.level, area)
        if found is not None and found[1].code not in excluding:
            level, unit = found
            why = _why(rule, area, category, level, unit, excluding)
            assist = _assist(rules, rule, area, {unit.code, *excluding})
            return Choice(unit.code, assist, level, rule.id, why)
    return Unrouted(_why_not(routes, area, category, service, urgency, excluding))


def unit_from(
    rules: Rulebook,
    ladder: Ladder,
    level: Level,
    area: str | None,
    *,
    excluding: Collection[str] = (),
) -> tuple[Level, Department] | None:
    """The unit of the ladder at `level`, or of the next level up that has one here."""
    for step in upward(level):
        unit = rules.unit(ladder[step], area) if step in ladder else None
        if unit is not None and unit.code not in excluding:
            return step, unit
    return None


def upward(level: Level | None) -> Iterator[Level]:
    """The level itself, then those above it."""
    while level is not None:
        yield level
        level = level.above


def _assist(
    rules: Rulebook, rule: RoutingRule, area: str | None, without: Collection[str]
) -> tuple[str, ...]:
    units = (rules.unit(name, area) for name in rule.assist)
    codes = dict.fromkeys(unit.code for unit in units if unit is not None)
    return tuple(code for code in codes if code not in without)


def _why(
    rule: RoutingRule,
    area: str | None,
    category: str | None,
    level: Level,
    unit: Department,
    excluding: Collection[str],
) -> str:
    higher = "" if level is rule.level else f", as {area} has none at {rule.level} level"
    others = f", after {', '.join(excluding)} returned it" if excluding else ""
    ours = f" ({rule.why})" if rule.why else ""
    return (
        f"Rule {rule.id} matches {_match(rule, area, category)}{ours}: "
        f"{unit.code} is its unit at {level} level for {area}{higher}{others}."
    )


def _match(rule: RoutingRule, area: str | None, category: str | None) -> str:
    """What the rule asked for and the matter had: ``category roads (of potholes), urgency …``."""
    asked = (
        ("area", rule.area, area),
        ("category", rule.category, category),
        ("service", rule.service, rule.service),
        ("urgency", rule.urgency, rule.urgency),
    )
    said = [
        f"{name} {wanted}" + ("" if wanted == had else f" (of {had})")
        for name, wanted, had in asked
        if wanted is not None
    ]
    return ", ".join(said) or "any matter"


def _why_not(
    routes: list[RoutingRule],
    area: str | None,
    category: str | None,
    service: Service | None,
    urgency: Urgency,
    excluding: Collection[str],
) -> str:
    if not routes:
        kind = f"category {category}" if category else "no category"
        return f"No rule matches area {area}, {kind}, service {service}, urgency {urgency}."
    named = ", ".join(rule.id for rule in routes)
    if excluding:
        return f"No unit is left by the rules {named}: {', '.join(excluding)} returned it."
    return f"The rules {named} match, but no unit of theirs is known for {area}."
