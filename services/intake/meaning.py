"""What a report is about: its words and the classifier's suggestion come in, a category goes out.

    given by the sender ─► words of the rules ─► the classifier ─► a best guess, and a person is asked

The one rule to remember: **whatever is in doubt is asked, and goes on meanwhile by its best guess**.
A rule's words count before the classifier; where the classifier is sure of something else, that is
doubt. A label of the classifier is a category's code or its name; one that this version of the
rules does not know says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from schemas.commands import SubmitReport
from schemas.reference import Service, Urgency
from schemas.rulebook import Rulebook
from services.intake.category import CategoryRules


@dataclass(frozen=True, slots=True)
class Meaning:
    """A category with its reasons, and what follows from the words besides."""

    category: str | None
    by: Literal["given", "rule", "classifier", "unsure"]
    why: tuple[str, ...]
    chance: float | None
    model: str | None
    service: Service | None
    urgency: Urgency


def understand(report: SubmitReport, rules: Rulebook) -> Meaning:
    """What the report means under these rules."""
    words, said = category_rules(rules), said_in(report)
    urgency = words.urgency(said)
    if report.category is not None:
        return Meaning(report.category, "given", (), None, None, None, urgency)
    guess, suggested = words.guess(said), report.suggestion
    likely = _category_of(suggested.label, rules) if suggested else None
    chance = suggested.chance if suggested and likely else None
    model = suggested.model if suggested and likely else None
    if guess is not None:
        doubted = bool(suggested and suggested.sure and likely) and not _same(
            rules, guess.category, likely
        )
        by: Literal["rule", "unsure"] = "unsure" if doubted else "rule"
        return Meaning(guess.category, by, guess.words, chance, model, guess.service, urgency)
    if suggested is None or likely is None:
        return Meaning(None, "unsure", (), None, None, None, urgency)
    service = _services(rules).get(likely)
    told: Literal["classifier", "unsure"] = "classifier" if suggested.sure else "unsure"
    return Meaning(likely, told, suggested.because, chance, model, service, urgency)


def said_in(report: SubmitReport) -> str:
    """All words of the report: the text, and what was spoken."""
    return "\n".join([report.text, *(a.transcript for a in report.attachments if a.transcript)])


@lru_cache(maxsize=8)
def category_rules(rules: Rulebook) -> CategoryRules:
    """The words of one version, made ready once."""
    return CategoryRules(rules.reference.keywords, rules.settings)


def _category_of(label: str, rules: Rulebook) -> str | None:
    return label if rules.is_known_category(label) else _names(rules).get(label)


def _same(rules: Rulebook, one: str, other: str | None) -> bool:
    """Whether they are one, or one is the family of the other."""
    return one in rules.category_path(other) or (other or "") in rules.category_path(one)


@lru_cache(maxsize=8)
def _names(rules: Rulebook) -> dict[str, str]:
    """Category by name; of two with one name the leaf, which says more."""
    ordered = sorted(rules.reference.categories, key=lambda category: category.parent is not None)
    return {category.name: category.code for category in ordered}


@lru_cache(maxsize=8)
def _services(rules: Rulebook) -> dict[str, Service]:
    """The service that the words of a category's rule stand for, where they stand for one."""
    return {rule.category: rule.service for rule in rules.reference.keywords if rule.service}
