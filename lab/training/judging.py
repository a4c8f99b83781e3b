"""How good a model is: judged messages come in, figures with their denominators go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import thread_time
from typing import Any

import numpy.typing as npt

from lab.training.rows import Labelled
from services.intake.classifier import Classifier, Judgement, Kind, ranked

Array = npt.NDArray[Any]
STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of messages, surest first, for which the share of right ones is told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One message as a model sees it: what it says, how far that is before the second, how the others
    do on the mean, and what is true (numbers of labels; -1 for a label that the model does not know)."""

    kind: Kind
    said: int
    margin: float
    others: float
    truth: int

    @classmethod
    def of(cls, kind: Kind, scores: Array, truth: int) -> Judged:
        said, _, margin, others = ranked(scores)
        return cls(kind, said, margin, others, truth)

    @property
    def is_right(self) -> bool:
        return self.said == self.truth


def judge(model: Classifier, rows: Sequence[Labelled]) -> tuple[list[Judged], float]:
    """Each row as the model sees it, and the mean seconds of this machine's time that one took to score, reasons
    included."""
    number = {label: n for n, label in enumerate(model.card.labels)}
    judged = [
        Judged.of(
            row.words.kind,
            model.scores(row.words.subject) + model.scores(row.words.detail),
            number.get(row.label, -1),
        )
        for row in rows
    ]
    sample = rows[:500]
    began = thread_time()
    for row in sample:
        model.suggest(row.words)
    return judged, (thread_time() - began) / max(len(sample), 1)


def report(model: Classifier, rows: Sequence[Labelled]) -> dict[str, Any]:
    """What `evaluate` says: for all rows, and for each kind of message that is among them."""
    judged, seconds = judge(model, rows)
    card = model.card
    kinds: dict[str, Any] = {}
    for kind in dict.fromkeys(j.kind for j in judged):
        of_kind = [j for j in judged if j.kind == kind]
        kinds[kind] = summary(of_kind, card.labels, card.judgements.get(kind))
    main = max(kinds, key=lambda kind: (kind == "both", kinds[kind]["messages"]))
    everything = kinds[main] if len(kinds) == 1 else _together(judged, card.labels, card.judgements)
    return {
        "model": card.version,
        "ms_per_message": round(seconds * 1000, 4),
        **everything,
        "kinds": kinds,
    }


def _together(
    judged: Sequence[Judged], labels: Sequence[str], judgements: dict[str, Judgement]
) -> dict[str, Any]:
    return _figures([(j, judgements.get(j.kind)) for j in judged], labels)


def summary(
    judged: Sequence[Judged], labels: Sequence[str], judgement: Judgement | None
) -> dict[str, Any]:
    """The figures of messages of one kind."""
    return _figures([(j, judgement) for j in judged], labels)


def _passes(judged: Judged, judgement: Judgement | None) -> bool:
    if judgement is None:
        return False
    return judgement.lead(judged.margin, judged.others) >= judgement.thresholds[judged.said]


def _certainty(judged: Judged, judgement: Judgement | None) -> float:
    """By what messages are put in order, the surest last: the logit of the chance."""
    if judgement is None:
        return judged.margin
    return judgement.lead(judged.margin, judged.others) + judgement.lifts[judged.said]


def _figures(
    pairs: Sequence[tuple[Judged, Judgement | None]], labels: Sequence[str]
) -> dict[str, Any]:
    judged = [j for j, _ in pairs]
    through = [j for j, judgement in pairs if _passes(j, judgement)]
    per_label = {label: _label(judged, through, n) for n, label in enumerate(labels)}
    per_label = {label: figures for label, figures in per_label.items() if figures["messages"]}
    scores = [figures["f1"] for figures in per_label.values()]
    return {
        "messages": len(judged),
        "accuracy": _share(sum(j.is_right for j in judged), len(judged)),
        "macro_f1": round(sum(scores) / len(scores), 4) if scores else 0.0,
        "passed": len(through),
        "coverage": _share(len(through), len(judged)),
        "accuracy_at_coverage": _share(sum(j.is_right for j in through), len(through)),
        "surest": _surest(pairs),
        "per_label": per_label,
        "confusion": _confusion(judged, labels),
    }


def _label(judged: Sequence[Judged], through: Sequence[Judged], label: int) -> dict[str, Any]:
    true = [j for j in judged if j.truth == label]
    said = sum(j.said == label for j in judged)
    hits = sum(j.is_right for j in true)
    passed = [j for j in through if j.said == label]
    return {
        "messages": len(true),
        "precision": _share(hits, said),
        "recall": _share(hits, len(true)),
        "f1": round(2 * hits / (said + len(true)), 4) if said + len(true) else 0.0,
        "passed": len(passed),
        "right_of_passed": _share(sum(j.is_right for j in passed), len(passed)),
    }


def _surest(pairs: Sequence[tuple[Judged, Judgement | None]]) -> dict[str, float]:
    order = [j for j, _ in sorted(pairs, key=lambda pair: -_certainty(*pair))]
    cut = {step: round(step * len(order)) for step in STEPS}
    return {f"{s:.0%}": _share(sum(j.is_right for j in order[:n]), n) for s, n in cut.items()}


def _confusion(judged: Sequence[Judged], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """True label to what was said, only what occurred."""
    table: dict[str, dict[str, int]] = {}
    for j in judged:
        row = table.setdefault(labels[j.truth] if j.truth >= 0 else "?", {})
        row[labels[j.said]] = row.get(labels[j.said], 0) + 1
    return table


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
