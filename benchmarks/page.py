"""Figures on the pages of docs/: each between its two marks, in English and Chinese alike.

    put("race", "…")  ─► <!-- race: begin --> … <!-- race: end -->

The rule to remember: nobody types a figure; the command beside it wrote it.
"""

from __future__ import annotations

from pathlib import Path

PAGE = Path("docs/performance.md")
CAPACITY = Path("docs/capacity.md")


def put(mark: str, text: str, page: Path = PAGE) -> None:
    """Replace what stands between the marks, in both languages. ValueError where there are none."""
    start, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    for each in (page, page.with_suffix(".zh.md")):
        before, found, rest = each.read_text(encoding="utf-8").partition(start)
        _, ended, after = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"{each} has no marks for {mark}: {start} … {end}")
        each.write_text(f"{before}{start}\n{text.strip()}\n{end}{after}", encoding="utf-8")
