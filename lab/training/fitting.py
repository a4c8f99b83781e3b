"""The fit: labelled rows come in, a `Classifier` goes out that knows how far to trust itself.

    rows ─► texts as n-grams, weighed by how rare and how telling they are
              ├► linear support vectors, one label against the rest, rare labels as heavy as others
              └► the same in folds, each judged by a model that never saw it ─► chances, thresholds

The one rule to remember: **thresholds come from rows that the model had not seen**. Nothing is held
back from the model that is saved; its figures are those of the folds. What an n-gram tells of the
labels is learnt from the rows as well, so it is learnt in each fold anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags_array
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from lab.training.judging import Judged, summary
from lab.training.rows import Labelled, digest_of, folds_of
from services.intake.classifier import FORMAT, NEVER, Card, Classifier, Judgement, Kind, Words
from services.intake.ngrams import ngrams

FOLDS = 5
LEAST = 2
"""Texts that a term must stand in, and rows that a label must have."""
MANY = 5_000
"""Of so many texts or more, a term must stand in one more."""
STRENGTH = 1.0
"""LinearSVC's C; between 0.6 and 2.5 it makes no difference that could be told from chance."""
CAUTION = 0.5
"""Standard errors by which the share of right ones must lie above the one demanded, so that it is met
more often than not by messages nobody has seen."""
FLOOR = 0.1
"""What an n-gram that tells nothing of the labels still weighs; one of a single label weighs 1 more."""
DOUBT = 20
"""Texts of a label before it is believed what n-grams it has."""
ENOUGH = 30
"""Rows seen right or wrong before a kind of message is ever let pass unasked."""
KINDS: tuple[Kind, ...] = ("subject", "detail", "both")
Progress = Callable[[str], None]
Array = npt.NDArray[Any]


class TrainingError(Exception):
    """The rows cannot make a model; the text says why."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """All texts of all rows as one matrix, and which rows of it belong to which message."""

    terms: list[str]
    idf: Array
    counts: csr_matrix
    """One row a text: 1 + log of how often each term stands in it."""
    subject: list[int | None]
    detail: list[int | None]
    owner: Array
    """The message of each text."""


def train(
    rows: Sequence[Labelled],
    *,
    right: float = 0.98,
    seed: int = 0,
    say: Progress = lambda _: None,
) -> Classifier:
    """A model of all rows. `right` is the share of right ones among those that pass unasked.
    Raises `TrainingError`."""
    rows = _enough(rows)
    labels = tuple(sorted({row.label for row in rows}))
    say(f"{len(rows):,} messages, {len(labels)} labels")
    texts = _texts([row.words for row in rows])
    truth = np.array([labels.index(row.label) for row in rows])
    judged = _judged(texts, rows, truth, labels, seed, say)
    by_kind = {kind: [j for j in judged if j.kind == kind] for kind in KINDS}
    judgements: dict[str, Judgement] = {
        kind: judgement
        for kind, found in by_kind.items()
        if (judgement := _judgement(found, len(labels), right)).slope
    }
    say("fitting all")
    telling = _telling(texts.counts, truth[texts.owner], len(labels))
    weights = _fit(_vectors(texts, telling), truth[texts.owner], len(labels))
    digest = digest_of(rows)
    metrics = {
        kind: summary([j for j in judged if j.kind == kind], labels, judgements[kind])
        for kind in judgements
    }
    card = Card(
        version=f"{FORMAT}-{digest[:12]}",
        data_digest=digest,
        labels=labels,
        rows=len(rows),
        right=right,
        judgements=judgements,
        metrics={"folds": metrics},
    )
    return Classifier(card, texts.terms, texts.idf, weights, telling)


def _enough(rows: Sequence[Labelled]) -> list[Labelled]:
    count = Counter(row.label for row in rows)
    kept = [row for row in rows if count[row.label] >= LEAST]
    if len({row.label for row in kept}) < 2:
        raise TrainingError(f"two labels with {LEAST} rows each are needed at least")
    return kept


# ── texts ────────────────────────────────────────────────────────────────────────────────────


def _texts(messages: Sequence[Words]) -> _Texts:
    counts: list[Counter[str]] = []
    owner: list[int] = []
    places: dict[str, list[int | None]] = {"subject": [], "detail": []}
    for number, words in enumerate(messages):
        for part in places:
            text = getattr(words, part)
            places[part].append(len(counts) if text else None)
            if text:
                counts.append(ngrams(text))
                owner.append(number)
    standing = Counter(term for count in counts for term in count)
    least = LEAST + (len(counts) >= MANY)
    terms = sorted(term for term, number in standing.items() if number >= least)
    idf = np.log((1 + len(counts)) / (1 + np.array([standing[t] for t in terms]))) + 1
    matrix = _matrix(counts, {term: n for n, term in enumerate(terms)})
    return _Texts(terms, idf, matrix, places["subject"], places["detail"], np.array(owner))


def _matrix(counts: Iterable[Counter[str]], number: dict[str, int]) -> csr_matrix:
    ends, columns, values = [0], list[int](), list[float]()
    for count in counts:
        known = {number[term]: n for term, n in count.items() if term in number}
        columns += known
        values += known.values()
        ends.append(len(columns))
    shape = (len(ends) - 1, len(number))
    return csr_matrix((1 + np.log(np.array(values, dtype=np.float64)), columns, ends), shape=shape)


def _telling(counts: csr_matrix, truth: Array, labels: int) -> Array:
    """How much each term tells of the label: `FLOOR` for one that is as usual in the texts of every
    label, 1 more for one of a single label. It is 1 less the entropy of its shares, in units of the
    most that it could be."""
    stands = (counts > 0).astype(np.float64)
    each = [truth == label for label in range(labels)]
    shares = np.array(
        [(np.asarray(stands[own].sum(axis=0)).ravel() + 1) / (own.sum() + DOUBT) for own in each]
    )
    shares /= shares.sum(axis=0)
    return np.asarray(FLOOR + 1 + (shares * np.log(shares)).sum(axis=0) / np.log(labels))


def _vectors(texts: _Texts, telling: Array) -> csr_matrix:
    """The texts as weighed terms, each of length one."""
    return normalize(texts.counts @ diags_array(texts.idf * telling))


# ── weights ──────────────────────────────────────────────────────────────────────────────────


def _fit(matrix: csr_matrix, truth: Array, labels: int) -> Array:
    """One row a term, one column a label; zeros for labels that are not in `truth`."""
    present = np.unique(truth)
    weights = np.zeros((matrix.shape[1], labels), dtype=np.float32)
    machine = LinearSVC(
        C=STRENGTH, fit_intercept=False, class_weight="balanced", random_state=0
    ).fit(matrix, truth)
    found = machine.coef_ if len(present) > 2 else np.vstack([-machine.coef_, machine.coef_])
    weights[:, present] = found.T
    return weights


def _judged(
    texts: _Texts,
    rows: Sequence[Labelled],
    truth: Array,
    labels: Sequence[str],
    seed: int,
    say: Progress,
) -> list[Judged]:
    """Every message as each kind that it can be, scored by a model that never saw it."""
    folds = np.array(folds_of(rows, FOLDS, seed))
    out: list[Judged] = []
    for fold in range(FOLDS):
        say(f"fold {fold + 1} of {FOLDS}")
        seen = folds[texts.owner] != fold
        if len(np.unique(truth[texts.owner[seen]])) < 2:
            continue
        known = truth[texts.owner[seen]]
        vectors = _vectors(texts, _telling(texts.counts[seen], known, len(labels)))
        scores = np.asarray(vectors @ _fit(vectors[seen], known, len(labels)))
        for number in np.flatnonzero(folds == fold).tolist():
            out += _as_each_kind(texts, number, scores, int(truth[number]))
    return out


def _as_each_kind(texts: _Texts, number: int, scores: Array, truth: int) -> Iterable[Judged]:
    subject, detail = texts.subject[number], texts.detail[number]
    if subject is not None:
        yield Judged.of("subject", scores[subject], truth)
    if detail is not None:
        yield Judged.of("detail", scores[detail], truth)
    if subject is not None and detail is not None:
        yield Judged.of("both", scores[subject] + scores[detail], truth)


# ── chances and thresholds ───────────────────────────────────────────────────────────────────


def _judgement(judged: Sequence[Judged], labels: int, right: float) -> Judgement:
    """Leads as chances by a logistic curve with a lift for each label (few rows pull it little), and
    one chance to pass, which is another lead for each label: that lets the most pass."""
    hits = np.array([j.is_right for j in judged], dtype=bool)
    if len(judged) < ENOUGH or not hits.any():
        return Judgement(0.0, (0.0,) * labels, (NEVER,) * labels)
    far = np.array([(j.margin, j.others) for j in judged])
    said = np.array([j.said for j in judged])
    if hits.all():  # nothing to learn doubt from: a tie would have been wrong
        far, said, hits = (
            np.vstack([far, (0.0, 0.0)]),
            np.append(said, said[0]),
            np.append(hits, False),
        )
    which = np.eye(labels)[said]
    curve = LogisticRegression(C=1.0, max_iter=1000).fit(np.column_stack([far, which]), hits)
    slope, rest = max(float(curve.coef_[0, 0]), 1e-6), float(curve.coef_[0, 1])
    lifts = curve.coef_[0, 2:] + curve.intercept_[0]
    leads = far @ (slope, rest)
    bar = _bar(leads + lifts[said], hits, right)
    thresholds = np.where(np.isfinite(bar), bar - lifts, NEVER)
    return Judgement(slope, tuple(map(float, lifts)), tuple(map(float, thresholds)), rest)


def _bar(logits: Array, hits: Array, right: float) -> float:
    """The lowest logit above which enough are right, by `CAUTION` standard errors; else infinity."""
    order = np.argsort(-logits, kind="stable")
    number = np.arange(1, len(order) + 1)
    share = np.cumsum(hits[order]) / number
    cautious = share - CAUTION * np.sqrt(
        np.maximum(share * (1 - share), right * (1 - right)) / number
    )
    passing = np.flatnonzero((cautious >= right) & (number >= ENOUGH))
    return float(logits[order[passing[-1]]]) if len(passing) else float("inf")
