"""The documents that a log makes, against those that are stored.

    Fold ─► each service's documents ─► a digest of each ─┬─► one Digest of all, to be compared by eye
    a live MongoDB, or the folder of one ─► documents ────┴─► Comparison, document by document

What is compared is what `lab.rebuild` compares: everything but the log's incarnation, in the bytes
of BSON. A digest of all is the sum of the digests of each, so it does not depend on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pymongo import MongoClient

from lab.rebuild import Comparison, snapshot_bytes
from lab.replay.folding import DECIDERS, SERVICES, Fold
from services.shell.embedded import start_mongod
from services.shell.endpoints import settings_at
from services.shell.snapshots import States, document_of

STATES = {d.service: States(d) for d in DECIDERS}


class Made(NamedTuple):
    """A document that the log makes."""

    offset: int
    digest: bytes


Documents = dict[str, dict[str, Made]]
"""By service and case."""


def documents_of(fold: Fold) -> Documents:
    """Some 0.3 ms a case."""
    return {service: dict(_of(service, fold)) for service in SERVICES}


def _of(service: str, fold: Fold) -> Iterator[tuple[str, Made]]:
    for case in fold.cases.values():
        document = document_of(STATES[service], case.partition, case.entry(service), "")
        yield case.id, Made(case.offset, _digest(document))


def _digest(document: Mapping[str, Any]) -> bytes:
    return sha256(snapshot_bytes(dict(document))).digest()


def digest_of(digests: Iterable[bytes]) -> str:
    """One digest for all documents of a service, whatever their order."""
    total = sum(int.from_bytes(each, "big") for each in digests)
    return f"{total % 2**256:064x}"[:16]


def compare(
    made: Mapping[str, Made], stored: Iterable[Mapping[str, Any]], events: int
) -> Comparison:
    """Hold one service's stored documents against those that the log makes."""
    found, left = Comparison(events=events, cases=len(made)), dict(made)
    for document in stored:
        ours = left.pop(document["_id"], None)
        if ours is None:
            found.unexplained.append(document["_id"])
        elif _digest(document) == ours.digest:
            found.equal += 1
        elif document["offset"] < ours.offset:
            found.behind += 1
        else:
            found.different.append(document["_id"])
    found.missing = sorted(left)
    return found


@contextmanager
def stored_at(folder: Path) -> Iterator[Any]:
    """The database of the platform that lives in a folder (`up --data`, `demo --data`): as it runs,
    or, if it has ended, its files with a mongod of our own."""
    endpoints = folder / "endpoints.json"
    own = None
    if endpoints.exists():
        url, name = settings_at(endpoints).mongo, settings_at(endpoints).database
    else:
        own = start_mongod(folder, say=lambda _text: None)
        url, name = own.url, settings_at().database
    try:
        with MongoClient[dict[str, Any]](url, tz_aware=True) as client:
            yield client[name]
    finally:
        if own is not None:
            own.stop()


def compare_all(database: Any, documents: Documents, events: int) -> dict[str, Comparison]:
    """By service. Documents of other logs (another incarnation) are not of this one."""
    return {
        service: compare(made, database[f"{service}_cases"].find(), events)
        for service, made in documents.items()
    }
