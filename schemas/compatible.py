"""Whether the contract still holds what the last release promised, in both directions.

    python -m schemas.compatible                    compare; 1 where a promise is broken
    python -m schemas.compatible --release 0.2.0    at a release: keep what is promised from now on

    released/contract.json     every message's schema, topics and lifecycle as last released
    released/samples.jsonl     a sample of every version of every message ever released, for ever

Old and new run side by side for a while, on the same topics. So what was written must be read by the
new (backward), and what the new writes must be read by the old, by departments and sources as well
(forward). What comes from outside is only read here, so it may take more than before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas import envelope, json_schemas
from schemas.comparing import differences
from schemas.envelope import Input, Unreadable
from schemas.lifecycle import LIFECYCLE
from schemas.publish import read_samples
from schemas.topics import PAYLOADS, TOPICS

RELEASED = Path(__file__).parent / "released"
CONTRACT, SAMPLES = "contract.json", "samples.jsonl"
ANOTHER = (
    "publish it as a message of its own, with the next number (docs/decisions/0034), beside it"
)
NEXT_STEP = {
    "less": f"what was written can no longer be read. Take it back, or {ANOTHER}",
    "more": f"who knows only the last release cannot read it. Take it back, or {ANOTHER}",
}
WORDS = frozenset({"title", "description", "examples", "$schema", "$id"})
"""What a schema says to people."""


@dataclass(frozen=True, slots=True)
class Break:
    where: str
    what: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    → {self.next_step}"


def contract() -> dict[str, Any]:
    """What is promised now."""
    return {
        "messages": {name: _bare(json_schemas.document(p)) for name, p in PAYLOADS.items()},
        "topics": {t.name: {"key": t.key, "partitions": t.partitions} for t in TOPICS},
        "lifecycle": {
            event.TYPE: {
                "after": sorted(row.after),
                "to": row.to,
                "takes_place": row.takes_place,
            }
            for event, row in LIFECYCLE.items()
        },
    }


def _bare(schema: Any) -> Any:
    """Without the words; names of fields are kept, whatever they are."""
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for name, value in schema.items():
        if name in ("properties", "$defs"):
            kept[name] = {field: _bare(each) for field, each in value.items()}
        elif name not in WORDS:
            kept[name] = _bare(value)
    return kept


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    """Each promise of the older contract that the newer does not keep."""
    for name, schema in old["messages"].items():
        if name not in new["messages"]:
            yield Break(name, "the message is gone", "logs hold it for ever: keep its class")
            continue
        from_outside = name in PAYLOADS and issubclass(PAYLOADS[name], Input)
        for found in differences(schema, new["messages"][name]):
            if found.takes == "less" or not from_outside:
                yield Break(f"{name} {found.path}", found.what, NEXT_STEP[found.takes])
    for kind, step in (
        ("topics", "keys would move and readers miss it: keep it, and add another topic"),
        ("lifecycle", "old logs would fold otherwise: keep the row, and add a message of its own"),
    ):
        for name, promised in old[kind].items():
            if (now := new[kind].get(name)) != promised:
                yield Break(f"{kind} {name}", f"it was {promised} and is {now}", step)


def unread(lines: Sequence[bytes]) -> Iterator[Break]:
    """The samples of earlier releases that cannot be read any more."""
    for line in lines:
        said = orjson.loads(line)
        try:
            envelope.read(orjson.dumps(said["sample"]), PAYLOADS)
        except Unreadable as error:
            where = f"{said['sample']['type']} of release {said['release']}"
            yield Break(where, str(error), "logs hold such messages for ever: read it again")


def released(folder: Path = RELEASED) -> tuple[dict[str, Any], list[bytes]]:
    """The contract and the samples of the last release."""
    return orjson.loads((folder / CONTRACT).read_bytes()), (
        (folder / SAMPLES).read_bytes().splitlines()
    )


def faults(folder: Path = RELEASED) -> list[Break]:
    old, samples = released(folder)
    return [*breaks(old, contract()), *unread(samples)]


def release(version: str, folder: Path = RELEASED) -> int:
    """Keep the contract of now as released, and add samples that are not kept yet; how many."""
    path = folder / SAMPLES
    kept = path.read_bytes() if path.exists() else b""
    known = [orjson.loads(line)["sample"] for line in kept.splitlines()]
    added = [sample for sample in read_samples().values() if sample not in known]
    lines = [orjson.dumps({"release": version, "sample": sample}) for sample in added]
    path.write_bytes(kept + b"".join(line + b"\n" for line in lines))
    said = orjson.dumps({"release": version, **contract()}, option=orjson.OPT_INDENT_2)
    (folder / CONTRACT).write_bytes(said + b"\n")
    return len(added)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m schemas.compatible", description=__doc__)
    parser.add_argument("--release", metavar="VERSION", help="keep what is promised from now on")
    asked = parser.parse_args(arguments)
    found = faults() if (RELEASED / CONTRACT).exists() else []
    if found:
        print(*found, sep="\n")
        return 1
    if asked.release:
        print(f"{release(asked.release)} samples added to {SAMPLES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
