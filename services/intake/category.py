"""Category and urgency from words: a report's text comes in, a guess with its reasons goes out.

The one rule to remember: the keyword rule with the most words found wins, then the one whose found
words are longest together, then the first in the file. Words may overlap and all count; each
counts once, however often it stands in the text. The words found are the explanation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from schemas.reference import KeywordRule, Service, Settings, Urgency
from services.intake.masking import without_marks
from services.intake.words import WordIndex


@dataclass(frozen=True, slots=True)
class Guess:
    """A category, the words that speak for it as the rule writes them, and the rule's service."""

    category: str
    words: tuple[str, ...]
    service: Service | None = None


class CategoryRules:
    """One version's keyword rules, indexed once. Some 60 microseconds a text of 400 characters."""

    def __init__(self, keywords: tuple[KeywordRule, ...], settings: Settings) -> None:
        self._rules = keywords
        self._words = WordIndex(chain.from_iterable(rule.words for rule in keywords))
        self._rules_of: dict[str, list[int]] = {}
        for number, rule in enumerate(keywords):
            for word in {word.casefold() for word in rule.words}:
                self._rules_of.setdefault(word, []).append(number)
        self._emergency = tuple(map(str.casefold, settings.emergency_words))
        self._urgent = tuple(map(str.casefold, settings.urgent_words))

    def guess(self, text: str) -> Guess | None:
        """The best rule's category, or None where no rule's word is found."""
        found = self._words.found(without_marks(text))
        if not found:
            return None
        count, length = Counter[int](), Counter[int]()
        for word in found:
            for number in self._rules_of[word]:
                count[number] += 1
                length[number] += len(word)
        best = max(count, key=lambda number: (count[number], length[number], -number))
        rule = self._rules[best]
        spoken = dict.fromkeys(word for word in rule.words if word.casefold() in found)
        return Guess(rule.category, tuple(spoken), rule.service)

    def urgency(self, text: str) -> Urgency:
        """What the words of the text make of it; a sender's own word on urgency goes before."""
        plain = without_marks(text).casefold()
        if any(word in plain for word in self._emergency):
            return Urgency.EMERGENCY
        urgent = any(word in plain for word in self._urgent)
        return Urgency.URGENT if urgent else Urgency.NORMAL
