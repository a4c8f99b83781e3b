"""All that is local is reference data: no program text names a place or a unit of any county.

    deploy/*/areas.csv, departments.csv ─► names and codes ─╮
    string literals of schemas, services, lab ──────────────┴─► nothing in common

Docstrings may give examples, and what plays the demo month is Hanyin's by its nature.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNTIES = sorted(
    folder for folder in (ROOT / "deploy").iterdir() if (folder / "areas.csv").exists()
)
STORIES = ("lab/demo", "lab/examples")
"""What is about one county on purpose: the demo month, and two studies."""
TELLING = re.compile(r"\d{6}|-|[㐀-鿿]{3}")
"""A word that means nothing else: a code with six digits or a hyphen, a name of three characters."""


def local_words() -> set[str]:
    found = set()
    for county in COUNTIES:
        for table in ("areas.csv", "departments.csv"):
            with (county / table).open(encoding="utf-8-sig", newline="") as rows:
                for row in csv.DictReader(rows):
                    found |= {row["code"], row["name"]}
    return {word for word in found if TELLING.search(word)} | {"汉阴", "Hanyin", "Boston"}


WORDS = local_words()
LONGEST = max(map(len, WORDS))
TOKEN = re.compile(r"[\w-]+")


def sources() -> Iterator[Path]:
    for package in ("schemas", "services", "lab"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if not file.relative_to(ROOT).as_posix().startswith(STORIES):
                yield file


def literals(tree: ast.AST) -> Iterator[ast.Constant]:
    """Strings that the program uses; a bare string is a docstring."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node


def named_in(text: str) -> set[str]:
    """Local words in a text: whole tokens, and names that stand within Chinese sentences."""
    within = {
        text[start:end]
        for start in range(len(text))
        if "㐀" <= text[start] <= "鿿"
        for end in range(start + 2, min(len(text), start + LONGEST) + 1)
    }
    return (set(TOKEN.findall(text)) | within) & WORDS


def test_there_is_more_than_one_county_to_compare_with() -> None:
    assert len(COUNTIES) >= 2
    assert named_in("送到蒲溪镇盘龙村委会") == {"蒲溪镇", "蒲溪镇盘龙村委会", "盘龙村委会"}
    assert named_in("to vc-610921102206, at once") == {"vc-610921102206"}


@pytest.mark.parametrize("package", ["schemas", "services", "lab"])
def test_no_literal_of_the_program_names_a_place_or_a_unit(package: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {', '.join(sorted(words))}"
        for file in sources()
        if file.relative_to(ROOT).parts[0] == package
        for node in literals(ast.parse(file.read_text("utf-8")))
        if (words := named_in(str(node.value)))
    ]
    assert found == []
