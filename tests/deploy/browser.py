"""A headless Chromium: the text of a page once its scripts have run, or a picture of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.deploy.tools import run, tool

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--virtual-time-budget=20000",
)  # fmt: skip


async def dom(address: str) -> str:
    """The page's elements as HTML, after its scripts."""
    return await _chromium("--dump-dom", address)


async def picture(address: str, file: Path, width: int = 1280, height: int = 900) -> None:
    await _chromium(f"--screenshot={file}", f"--window-size={width},{height}", address)


async def _chromium(*asked: str) -> str:
    with TemporaryDirectory() as profile:
        command = [tool("chromium"), *QUIET, f"--user-data-dir={profile}", *asked]
        return await asyncio.to_thread(run, *command)
