"""No text makes a pattern slow: each one of the project, against texts that are pumped up out of what
it looks for. Four times the text takes some four times as long; a pattern that backtracks takes
sixteen times, or for ever.

Patterns of pydantic's models are not among them: their engine (Rust's `regex`) does not backtrack.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from time import thread_time
from typing import Any

import pytest

from services.intake.masking import mask

Work = Callable[[str], object]
ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "services", "lab", "cli")
SMALL, TIMES = 1_500, 4
WORTH = 0.003
"""Seconds of processor below which a ratio says nothing."""
STRAIGHT = 9.0
"""Between 4, what is linear, and 16, what is quadratic."""
MOST_PIECES = 40
PLAIN = ("a", "0", "长", " ", "-", "@", "a0", "0-", "一二", "\n", "(", "A:")


def modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text("utf-8")
            if re.search(r"\bre\b", text):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name, text


def patterns() -> dict[str, Work]:
    """All that stand in modules, however they are put together, and all that are written in place; as
    they are used: those that must match from the beginning are not tried again from every place."""
    found: dict[str, Work] = {}
    for module, text in modules():
        for name, value in vars(import_module(module)).items():
            whole = isinstance(value, re.Pattern) and _is_whole(name, text)
            for pattern in _within(value):
                found[pattern.pattern] = pattern.fullmatch if whole else pattern.search
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and _is_of_re(node):
                written = node.args[0]
                if isinstance(written, ast.Constant) and isinstance(written.value, str):
                    found.setdefault(written.value, re.compile(written.value).search)
    return found


def _is_whole(name: str, text: str) -> bool:
    used = set(re.findall(rf"\b{name}\.(\w+)\(", text))
    return bool(used) and used <= {"fullmatch", "match"}


def _is_of_re(node: ast.Call) -> bool:
    of = node.func
    is_re = isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name) and of.value.id == "re"
    return is_re and bool(node.args)


def _within(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(each)


PATTERNS = patterns()


def pieces(pattern: str) -> list[str]:
    """What the pattern looks for, and what it does not, to be repeated."""
    literal = re.sub(r"\\.|[\[\](){}|?*+^$]", " ", pattern)
    words = [word for word in literal.split() if len(word) < 12]
    signs = sorted({sign for word in words for sign in word})
    pairs = ["".join(pair) for pair in pairwise(signs)]
    return [*PLAIN, *dict.fromkeys([*words, *signs, *pairs])][:MOST_PIECES]


def growth(work: Work, piece: str, end: str = "\x00") -> float:
    """How many times as long four times the text takes; 0 where neither takes long."""

    def took(size: int) -> float:
        text = piece * (size // len(piece)) + end
        times = []
        for _ in range(2):
            began = thread_time()
            work(text)
            times.append(thread_time() - began)
        return min(times)

    large = took(SMALL * TIMES)
    return large / max(took(SMALL), 1e-9) if large > WORTH else 0.0


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern[:60])
def test_a_pattern_takes_as_long_as_the_text_is(pattern: str) -> None:
    work = PATTERNS[pattern]
    slow = {piece: g for piece in pieces(pattern) if (g := growth(work, piece)) > STRAIGHT}
    assert slow == {}


@pytest.mark.parametrize(
    "piece", [*PLAIN, "电话", "王", "1380000", "张三的", "住2栋", "号码:", "62"]
)
def test_masking_takes_as_long_as_the_text_is(piece: str) -> None:
    assert growth(lambda text: mask(text, ["王小明"]), piece) < STRAIGHT


def test_a_pattern_that_tries_again_from_every_place_is_found() -> None:
    assert growth(re.compile(r"\d+x").search, "0") > STRAIGHT


def test_there_are_patterns_to_look_at() -> None:
    assert len(PATTERNS) > 30
