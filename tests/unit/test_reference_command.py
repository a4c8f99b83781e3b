"""`gridcase reference publish`: a rule set that fails the check is refused whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app


def test_a_rule_set_with_a_tie_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """No broker is there to be asked: one that would be published could only fail otherwise."""
    folder = tmp_path / "boston"
    shutil.copytree("deploy/boston", folder)
    rules = folder / "rules.yaml"
    twin = "- {id: twin, category: reason-trees, level: county, ladder: {county: =pwdx}}\n"
    rules.write_text(rules.read_text("utf-8") + twin, "utf-8")
    result = CliRunner().invoke(app, ["reference", "publish", str(folder)])
    assert result.exit_code == 1
    assert "rules/twin: ties with reason-trees" in result.output
    assert "not published" in result.output


def test_a_hole_is_printed_with_the_places_that_it_fills(tmp_path: Path) -> None:
    folder = tmp_path / "boston"
    shutil.copytree("deploy/boston", folder)
    rules = folder / "rules.yaml"
    kept = [
        line for line in rules.read_text("utf-8").splitlines() if "id: reason-trees," not in line
    ]
    rules.write_text("\n".join(kept), "utf-8")
    result = CliRunner().invoke(app, ["reference", "check", str(folder)])
    assert result.exit_code == 1
    assert "no rule for tree-in-park" in result.output and "Boston boston" in result.output
