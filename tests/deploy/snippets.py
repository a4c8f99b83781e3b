"""The snippets of a page: each fenced block that has a title, by that title."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tests.deploy.tools import ROOT, run

FENCED = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DOCS = ROOT / "docs"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
"""With this project's own commands first."""


def snippets(page: Path) -> dict[str, str]:
    """Title to text, in the order of the page."""
    return {title: text for _, title, text in FENCED.findall(page.read_text("utf-8"))}


def bash(folder: Path, snippet: str, **more: str) -> str:
    """What a snippet says when it is run in a folder; any command of it that fails is a failure."""
    file = folder / "recipe.sh"
    file.write_text(snippet, "utf-8")
    return run("bash", "-euo", "pipefail", file, cwd=folder, more={**more, "PATH": PATH})
