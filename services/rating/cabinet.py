"""The cabinet: the facts of many cases, on disk.

    put(case, facts) ─► as they are stored ─► cabinet[case], items() in the order of the ids

The rule to remember: **nobody holds the facts of all cases**: whoever goes through them has one at a
time in hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from pydantic import TypeAdapter

from services.rating.facts import State
from services.rating.scratch import scratch

_STATE: TypeAdapter[State] = TypeAdapter(State)


def written(facts: State) -> bytes:
    """As the database has them (`services.shell.snapshots.States`)."""
    return orjson.dumps(_STATE.dump_python(facts, mode="json", exclude_defaults=True))


class Cabinet(Mapping[str, State]):
    def __init__(self) -> None:
        self._file = scratch(
            "CREATE TABLE facts (case_id TEXT PRIMARY KEY, written BLOB) WITHOUT ROWID"
        )

    def put(self, case: str, facts: State) -> bool:
        """Whether they are others than were there."""
        return self._put(case, written(facts))

    def put_stored(self, case: str, state: Any) -> bool:
        """The same of a stored state, which nobody has read."""
        return self._put(case, orjson.dumps(state))

    def _put(self, case: str, new: bytes) -> bool:
        if self._written(case) == new:
            return False
        self._file.execute("REPLACE INTO facts VALUES (?, ?)", (case, new))
        return True

    def _written(self, case: object) -> bytes | None:
        found = self._file.execute("SELECT written FROM facts WHERE case_id = ?", (case,))
        row = found.fetchone()
        return row[0] if row is not None else None

    def __getitem__(self, case: str) -> State:
        found = self._written(case)
        if found is None:
            raise KeyError(case)
        return _STATE.validate_json(found)

    def __contains__(self, case: object) -> bool:
        return self._written(case) is not None

    def __iter__(self) -> Iterator[str]:
        return (
            case for (case,) in self._file.execute("SELECT case_id FROM facts ORDER BY case_id")
        )

    def __len__(self) -> int:
        (number,) = self._file.execute("SELECT count(*) FROM facts").fetchone()
        return int(number)

    def beginning(self, with_: str, most: int) -> list[str]:
        """At the ``most`` ids that begin so, the first ones."""
        found = self._file.execute(
            "SELECT case_id FROM facts WHERE case_id >= ? AND substr(case_id, 1, ?) = ? "
            "ORDER BY case_id LIMIT ?",
            (with_, len(with_), with_, most),
        )
        return [case for (case,) in found]


def cabinet_of(facts: Iterable[tuple[str, State]]) -> Cabinet:
    made = Cabinet()
    for case, state in facts:
        made.put(case, state)
    return made
