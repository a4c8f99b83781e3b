"""The audit: each of its steps passes on this checkout, and finds what it is there to find."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, module, run

pytestmark = pytest.mark.long
AUDIT = ROOT / "deploy" / "tools" / "audit.py"
BIN = Path(sys.executable).parent


def test_sources_secrets_and_the_bill_of_materials_are_well() -> None:
    for package in ("bandit", "detect_secrets", "cyclonedx_py", "pip_audit"):
        module(package)
    said = run(sys.executable, AUDIT)
    assert said.count(" well") == 3
    bill = json.loads((ROOT / "run" / "sbom.json").read_text())
    locked = re.findall(
        r"^([a-z0-9-]+)==", (ROOT / "deploy/requirements.lock").read_text(), re.MULTILINE
    )
    assert {part["name"] for part in bill["components"]} == set(locked)
    assert all(part.get("purl") for part in bill["components"])


def test_a_key_that_somebody_commits_is_found(tmp_path: Path) -> None:
    module("detect_secrets")
    file = tmp_path / "settings.py"
    file.write_text('password = "' + "Tr0ub4dor" + '-and-3"\n')
    with pytest.raises(AssertionError, match="Secret Keyword"):
        run(BIN / "detect-secrets-hook", file)


def test_a_shell_that_is_handed_a_strangers_words_is_found(tmp_path: Path) -> None:
    module("bandit")
    file = tmp_path / "unsafe.py"
    file.write_text("import subprocess\nsubprocess.run(input(), shell=True)\n")
    with pytest.raises(AssertionError, match="B602"):
        run(BIN / "bandit", "-q", "-ll", file)
