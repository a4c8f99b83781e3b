"""Writes the published contract, or says where it is out of date.

    python -m schemas.publish            write `schemas/published/`
    python -m schemas.publish --check    compare; exit code 1 and a diff where they differ

    samples/<type>.json   one golden sample a message, written by hand: this is their source
    json/<type>.json      the schema of the whole CloudEvent
    asyncapi.yaml         topics, operations and messages in one document
    lifecycle.md, topics.md

The rule to remember: **a sample is what the code itself writes**: it is read and written again, and
must come out the same. So a new field with a default only asks for another run; a new message has
to be given a sample first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import yaml

from schemas import asyncapi, envelope, json_schemas, tables
from schemas.envelope import Unreadable
from schemas.topics import PAYLOADS

PUBLISHED = Path(__file__).parent / "published"
SAMPLES = "samples"
DIFF_LINES = 20
"""How much of a file's difference is shown."""


class NotPublishable(Exception):  # noqa: N818 - it names the contract's state
    """A message has no sample, or one that its own model refuses; the text says which."""


def read_samples(folder: Path = PUBLISHED) -> dict[str, Any]:
    """The samples that are there, by message type, as JSON values; none where none are installed."""
    paths = sorted((folder / SAMPLES).glob("*.json"))
    return {path.stem: orjson.loads(path.read_bytes()) for path in paths}


def files(folder: Path = PUBLISHED) -> dict[str, str]:
    """All that is to be published: path below `folder`, and text. Raises `NotPublishable`."""
    samples = {name: _rewritten(folder, name) for name in PAYLOADS}
    values = {name: orjson.loads(text) for name, text in samples.items()}
    return {
        "asyncapi.yaml": _yaml(asyncapi.document(values)),
        "lifecycle.md": tables.lifecycle(),
        "topics.md": tables.topics(),
        **{
            f"json/{name}.json": _json(json_schemas.document(p, values[name]))
            for name, p in PAYLOADS.items()
        },
        **{f"{SAMPLES}/{name}.json": text for name, text in samples.items()},
    }


def _rewritten(folder: Path, name: str) -> str:
    """A sample as the code writes it, after reading it."""
    path = folder / SAMPLES / f"{name}.json"
    try:
        message = envelope.read(path.read_bytes(), {name: PAYLOADS[name]})
    except FileNotFoundError:
        raise NotPublishable(f"{name} has no sample: write {path}") from None
    except Unreadable as error:
        raise NotPublishable(f"{path}: {error}") from error
    return _json(orjson.loads(envelope.write(message)))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(str, _text)


def _yaml(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return f"# Made by `python -m schemas.publish`.\n{text}"


def write(folder: Path = PUBLISHED) -> None:
    """Publish, and take away what no longer belongs."""
    wanted = files(folder)
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for name in _found(folder) - wanted.keys():
        (folder / name).unlink()


def faults(folder: Path = PUBLISHED) -> list[str]:
    """What is out of date, a few lines each; empty if nothing is. Raises `NotPublishable`."""
    wanted = files(folder)
    return [
        *(f"{name}: does not belong here" for name in sorted(_found(folder) - wanted.keys())),
        *_differences(folder, wanted),
    ]


def _found(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _differences(folder: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    for name, text in wanted.items():
        path = folder / name
        there = path.read_text("utf-8") if path.exists() else ""
        if there != text:
            lines = (there.splitlines(), text.splitlines())
            diff = unified_diff(*lines, f"published/{name}", "as made now", lineterm="", n=1)
            yield "\n".join(islice(diff, DIFF_LINES))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m schemas.publish", description="The contract.")
    parser.add_argument("--check", action="store_true", help="compare only; 1 if out of date")
    asked = parser.parse_args(arguments)
    try:
        if not asked.check:
            write()
        found = faults()
    except NotPublishable as error:
        print(error)
        return 1
    if found:
        print(*found, "The contract is out of date: run `python -m schemas.publish`.", sep="\n\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
