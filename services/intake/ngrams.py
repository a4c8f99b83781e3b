"""A text as counts of its characters and pairs of characters: what the classifier reads.

The same function serves training and scoring, so that the two cannot drift apart. Width, case
and runs of blanks say nothing about the matter and are folded; so are the marks of what was masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from operator import add

from services.intake.masking import without_marks

LONGEST = 4_000
"""Characters read of a text: what a letter is about stands before that, and time stays bounded."""
_UNSEEN = re.compile(r"[\u200b-\u200f\ufeff\x00-\x08\x0e-\x1b]")


def plain(text: str) -> str:
    """The text as it is compared: half width, lower case, one blank for many."""
    folded = unicodedata.normalize("NFKC", without_marks(text[:LONGEST])).lower()
    return " ".join(_UNSEEN.sub("", folded).split())


def ngrams(text: str) -> Counter[str]:
    """How often each character and each pair of neighbours stands in the plain text."""
    folded = plain(text)
    counts = Counter(folded)
    counts.update(map(add, folded, folded[1:]))
    return counts
