"""``python -m services.rating.glossary [--check]``: writes docs/measures.md from the table of measures."""

from __future__ import annotations

import sys
from pathlib import Path

from services.rating.web.about import markdown

FILE = Path(__file__).parents[2] / "docs" / "measures.md"


def main(check: bool) -> int:
    if check:
        return 0 if FILE.is_file() and FILE.read_text("utf-8") == markdown() else 1
    FILE.write_text(markdown(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
