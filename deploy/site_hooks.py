"""Hooks of the site: decisions are listed by themselves, links into the repository become text, and
Chinese lines are joined without a gap."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?:\.\./)[^)#\s]+)(#[^)]*)?\)")
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
HAN = r"[一-鿿,。;:、!?()“”…]"
CHINESE_BREAK = re.compile(rf"(?<={HAN})\n *(?=[一-鿿(“])")
"""A browser shows it as a space, which Chinese has not."""
UNMEASURED = re.compile(
    r"!\[[^\]]*\]\(performance\.svg\)(?=\s+<!-- race: begin -->\s+<!-- race: end -->)"
)
"""The picture of a race that nobody has run yet."""


def on_config(config: Any) -> Any:
    """Put every page of docs/decisions under its heading, in the order of their numbers."""
    pages = sorted(Path(config.docs_dir, "decisions").glob("*.md"))
    listed = [f"decisions/{page.name}" for page in pages]
    config.nav = [{"Decisions": listed} if "Decisions" in entry else entry for entry in config.nav]
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """What lies outside of docs/ is no page: a reader of the site sees its name."""
    docs = Path(config.docs_dir).resolve()
    folder = (docs / page.file.src_uri).parent

    def plain(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / found[3]))
        if found[1] or target.is_relative_to(docs):
            return found[0]
        if not target.exists():
            return found[0]
        name = f"`{target.relative_to(docs.parent)}`"
        return name if found[2].strip("`") in name else f"{found[2]} ({name})"

    return LINK.sub(plain, UNMEASURED.sub("", _joined(markdown)))


def _joined(markdown: str) -> str:
    parts = FENCED.split(markdown)
    parts[::2] = [CHINESE_BREAK.sub("", part) for part in parts[::2]]
    return "".join(parts)
