"""The site builds without a warning, and its recipes do what they say."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas import envelope
from schemas.publish import PUBLISHED
from schemas.rulebook import Rulebooks
from schemas.topics import PAYLOADS
from services.shell.desk import Desk
from tests.county import small_county
from tests.deploy.snippets import DOCS, bash, snippets
from tests.deploy.tools import ROOT, module, run

RECIPES = snippets(DOCS / "extend.md")
PAGES = sorted(page for page in DOCS.rglob("*.md") if not page.match("*.zh.md"))
ENGLISH_ALONE = {"decisions", "departments", "measures.md", "performance.md"}
"""What developers read, and what programs write."""


def built(folder: Path) -> str:
    """Build the site, with every warning an error; what was said."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return run(*command, more={"NO_MKDOCS_2_WARNING": "1"})


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    module("material")
    said = built(tmp_path)
    assert "WARNING" not in said
    for page in ("index.html", "zh/index.html", "integrate/index.html", "zh/integrate/index.html"):
        assert (tmp_path / page).exists()


def test_chinese_lines_join_without_a_gap_and_a_file_is_named_once(tmp_path: Path) -> None:
    module("material")
    built(tmp_path)
    page = (tmp_path / "zh" / "concepts" / "index.html").read_text("utf-8")
    assert "<code>services/intake/doors.py</code>" in page
    assert "services/intake/doors.py (" not in page
    assert re.findall(r"[一-鿿,。;]\n[一-鿿]", page) == []


def test_the_site_asks_no_foreign_host(tmp_path: Path) -> None:
    module("material")
    built(tmp_path)
    asked = [
        address
        for page in tmp_path.rglob("*.html")
        for address in re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page.read_text()
        )
    ]
    assert asked
    assert [address for address in asked if re.match(r"(https?:)?//", address)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_page_is_there_in_both_languages_with_the_same_snippets(page: Path) -> None:
    if ENGLISH_ALONE & set(page.relative_to(DOCS).parts):
        pytest.skip("in English alone")
    chinese = page.with_suffix(".zh.md")
    assert snippets(chinese) == snippets(page)


def test_the_recipe_for_a_category_passes_the_check(tmp_path: Path) -> None:
    said = bash(tmp_path, RECIPES["category.sh"], COUNTY=str(ROOT / "deploy" / "hanyin"))
    assert "with-stray-dogs" in said
    assert " 0 errors" in " ".join(said.split())


async def test_the_recipe_for_a_metric_counts_what_it_says() -> None:
    names: dict[str, Any] = {}
    exec(RECIPES["metric.py"], names)
    state = {"paused": True, "department": "county-water", "level": "county"}
    await names["gauges"]([state, state, state | {"paused": False}])
    [sample] = next(iter(names["PAUSED"].collect())).samples
    assert (sample.labels["department"], sample.value) == ("county-water", 2)


def test_the_recipe_for_a_service_follows_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"__name__": "turns"}
    monkeypatch.setitem(sys.modules, "turns", type(sys)("turns"))
    exec(RECIPES["service.py"], names)
    sample = (PUBLISHED / "samples" / "case.opened.v1.json").read_bytes()
    opened = envelope.read(sample, PAYLOADS)
    desk: Desk[Any] = Desk(names["DECIDER"], Rulebooks([small_county()]), 0)
    desk.read(0, opened)
    desk.read(1, opened)  # a repeat is no turn
    desk.settle()
    assert desk.entries[opened.subject].state.turns == 1
    assert desk.take_outgoing() == []


def test_the_recipe_for_a_county_of_ones_own_passes_the_check(tmp_path: Path) -> None:
    said = bash(tmp_path, snippets(DOCS / "county.md")["county.sh"])
    assert "1 towns, 2 villages" in said
    assert " 0 errors, 0 warnings" in " ".join(said.split())


def test_the_readme_names_only_files_that_are_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
