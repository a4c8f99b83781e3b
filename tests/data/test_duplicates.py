"""Duplicates, measured: 110 pairs of real letters, judged by hand, against what would be joined.

`hotspot_pairs.csv` holds the ids of the letters alone, whether they are about one matter, and for
how many pairs of its band of likeness each stands. The letters are no part of the project (see
`test_real_data`). The pairs were drawn, with a seed, from all pairs of letters within 30 days that
have anything in common, in seven bands, so that the doubtful ones are not missing.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import pytest

from schemas.reference import Duplicates
from services.intake.likeness import likeness, vector
from tests.data.test_real_data import DATA, ROOT

FILE = DATA / "messages/hotspots.csv"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"there is no {FILE}")
DISTRICT = re.compile(r"[A-Z]\d+(?=[市县区])")


@dataclass(frozen=True)
class Pair:
    likeness: float
    same: bool
    stands_for: float
    apart: bool
    """The letters name districts, and none in common."""


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    csv.field_size_limit(10**8)
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        letters = {row["id"]: f"{row['subject']}\n{row['detail']}" for row in csv.DictReader(file)}
    with (ROOT / "tests/data/hotspot_pairs.csv").open(encoding="utf-8") as file:
        return [_pair(row, letters) for row in csv.DictReader(file)]


def _pair(row: dict[str, str], letters: dict[str, str]) -> Pair:
    one, other = letters[row["one"]], letters[row["other"]]
    here, there = set(DISTRICT.findall(one)), set(DISTRICT.findall(other))
    return Pair(
        likeness(vector(one), vector(other)),
        row["same"] == "1",
        float(row["stands_for"]),
        bool(here and there and not here & there),
    )


def measure(pairs: list[Pair], needed: float) -> tuple[float, float]:
    """Precision and recall over all pairs that these stand for."""
    joined = [p for p in pairs if p.likeness >= needed and not p.apart]
    right = sum(p.stands_for for p in joined if p.same)
    return (
        right / sum(p.stands_for for p in joined),
        right / sum(p.stands_for for p in pairs if p.same),
    )


def test_most_pairs_that_would_be_joined_are_of_one_matter(pairs: list[Pair]) -> None:
    limits = Duplicates()
    for needed in (0.25, limits.likeness, limits.likeness_elsewhere):
        precision, recall = measure(pairs, needed)
        print(f"\nlikeness {needed}: precision {precision:.3f}, recall of pairs {recall:.3f}")
    precision, recall = measure(pairs, limits.likeness)
    assert precision >= 0.87
    assert recall >= 0.5
    assert measure(pairs, limits.likeness_elsewhere)[0] >= 0.95
