"""Paper: a page as PDF, printed by a headless Chromium with its fonts embedded.

    HTML ─► chromium --print-to-pdf ─► PDF

The rule to remember: **the same page**: what is printed is what is shown. Where there is no Chromium,
a browser's own “print” does the same.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
"""Without a sandbox, since it reads nothing but our own page, and runs as root in containers."""
QUEUE = 4
"""Pages that may wait to be printed."""
KEPT = 8
"""Papers that are kept."""
LONGEST = 60.0
"""Seconds after which a printing is given up."""


class CannotPrint(Exception):  # noqa: N818 - it says what cannot be done
    """There is no PDF; the text says why, and what to do."""


def chromium() -> str | None:
    """Where the browser is: ``GRIDCASE_CHROMIUM``, else the first on the path."""
    named = os.environ.get("GRIDCASE_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Printer:
    """Prints one page at a time, beside the event loop, and keeps the last ones: a reader who asks
    for the same paper again costs nothing."""

    def __init__(self) -> None:
        self._printing = asyncio.Lock()
        self._waiting = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def as_pdf(self, html: str) -> bytes:
        """The page as PDF: some two seconds. Raises `CannotPrint`."""
        name = sha256(html.encode()).hexdigest()
        paper = self._kept.get(name)
        if paper is None:
            paper = self._kept[name] = await self._print(html)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return paper

    async def _print(self, html: str) -> bytes:
        if self._waiting >= QUEUE:
            raise CannotPrint("many pages are being printed: try again in a minute")
        self._waiting += 1
        try:
            async with self._printing:
                return await asyncio.to_thread(printed, html)
        finally:
            self._waiting -= 1


def printed(html: str) -> bytes:
    browser = chromium()
    if browser is None:
        raise CannotPrint("there is no Chromium here: print the page in a browser, or install it")
    with TemporaryDirectory() as folder:
        page, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, "utf-8")
        command = [browser, *OPTIONS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        try:
            ended = subprocess.run(
                [*command, page.as_uri()], capture_output=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            raise CannotPrint(f"Chromium took more than {LONGEST:.0f} seconds") from None
        if not made.is_file():
            raise CannotPrint(f"Chromium ended with {ended.returncode} and made no PDF")
        return made.read_bytes()
