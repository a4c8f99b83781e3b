"""What strangers may ask of the public page: costly things one at a time, and not without end."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.lifecycle import Status
from services.rating import printing
from services.rating.cabinet import Cabinet
from services.rating.facts import Ending
from services.rating.printing import CannotPrint, Printer
from services.rating.time_machine import TimeMachine, TooMany
from services.rating.web.lists import ENDED, STATUS
from services.shell.settings import Settings
from tests.site import many_site
from tests.story import moment


class Slow(TimeMachine):
    """A log that is read when the test says so."""

    def __init__(self, most_waiting: int | None) -> None:
        super().__init__(Settings(), most_waiting=most_waiting)
        self.may_read = asyncio.Event()
        self.read = 0

    async def _read(self, _as_of: Any) -> Cabinet:
        self.read += 1
        await self.may_read.wait()
        return Cabinet()


async def test_only_so_many_wait_for_the_log_and_the_bulletin_always_may() -> None:
    for most, refused in ((2, 3), (None, 0)):
        slow = Slow(most)
        asked = [asyncio.create_task(slow.facts(moment(n))) for n in range(5)]
        await asyncio.sleep(0)
        slow.may_read.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(answer, TooMany) for answer in answers) == refused
        assert slow.read == 5 - refused


async def test_the_last_moment_that_was_asked_for_is_not_read_again() -> None:
    slow = Slow(None)
    slow.may_read.set()
    for _ in range(3):
        await slow.facts(moment(1))
    assert slow.read == 1


async def test_the_same_paper_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []

    def printed(html: str) -> bytes:
        pages.append(html)
        return html.encode()

    monkeypatch.setattr(printing, "printed", printed)
    printer = Printer()
    assert [await printer.as_pdf("a") for _ in range(3)] == [b"a"] * 3
    assert pages == ["a"]
    for number in range(printing.KEPT + 1):
        await printer.as_pdf(str(number))
    await printer.as_pdf("a")
    assert pages.count("a") == 2


async def test_without_a_browser_the_reader_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(printing, "chromium", lambda: None)
    with pytest.raises(CannotPrint, match="print the page in a browser"):
        await Printer().as_pdf("a page")


def test_the_chart_lets_every_public_page_through() -> None:
    """And nothing else: metrics and the state of single cases stay inside."""
    chart = Path(__file__).parents[2] / "deploy/helm/gridcase/templates/network.yaml"
    listed = re.search(r"range list ([^}]*)}}", chart.read_text("utf-8"))
    assert listed is not None
    let = set(re.findall(r'"([^"]+)"', listed[1]))
    site = many_site(0, moment(0))
    assert let == {path for path, _ in site.pages()}


def test_every_status_and_ending_has_words_for_residents() -> None:
    assert set(STATUS) == set(Status)
    assert set(ENDED) == set(Ending)
