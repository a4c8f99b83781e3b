"""A text as counts of its characters and pairs of characters: what the classifier reads.

The same function serves training and scoring, so that the two cannot drift apart. Width, case,
runs of blanks and of digits say nothing about the matter and are folded; so are the marks of what
was masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from operator import add

from services.intake.masking import without_marks

LONGEST = 4_000
"""Characters read of a text: what a letter is about stands before that, and time stays bounded."""
_BLANKS = re.compile(r"[\s\u200b-\u200f\ufeff\x00-\x1f]+")
_DIGITS = re.compile(r"\d+")
_ASCII_CODE = re.compile(r"[a-z]0?(?=[市县区镇])")
"""Places made anonymous (A3区, K市): which letter it was is chance."""


def plain(text: str) -> str:
    """The text as it is compared: half width, lower case, one blank for many, 0 for any number."""
    folded = unicodedata.normalize("NFKC", without_marks(text[:LONGEST])).lower()
    numbered = _DIGITS.sub("0", _BLANKS.sub(" ", folded)).strip()
    return _ASCII_CODE.sub("#", numbered)


def ngrams(text: str) -> Counter[str]:
    """How often each character and each pair of neighbours stands in the plain text."""
    folded = plain(text)
    counts = Counter(folded)
    counts.update(map(add, folded, folded[1:]))
    return counts
