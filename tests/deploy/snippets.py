"""The snippets of a page: each fenced block that has a title, by that title."""

from __future__ import annotations

import re
from pathlib import Path

from tests.deploy.tools import ROOT

FENCED = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DOCS = ROOT / "docs"


def snippets(page: Path) -> dict[str, str]:
    """Title to text, in the order of the page."""
    return {title: text for _, title, text in FENCED.findall(page.read_text("utf-8"))}
