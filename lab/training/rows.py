"""Labelled messages out of CSV files: `label`, and `subject` or `detail` or both.

Files in which the subjects and the details of the same messages were published apart are put
together again by `lab.training.pairing`. A label is whatever the county calls a category: a code of
its reference data, or the name.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.intake.classifier import Words
from services.intake.ngrams import plain

csv.field_size_limit(10**8)


class RowsError(Exception):
    """A file that cannot be used; the text says which, where and why."""


@dataclass(frozen=True, slots=True)
class Labelled:
    words: Words
    label: str


def read_rows(paths: Iterable[Path]) -> list[Labelled]:
    """All rows of all files, in order. Raises `RowsError`; a row without words or label is one."""
    return [row for path in paths for row in _read(path)]


def _read(path: Path) -> list[Labelled]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = set(reader.fieldnames or ())
            if "label" not in names or not names & {"subject", "detail"}:
                raise RowsError(
                    f"{path}: the first line names {', '.join(sorted(names)) or 'nothing'}; "
                    "`label` is needed, and `subject` or `detail` or both"
                )
            return [_row(path, number, row) for number, row in enumerate(reader, 2)]
    except OSError as error:
        raise RowsError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RowsError(f"{path}: not UTF-8; save it as UTF-8 first") from error


def _row(path: Path, number: int, row: dict[str, str | None]) -> Labelled:
    words = Words((row.get("subject") or "").strip(), (row.get("detail") or "").strip())
    label = (row.get("label") or "").strip()
    if not label or not (words.subject or words.detail):
        raise RowsError(f"{path}: row {number} has no {'words' if label else 'label'}")
    return Labelled(words, label)


def write_rows(path: Path, rows: Iterable[Labelled]) -> None:
    """The rows as `read_rows` reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "detail", "label"])
        writer.writerows([row.words.subject, row.words.detail, row.label] for row in rows)


def digest_of(rows: Iterable[Labelled]) -> str:
    """SHA-256 over the rows, whatever their order."""
    lines = sorted(f"{r.label}\x1f{r.words.subject}\x1f{r.words.detail}" for r in rows)
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def hold_out(
    rows: Sequence[Labelled], share: float, seed: int
) -> tuple[list[Labelled], list[Labelled]]:
    """The rows to train on, and a seeded `share` of each label's to be judged by.

    Copies of one message stay together: a message that was trained on proves nothing.
    """
    folds = folds_of(rows, max(round(1 / share), 2), seed) if share else [1] * len(rows)
    kept = [row for row, fold in zip(rows, folds, strict=True) if fold != 0]
    held = [row for row, fold in zip(rows, folds, strict=True) if fold == 0]
    return kept, held


def folds_of(rows: Sequence[Labelled], count: int, seed: int) -> list[int]:
    """A fold for each row, every label spread evenly, copies of a message together. Rows of both
    parts are spread first, so that each fold has its share of them as well."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        text = row.words.detail or row.words.subject
        groups[row.label, plain(text)].append(number)
    folds = [0] * len(rows)
    order = sorted(groups)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda key: (key[0], rows[groups[key][0]].words.kind))
    for place, key in enumerate(order):
        for number in groups[key]:
            folds[number] = place % count
    return folds
