"""What keeps the house in order, as `make check` asks it: links, pictures, constants, the command's page.

documents ─► every link leads to a file      code ─► no constant is said twice
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import typer

from cli.main import app
from schemas.inputs import Report

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / f for f in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    DOCS.rglob("*.md")
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
NO_FACTS = {"HOUR", "_SECOND", "PORTION"}
"""Units of measure, and how much two loops that do not know each other take at a time."""
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = set(LINK.findall(page.read_text("utf-8")))
    assert [link for link in sorted(links) if not (page.parent / link).exists()] == []


def test_the_pictures_of_the_ideas_are_those_that_their_program_draws() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "draw_concepts.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_constant_stands_in_two_modules() -> None:
    """The same name with the same value twice is one fact in two places."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for package in ("schemas", "services", "lab", "cli"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for name, value in constants(ast.parse(file.read_text("utf-8"))):
                said[name, value].append(file.relative_to(ROOT).as_posix())
    twice = {key: files for key, files in said.items() if len(files) > 1}
    assert {key: files for key, files in twice.items() if key[0] not in NO_FACTS} == {}


def constants(tree: ast.Module) -> list[tuple[str, str]]:
    """Names in capitals with values that say something: texts, and numbers above a hundred."""
    found = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                if name.isupper() and _tells(value):
                    found.append((name, repr(value)))
    return found


def _tells(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > 3
    return isinstance(value, int | float) and abs(value) > 100


def test_the_report_in_the_readme_is_one() -> None:
    found = re.search(r"--json '(\{.*?\})'\n", README, re.DOTALL)
    assert found
    report = Report.model_validate(json.loads(found[1].replace("\n", "")))
    assert f"gridcase case {report.source}/{report.report_id}" in README


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) < 110


def test_the_recording_is_a_picture_that_asks_nobody_and_moves() -> None:
    recording = (DOCS / "img" / "demo.svg").read_text("utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", recording) == []
    assert recording.count('class="f"') > 5
    assert "342" in recording


@pytest.mark.parametrize("page", ["command.md", "command.zh.md"])
def test_the_page_of_the_command_names_every_command(page: str) -> None:
    text = re.sub(r"```.*?```", "", (DOCS / "operate" / page).read_text("utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`([^`]+)`", text))))
    assert set(typer.main.get_command(app).commands) - named == set()  # type: ignore[attr-defined]


def test_every_page_is_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:")[1]
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    listed = {p for p in pages if not p.endswith(".zh.md") and not p.startswith("decisions/")}
    assert [page for page in sorted(listed) if page not in nav] == []
