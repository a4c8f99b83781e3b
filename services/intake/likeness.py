"""How alike two texts are: 0 for nothing in common, 1 for the same words.

The cosine of their pairs of characters, each pair weighed by how rare it is. What is rare comes
from the shipped classifier's texts and not from what was reported lately, so that two texts are as
alike today as they were yesterday, on every machine. A pair that no text of ours holds (the name of
a place, a person, a firm) is as rare as can be, and tells most.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, sqrt

from services.intake.classifier import SHIPPED, load
from services.intake.ngrams import ngrams

Vector = dict[str, float]
"""Pair of characters to weight; of length one."""


def vector(text: str) -> Vector:
    """The pairs of characters of a text; empty where there are none."""
    rare, most = _rarity()
    weights = {
        term: (1 + log(count)) * rare.get(term, most)
        for term, count in ngrams(text).items()
        if len(term) == 2 and term.isalnum()
    }
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / length for term, weight in weights.items()} if length else {}


def likeness(one: Vector, other: Vector) -> float:
    """The cosine of two vectors."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    return sum(weight * many[term] for term, weight in few.items() if term in many)


@lru_cache(maxsize=1)
def _rarity() -> tuple[dict[str, float], float]:
    """Inverse document frequencies by term, and that of a term in no text."""
    known = load(SHIPPED).rarity()
    return known, max(known.values())
