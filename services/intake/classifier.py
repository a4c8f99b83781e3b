"""The trained classifier: a message's words come in, a category with its chance and reasons go out.

    subject ─► n-grams ─► scores ─┐
    detail  ─► n-grams ─► scores ─┴► sum ─► best label, its lead ─► chance, sure or not, why

A linear model over characters and pairs of characters, weighed by how rare they are and by how much
they tell of the labels (each text of length one). Subject and detail are scored by the same weights and summed. Scoring is plain Python and numpy: a
model is made elsewhere (`lab.training`) and read from one file.

The one rule to remember: **the lead decides whether a person is asked**: how far the best label is
before the second, and how well the others do (where all others are far down, the words are odd). It is
compared with a threshold of that label and that kind of message, chosen in training so that what
passes is right as often as was demanded.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from services.intake.ngrams import ngrams, plain

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]
Kind = Literal["subject", "detail", "both"]
FORMAT = 2
"""Files of format 1 have no `telling.npy`: all terms tell alike."""
SHIPPED = Path(__file__).with_name("shipped.model")
"""Trained on texts written for this project (`lab/training/texts/`)."""
REASONS = 4
"""How many n-grams explain a label."""
NEVER = 1e9
"""A threshold that nothing reaches: a person is always asked."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a model, so that equal training makes equal bytes."""


class ModelError(Exception):
    """The file is no model of ours; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Words:
    """One message. Either part may be missing."""

    subject: str = ""
    detail: str = ""

    @property
    def kind(self) -> Kind:
        if self.subject.strip() and self.detail.strip():
            return "both"
        return "subject" if self.subject.strip() else "detail"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label, the chance that it is right (0–1), whether that is enough to pass unasked, and the
    n-grams that speak most for it and against the second best."""

    label: str
    chance: float
    sure: bool
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """How leads of one kind of message become chances: ``1 / (1 + exp(-lead - lift))`` with
    ``lead = slope·(best - second) + rest·(mean of the others)``, and for each label a lift and the
    least lead that passes."""

    slope: float
    lifts: tuple[float, ...]
    thresholds: tuple[float, ...]
    rest: float = 0.0

    def lead(self, margin: float, others: float) -> float:
        return self.slope * margin + self.rest * others


@dataclass(frozen=True, slots=True)
class Card:
    """What a model says of itself: where it comes from and how good it is."""

    version: str
    data_digest: str
    """SHA-256 over the rows that it was trained on, sorted."""
    labels: tuple[str, ...]
    rows: int
    right: float
    """The share of right ones that was demanded among those that pass unasked."""
    judgements: dict[str, Judgement]
    metrics: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT


class Classifier:
    """A trained model. Some 0.2 ms for a message of 400 characters and 7 labels."""

    def __init__(
        self,
        card: Card,
        terms: Iterable[str],
        idf: Floats,
        weights: Floats,
        telling: Floats | None = None,
    ) -> None:
        self.card = card
        self.terms = list(terms)
        self._number = {term: number for number, term in enumerate(self.terms)}
        self._idf = np.ascontiguousarray(idf, dtype=np.float32)
        known = np.ones(len(self._idf)) if telling is None else telling
        self._telling = np.ascontiguousarray(known, dtype=np.float32)
        self._weight = self._idf * self._telling
        self._weights = np.ascontiguousarray(weights, dtype=np.float32)
        """One row a term, one column a label."""

    # ── scoring ──────────────────────────────────────────────────────────────────────────────

    def suggest(self, words: Words) -> Suggestion | None:
        """The best label; None where no part of the message holds a known n-gram."""
        vectors = [part for part in map(self._vector, (words.subject, words.detail)) if part]
        if not vectors:
            return None
        parts = [(rows, values, self._weights[rows]) for rows, values in vectors]
        scores = np.sum([values @ weights for _, values, weights in parts], axis=0)
        first, second, margin, others = ranked(scores)
        judgement = self.card.judgements.get(words.kind) or self._strictest()
        lead = judgement.lead(margin, others)
        return Suggestion(
            self.card.labels[first],
            round(1 / (1 + math.exp(-lead - judgement.lifts[first])), 4),
            lead >= judgement.thresholds[first],
            self._because(parts, first, second),
        )

    def scores(self, text: str) -> Floats:
        """One text's score for each label; zeros where nothing is known."""
        part = self._vector(text)
        if part is None:
            return np.zeros(len(self.card.labels), dtype=np.float32)
        return part[1] @ self._weights[part[0]]

    def rarity(self) -> dict[str, float]:
        """Inverse document frequency by term."""
        return dict(zip(self.terms, self._idf.tolist(), strict=True))

    def _vector(self, text: str) -> tuple[Rows, Floats] | None:
        """The known terms of a text by number, and what they weigh, of length one."""
        number = self._number
        counts = {number[term]: n for term, n in ngrams(text).items() if term in number}
        if not counts:
            return None
        rows = np.fromiter(counts, dtype=np.intp, count=len(counts))
        tf = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        values = (1 + np.log(tf)) * self._weight[rows]
        return rows, values / np.sqrt(values @ values)

    def _because(
        self, parts: list[tuple[Rows, Floats, Floats]], first: int, second: int
    ) -> tuple[str, ...]:
        """The pairs of characters that weigh most; single ones only where there are no pairs."""
        weight: dict[int, float] = {}
        for rows, values, weights in parts:
            gain = values * (weights[:, first] - weights[:, second])
            for at in np.argsort(-gain)[: 3 * REASONS].tolist():
                row = int(rows[at])
                if gain[at] > 0:
                    weight[row] = weight.get(row, 0) + float(gain[at])
        order = sorted(weight, key=lambda row: (-weight[row], self.terms[row]))
        terms = [self.terms[row] for row in order if len(self.terms[row].strip()) > 1]
        return tuple((terms or [self.terms[row] for row in order])[:REASONS])

    def _strictest(self) -> Judgement:
        """For a kind of message that training never saw: a person is always asked."""
        some = next(iter(self.card.judgements.values()))
        return Judgement(some.slope, some.lifts, tuple(NEVER for _ in some.thresholds))

    # ── the file ─────────────────────────────────────────────────────────────────────────────

    def save(self, path: Path) -> None:
        """One zip: `card.json`, `terms.txt`, `idf.npy`, `telling.npy`, `weights.npy` (half
        precision)."""
        files = {
            "card.json": json.dumps(asdict(self.card), ensure_ascii=False, indent=1).encode(),
            "terms.txt": "\n".join(self.terms).encode(),
            "idf.npy": _npy(self._idf),
            "telling.npy": _npy(self._telling),
            "weights.npy": _npy(self._weights),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)


def load(path: Path) -> Classifier:
    """The model in a file. Raises `ModelError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            card = _card(json.loads(archive.read("card.json")))
            terms = archive.read("terms.txt").decode().split("\n")
            idf, weights = _array(archive, "idf.npy"), _array(archive, "weights.npy")
            telling = _array(archive, "telling.npy") if card.format > 1 else np.ones_like(idf)
    except FileNotFoundError:
        raise ModelError(
            f"{path}: no such file; make one with `gridcase classifier train`"
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise ModelError(f"{path} is no model of gridcase ({error}); train it again") from error
    alike = idf.shape == telling.shape == (len(terms),)
    if not alike or weights.shape != (len(terms), len(card.labels)):
        raise ModelError(f"{path} is damaged: its parts differ in size; train it again")
    return Classifier(card, terms, idf, weights, telling)


def _card(written: dict[str, Any]) -> Card:
    if written.get("format") not in range(1, FORMAT + 1):
        raise ValueError(f"format {written.get('format')}, this program reads up to {FORMAT}")
    judgements = {
        kind: _judgement(written["format"], j) for kind, j in written["judgements"].items()
    }
    fields = {**written, "labels": tuple(written["labels"]), "judgements": judgements}
    return Card(**fields)


def _judgement(format: int, j: dict[str, Any]) -> Judgement:
    """Format 1 has its thresholds in margins, before the slope."""
    unit = j["slope"] if format == 1 else 1.0
    thresholds = tuple(NEVER if least >= NEVER else least * unit for least in j["thresholds"])
    return Judgement(j["slope"], tuple(j["lifts"]), thresholds, j.get("rest", 0.0))


def _array(archive: zipfile.ZipFile, name: str) -> Floats:
    found = np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
    return np.asarray(found, dtype=np.float32)


def _npy(array: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array.astype(np.float16))
    return buffer.getvalue()


def ranked(scores: Floats) -> tuple[int, int, float, float]:
    """The best label, the second, how far they are apart, and the mean score of all others (0 where
    there are none)."""
    first = int(scores.argmax())
    others = scores.copy()
    others[first] = -np.inf
    second = int(others.argmax())
    best, next_best, left = float(scores[first]), float(scores[second]), len(scores) - 2
    mean = (float(scores.sum()) - best - next_best) / left if left else 0.0
    return first, second, best - next_best, mean


def is_empty(text: str) -> bool:
    """Whether nothing is left of a text that could tell a category (blanks, marks, emoji alone)."""
    return not any(character.isalnum() for character in plain(text))
