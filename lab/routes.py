"""Who would get a matter, and why not the others: the router's own choice, told candidate by
candidate.

    area, category, service, urgency, time ─► every rule that matches, with what becomes of it

The rule to remember: the winner is what `services.router.routing.choose` says, never decided again
here; this only says why each rule before and after it did not take the matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.reference import Level, RoutingRule, Service, Urgency
from schemas.rulebook import Rulebook
from services.router.routing import Choice, Unrouted, candidates, choose, unit_from


@dataclass(frozen=True, slots=True)
class Matter:
    area: str | None
    category: str | None
    service: Service
    urgency: Urgency
    at: datetime
    excluding: tuple[str, ...] = ()
    """Departments that have returned it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that matches; `unit` is whom it means here, and `outcome` what becomes of it."""

    rule: RoutingRule
    level: Level | None
    unit: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Routed:
    matter: Matter
    candidates: tuple[Candidate, ...]
    choice: Choice | Unrouted


def explain(rules: Rulebook, matter: Matter) -> Routed:
    """All candidates, most specific first. Raises LookupError for an area or a category that the
    rules do not know."""
    if matter.area is not None and rules.area(matter.area) is None:
        raise LookupError(f"there is no area {matter.area} in {rules.version}")
    if matter.category is not None and not rules.is_known_category(matter.category):
        raise LookupError(f"there is no category {matter.category} in {rules.version}")
    asked = (matter.area, matter.category, matter.service, matter.urgency)
    choice = choose(rules, *asked, at=matter.at, excluding=matter.excluding)
    applying = {rule.id for rule in candidates(rules, *asked, at=matter.at)}
    found = [
        _candidate(rule, rules, matter, choice, rule.id in applying)
        for rule in rules.routes(*asked)
    ]
    return Routed(matter, tuple(found), choice)


def _candidate(
    rule: RoutingRule, rules: Rulebook, matter: Matter, choice: Choice | Unrouted, applies: bool
) -> Candidate:
    found = unit_from(rules, rule.ladder, rule.level, matter.area, at=matter.at)
    level, unit = (found[0], found[1].code) if found else (None, None)
    if isinstance(choice, Choice) and choice.rule == rule.id:
        outcome = "wins"
    elif not applies:
        sealed = matter.service is Service.VIOLATION and rule.service is not Service.VIOLATION
        outcome = "not for whistle-blowers" if sealed else "not at this time"
    elif unit is None:
        outcome = "has no unit here"
    elif unit in matter.excluding:
        outcome = "has returned it"
    else:
        outcome = "is less specific"
    return Candidate(rule, level, unit, outcome)


def conditions(rule: RoutingRule) -> str:
    """``area v11, category roads``: what the rule asks for."""
    named = ("area", "category", "service", "urgency", "hours", "days")
    asked = {name: getattr(rule, name) for name in named}
    return ", ".join(f"{name} {value}" for name, value in asked.items() if value) or "any matter"


def as_data(routed: Routed, rules: Rulebook) -> dict[str, Any]:
    """Ready for JSON."""
    matter, choice = routed.matter, routed.choice
    said: dict[str, Any] = {
        "version": rules.version,
        "matter": {
            "area": matter.area,
            "category": matter.category,
            "service": matter.service.value,
            "urgency": matter.urgency.value,
            "at": matter.at.isoformat(),
            "excluding": list(matter.excluding),
        },
        "candidates": [
            {
                "rule": one.rule.id,
                "conditions": conditions(one.rule),
                "level": one.level and one.level.value,
                "unit": one.unit,
                "outcome": one.outcome,
            }
            for one in routed.candidates
        ],
    }
    if isinstance(choice, Unrouted):
        return said | {"triage": choice.reason}
    return said | {
        "lead": choice.lead,
        "level": choice.level.value,
        "assist": list(choice.assist),
        "parts": list(choice.parts),
        "legal_review": choice.legal_review,
        "rule": choice.rule,
        "why": choice.why,
    }
